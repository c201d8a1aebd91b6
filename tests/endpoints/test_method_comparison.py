"""Two methods on the same subjects: limits against a clinical limit, from the raw rows."""

import kit
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from scipy import stats

SITES = ("S01", "S02", "S03")
SIZES = {"S01": 14, "S02": 9}  # nobody at S03
LIMIT = {"value": 90.0, **kit.MARGIN}
QUIET = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def declared(**said):
    base = {
        "id": "P1", "kind": "method_comparison", "form": "F05", "measure": "scan_time_s",
        "method": "exact", "goal": LIMIT,
    }  # fmt: skip
    endpoint = {key: value for key, value in (base | said).items() if value is not None}
    other = [{**kit.QUALITY, "id": "P0"}] if endpoint.get("role") == "secondary" else []
    return kit.protocol(sites=SITES, readers=("R1", "R2"), endpoints=[*other, endpoint])


def run(tables, **said):
    return kit.run(declared(**said), tables, "P1")


def scans(seed=1, gaps=0.1):
    """Return scan times of both arms with gaps, and who has both."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled(SIZES)
    rows, pairs = [], []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        true = draw.normal(400, 60)
        values = [None if draw.random() < gaps else round(draw.normal(true + bias, 20), 1)
                  for bias in (8, 0)]  # fmt: skip
        for arm, value in zip(("TEST", "REF"), values, strict=True):
            rows.append({"site_id": site, "subject_id": subject, "arm": arm, "scan_time_s": value,
                         "room_time_min": 10.0})  # fmt: skip
        if None not in values:
            pairs.append((site, *values))
    return {"F04": people, "F05": pd.DataFrame(rows)}, pd.DataFrame(
        pairs, columns=["site", "x", "y"]
    )


def exact_limits(d, level=0.95, coverage=0.95):
    """Carkeet's interval of both limits by the noncentral t of scipy."""
    n, mean, sd = len(d), d.mean(), d.std(ddof=1)
    z = stats.norm.ppf((1 + coverage) / 2)
    low, high = (
        stats.nct.ppf(q, n - 1, z * np.sqrt(n)) for q in ((1 - level) / 2, (1 + level) / 2)
    )
    scale = sd / np.sqrt(n)
    return {
        "estimate": mean, "sd": sd, "loa_low": mean - z * sd, "loa_high": mean + z * sd,
        "loa_high_ci_low": mean + low * scale, "loa_high_ci_high": mean + high * scale,
        "loa_low_ci_low": mean - high * scale, "loa_low_ci_high": mean - low * scale,
    }  # fmt: skip


def test_exact_limits_of_all_by_center_and_without_each():
    tables, pairs = scans()
    found = kit.values(run(tables))
    for group, part in {
        "all": pairs,
        "site=S01": pairs[pairs["site"] == "S01"],
        "without_site=S01": pairs[pairs["site"] != "S01"],
    }.items():
        expected = exact_limits((part["x"] - part["y"]).to_numpy())
        for name, value in expected.items():
            assert found[f"{group}.{name}"] == pytest.approx(value, rel=1e-7), (group, name)
    assert found["all.n"] == found["all.pairs"] == len(pairs) < sum(SIZES.values())
    assert found["all.missing"] == sum(SIZES.values()) - len(pairs)
    assert found["site=S03.n"] == 0
    assert "site=S03.estimate" not in found
    assert (found["all.limit_low"], found["all.limit_high"]) == (-90.0, 90.0)


@pytest.mark.parametrize("side", ["below", "above"])
def test_the_outer_ends_of_the_limits_decide(side):
    tables, pairs = scans()
    limits = exact_limits((pairs["x"] - pairs["y"]).to_numpy())
    outer = max(-limits["loa_low_ci_low"], limits["loa_high_ci_high"])
    value = outer * (1.001 if side == "above" else 0.999)
    found = kit.values(run(tables, goal={"value": value, **kit.MARGIN}))
    assert found["all.verdict"] == ("met" if side == "above" else "not_met")
    assert found["all.p_value"] == pytest.approx(0.025, rel=0.1)
    assert (found["all.p_value"] < 0.025) == (side == "above")
    assert found["analysis=coverage_probability.estimate"] > 0.99


def test_without_a_clinical_limit_nothing_is_decided():
    tables, _ = scans()
    found = kit.values(run(tables, goal=None, role="secondary"))
    assert found.get("all.verdict") is None
    assert not [name for name in found if "coverage_probability" in name or "limit_" in name]


def test_what_stands_beside():
    tables, pairs = scans()
    found = kit.values(run(tables, regression="passing_bablok"))
    x, y = pairs["x"].to_numpy(), pairs["y"].to_numpy()
    cov = np.cov(x, y, ddof=0)
    ccc = 2 * cov[0, 1] / (cov[0, 0] + cov[1, 1] + (x.mean() - y.mean()) ** 2)
    assert found["analysis=concordance.estimate"] == pytest.approx(ccc)
    assert found["analysis=concordance.correlation"] == pytest.approx(np.corrcoef(x, y)[0, 1])
    slope = stats.linregress((x + y) / 2, x - y)
    assert found["analysis=proportional_bias.estimate"] == pytest.approx(slope.slope)
    assert found["analysis=proportional_bias.p_value"] == pytest.approx(slope.pvalue)
    d = x - y
    within = found["analysis=total_deviation.estimate"]
    shares = stats.norm.cdf([within, -within], d.mean(), d.std(ddof=1))
    assert shares[0] - shares[1] == pytest.approx(0.9)
    assert (
        found["analysis=regression.slope_ci_low"] < 1 < found["analysis=regression.slope_ci_high"]
    )
    sites = [d[(pairs["site"] == site).to_numpy()] for site in ("S01", "S02")]
    means = np.array([part.mean() for part in sites])
    weights = np.array([len(part) / part.var(ddof=1) for part in sites])
    q = (weights * (means - np.average(means, weights=weights)) ** 2).sum()
    assert found["all.q"] == pytest.approx(q)
    assert found["all.q_p_value"] == pytest.approx(stats.chi2.sf(q, 1))


def test_ratios():
    tables, pairs = scans()
    tables["F05"].loc[0, "scan_time_s"] = 0.0  # has no logarithm
    first = (pairs["site"] == "S01") & (pairs.index == 0)
    kept = pairs[~first] if tables["F05"].loc[1, "scan_time_s"] is not None else pairs
    said = {"method": "log_ratio", "goal": {"value": 1.25, **kit.MARGIN}}
    records = run(tables, **said)
    found = kit.values(records)
    log = np.log(kept["x"]) - np.log(kept["y"])
    assert found["all.not_positive"] == 1
    assert found["all.estimate"] == pytest.approx(np.exp(log.mean()))
    assert found["all.loa_high"] == pytest.approx(np.exp(log.mean() + 1.959964 * log.std(ddof=1)))
    assert (found["all.limit_low"], found["all.limit_high"]) == (0.8, 1.25)
    assert records["all.estimate"].unit == "ratio"


def replicates(seed=3):
    """Return paired measurements of the same row, several rows a subject."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled({"S01": 8, "S02": 7})
    rows = []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        true = draw.normal(400, 60)
        for reader in ("R1", "R2") if draw.random() < 0.8 else ("R1",):
            for arm, bias in (("TEST", 6), ("REF", 0)):
                rows.append({"site_id": site, "subject_id": subject, "arm": arm,
                             "reader_id": reader,
                             "reading_time_s": draw.normal(true + bias, 15)})  # fmt: skip
    return {"F04": people, "F07": pd.DataFrame(rows)}


@pytest.mark.parametrize("method", ["replicates_constant", "replicates_varying"])
def test_replicates(method):
    tables = replicates()
    said = {"form": "F07", "measure": "reading_time_s", "combine": "each", "method": method,
            "goal": None, "role": "secondary"}  # fmt: skip
    with kit.data(declared(**said), tables) as data:
        recorder = kit.analyze(data, "P1")
    found = {record.id.removeprefix("P1.FAS."): record.value for record in recorder.records}
    wide = tables["F07"].pivot_table(index=["subject_id", "reader_id"], columns="arm",
                               values="reading_time_s")  # fmt: skip
    d = wide["TEST"] - wide["REF"]
    groups = d.groupby("subject_id")
    size, means = groups.size().to_numpy(), groups.mean().to_numpy()
    n, total = len(size), len(d)
    assert (found["all.n"], found["all.pairs"]) == (n, total)
    if method == "replicates_varying":
        within = ((d - groups.transform("mean")) ** 2).sum() / (total - n)
        between = (size * (means - d.mean()) ** 2).sum() / (n - 1)
        m0 = (total**2 - (size**2).sum()) / ((n - 1) * total)
        sd = np.sqrt(max(0, (between - within) / m0) + within)
        assert found["all.estimate"] == pytest.approx(d.mean())
    else:
        inside = sum(
            ((wide[arm] - wide[arm].groupby("subject_id").transform("mean")) ** 2).sum()
            / (total - n)
            for arm in ("TEST", "REF")
        )
        sd = np.sqrt(means.var(ddof=1) + (1 - (1 / size).mean()) * inside)
        assert found["all.estimate"] == pytest.approx(means.mean())
    assert found["all.sd"] == pytest.approx(sd)
    for arm, name in (("TEST", "test"), ("REF", "reference")):
        values = wide[arm]
        error = ((values - values.groupby("subject_id").transform("mean")) ** 2).sum()
        wsd = np.sqrt(error / (total - n))
        place = f"analysis=repeatability+arm={name}"
        assert found[f"{place}.estimate"] == pytest.approx(wsd)
        assert found[f"{place}.repeatability_coefficient"] == pytest.approx(1.959964 * 2**0.5 * wsd)
    points = next(s.columns for s in recorder.series if s.id == "P1.FAS.limits")
    assert len(set(points["subject"])) == n
    assert sorted(points["difference"]) == pytest.approx(sorted(d))


def test_two_fields_of_a_row():
    tables, _ = scans(gaps=0.0)
    only = tables["F05"][tables["F05"]["arm"] == "TEST"].copy()
    only["room_time_min"] = only["scan_time_s"] / 60 + 2
    only.loc[only.index[0], "room_time_min"] = None
    said = {"measure": "scan_time_s / 60", "reference": "room_time_min", "goal": None,
            "role": "secondary"}  # fmt: skip
    found = kit.values(run({**tables, "F05": only}, **said))
    assert found["all.n"] == len(only) - 1
    assert found["all.estimate"] == pytest.approx(-2)
    assert found["all.sd"] == pytest.approx(0, abs=1e-9)


MISUSES = {
    "replicates as if single": (
        {"form": "F07", "measure": "reading_time_s"}, "rows-exceed-subjects"),
    "classic limits of replicates": (
        {"form": "F07", "measure": "reading_time_s", "combine": "each", "method": "exact"},
        "method-unknown"),
    "replicates that are single": ({"method": "replicates_varying", "goal": None,
                                    "role": "secondary"}, "method-unknown"),
    "a limit without an interval": ({"method": "random_site"}, "design-does-not-fit"),
    "no clinical limit": ({"goal": None}, "margin-missing"),
    "limit without source": ({"goal": {"value": 3.0, "justification": "j"}},
                             "margin-without-source"),
    "two references": ({"reference": "room_time_min",
                        "compare": {"test": "TEST", "reference": "REF"}}, "design-does-not-fit"),
    "reference unknown": ({"reference": "room_time"}, "rule-column-unknown"),
    "a word": ({"measure": "repeated"}, "rule-is-a-truth"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MISUSES))
def test_each_misuse_is_found(name):
    changes, kind = MISUSES[name]
    base = {"id": "P1", "kind": "method_comparison", "form": "F05", "measure": "scan_time_s",
            "method": "exact", "goal": LIMIT}  # fmt: skip
    endpoint = {key: value for key, value in (base | changes).items() if value is not None}
    found = kit.problems(endpoints=[endpoint])
    assert kind in found


values = st.one_of(st.none(), st.floats(0, 1e4, allow_nan=False))


@QUIET
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(SITES[:2]), st.integers(1, 4)),
        st.tuples(values, values),
        max_size=8,
    ),
    st.sampled_from(["bland_altman", "exact", "log_ratio", "random_site"]),
)
@example({("S01", 1): (1.0, 2.2e-309)}, "log_ratio")
def test_records_hold_together_whatever_the_data(found, method):
    rows = [
        {"site_id": site, "subject_id": f"{site}-{number:03d}", "arm": arm, "scan_time_s": value}
        for (site, number), both in found.items()
        for arm, value in zip(("TEST", "REF"), both, strict=True)
    ]
    said = {"method": method, "role": "secondary", "goal": None}
    if method != "random_site":
        said["goal"] = {"value": 1.3 if method == "log_ratio" else 50.0, **kit.MARGIN}
    tables = {"F04": kit.enrolled({"S01": 4, "S02": 4}), "F05": rows}
    records = kit.values(run(tables, **said))
    if method in ("bland_altman", "exact"):
        low, high = (records[f"all.{name}"] for name in ("loa_low_ci_low", "loa_high_ci_high"))
        word = "undefined" if low is None or high is None else None
        word = word or ("met" if low > -50 and high < 50 else "not_met")
        assert records["all.verdict"] == word

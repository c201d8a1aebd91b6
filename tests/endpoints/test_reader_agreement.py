"""Agreement of readers, from the raw rows: pairs, categories, gaps, centers."""

import itertools

import kit
import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from clinval.core.errors import AnalysisError

SITES = ("S01", "S02", "S03", "S04")
SIZES = {"S01": 15, "S02": 12, "S03": 6}  # nobody at S04
READERS = ("R1", "R2", "R3")
QUIET = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def declared(**said):
    base = {
        "id": "P1",
        "kind": "reader_agreement",
        "form": "F07",
        "measure": "image_quality",
        "coefficient": "kappa",
        "method": "cohen",
    }
    return kit.protocol(
        design="crossed_readers", sites=SITES, readers=READERS, endpoints=[base | said]
    )


def population(seed, *, gaps=0.08):
    """Return reads with missing scores and missing rows; at S03 everybody says 4."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled(SIZES)
    people["enrolled"] = draw.choice(["yes", "no"], len(people), p=[0.93, 0.07])
    rows = []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        for arm in ("TEST", "REF"):
            truth = draw.normal(3.4, 0.9)
            for reader in READERS:
                score = float(np.clip(round(draw.normal(truth, 0.5)), 2, 5))  # nobody says 1
                if site == "S03":
                    score = 4.0
                if draw.random() < gaps:
                    continue
                missing = draw.random() < gaps
                rows.append(
                    {"site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
                     "image_quality": None if missing else score,
                     "call": draw.choice(["positive", "negative", None], p=[0.5, 0.4, 0.1])}
                )  # fmt: skip
    return {"F04": people, "F07": pd.DataFrame(rows)}


def ratings(tables, measure="image_quality", readers=READERS):
    """Return a frame with a row an image: its site, and each reader's rating (or NaN)."""
    reads = tables["F07"]
    enrolled = tables["F04"][tables["F04"]["enrolled"] == "yes"]["subject_id"]
    reads = reads[reads["subject_id"].isin(enrolled)].set_index(
        ["site_id", "subject_id", "arm", "reader_id"]
    )
    wide = reads[measure].unstack("reader_id").reindex(columns=list(readers))  # noqa: PD010
    return wide.reset_index("site_id")


def crosstab(frame, pair, codes):
    """Return how often the first reader said the one and the second the other."""
    both = frame[list(pair)].dropna()
    return np.array([
        [int(((both[pair[0]] == a) & (both[pair[1]] == b)).sum()) for b in codes] for a in codes
    ])  # fmt: skip


def kappa(table, weights="unweighted"):
    """Return (estimate, low, high, error) by statsmodels; ``None`` where it is not defined."""
    shares = table / table.sum()
    if np.isclose(shares.sum(axis=1) @ shares.sum(axis=0), 1):  # one category only
        return None
    names = {"unweighted": None, "linear": "linear", "quadratic": "quadratic"}
    found = cohens_kappa(table, wt=names[weights])
    half = oracle.quantile() * found.std_kappa
    return found.kappa, found.kappa - half, found.kappa + half, found.std_kappa


def check_interval(found, place, expected):
    for statistic, value in zip(("estimate", "ci_low", "ci_high"), expected, strict=False):
        # limits of agreement are cut at 1
        value = min(value, 1.0)  # noqa: PLW2901
        assert found[f"{place}.{statistic}"] == pytest.approx(value, abs=1e-7), (place, statistic)


CODES = (1.0, 2.0, 3.0, 4.0, 5.0)


@pytest.mark.parametrize("weights", ["unweighted", "linear", "quadratic"])
def test_cohen_of_each_pair(weights):
    tables = population(1)
    records = kit.run(declared(weights=weights, goal={"value": 0.3, **kit.MARGIN}), tables)
    found = kit.values(records)
    frame = ratings(tables)
    for pair in itertools.combinations(READERS, 2):
        name = "readers=" + "+".join(pair)
        rated = frame[frame[list(pair)].notna().any(axis=1)]
        table = crosstab(rated, pair, CODES)
        assert found[f"{name}.n"] == table.sum()
        assert found[f"{name}.rated"] == len(rated) > table.sum()
        expected = kappa(table, weights)
        check_interval(found, name, expected[:3])
        observed = np.trace(table) / table.sum()
        if weights == "unweighted":
            assert found[f"{name}.observed_agreement"] == pytest.approx(observed)
        assert found[f"{name}.goal"] == 0.3
        word = "met" if found[f"{name}.ci_low"] > 0.3 else "not_met"
        assert found[f"{name}.verdict"] == word
        # the counts that it comes from, with the category that nobody used
        for i, j in itertools.product(range(5), repeat=2):
            assert found[f"{name}.count.{i + 1}.{j + 1}"] == table[i, j]
        # centers
        parts = {}
        for site in SITES:
            here = rated[rated["site_id"] == site]
            own = crosstab(here, pair, CODES)
            assert found[f"{name}+site={site}.n"] == own.sum()
            if not len(here):
                assert f"{name}+site={site}.estimate" not in records
                continue
            alone = kappa(own, weights)
            if alone is None:  # S03, where all are alike: undefined, and not hidden
                assert site == "S03"
                assert records[f"{name}+site={site}.estimate"].undefined
                assert "0/0" in records[f"{name}+site={site}.estimate"].reason
            else:
                check_interval(found, f"{name}+site={site}", alone[:3])
                parts[site] = alone
            rest = crosstab(rated[rated["site_id"] != site], pair, CODES)
            check_interval(found, f"{name}+without_site={site}", kappa(rest, weights)[:3])
        estimates, errors = np.array([(part[0], part[3]) for part in parts.values()]).T
        pooled = np.average(estimates, weights=1 / errors**2)
        q = ((estimates - pooled) ** 2 / errors**2).sum()
        assert found[f"{name}.centers_with_error"] == len(parts) == 2
        assert found[f"{name}.q"] == pytest.approx(q, rel=1e-6)
        assert found[f"{name}.q_df"] == len(parts) - 1
        assert found[f"{name}.q_p_value"] == pytest.approx(stats.chi2.sf(q, 1), rel=1e-6)


def test_readers_can_be_chosen():
    records = kit.run(declared(readers=["R3", "R1"]), population(2))
    assert {record.group["readers"] for record in records.values()} == {"R3+R1"}
    frame = ratings(population(2))
    table = crosstab(frame, ("R3", "R1"), CODES)
    check_interval(kit.values(records), "readers=R3+R1", kappa(table)[:3])


def test_words_have_the_order_of_their_codes():
    tables = population(3)
    found = kit.values(kit.run(declared(measure="call", readers=["R1", "R2"]), tables))
    codes = list(kit.protocol().form("F07").field("call").codelist)
    assert len(codes) > 2  # and one of them is never used
    table = crosstab(ratings(tables, "call"), ("R1", "R2"), codes)
    for (i, a), (j, b) in itertools.product(enumerate(codes), repeat=2):
        assert found[f"readers=R1+R2.count.{a}.{b}"] == table[i, j]
    check_interval(found, "readers=R1+R2", kappa(table)[:3])


def test_a_rule_has_two_categories():
    tables = population(4)
    said = {"measure": "image_quality >= 4", "where": 'arm == "TEST"', "readers": ["R1", "R2"]}
    found = kit.values(kit.run(declared(**said), tables))
    own = {**tables, "F07": tables["F07"][tables["F07"]["arm"] == "TEST"]}
    frame = ratings(own)
    frame[list(READERS)] = (frame[list(READERS)] >= 4).where(frame[list(READERS)].notna())
    table = crosstab(frame, ("R1", "R2"), (False, True))
    words = ("no", "yes")
    for i, j in itertools.product((0, 1), repeat=2):
        assert found[f"readers=R1+R2.count.{words[i]}.{words[j]}"] == table[i, j]
    check_interval(found, "readers=R1+R2", kappa(table)[:3])


def test_a_rater_who_says_always_the_same_agrees_by_chance():
    tables = population(5)
    reads = tables["F07"]
    reads.loc[reads["reader_id"] == "R2", "image_quality"] = 4.0
    records = kit.run(declared(readers=["R1", "R2"]), tables)
    assert records["readers=R1+R2.estimate"].value == pytest.approx(0)
    table = crosstab(ratings(tables), ("R1", "R2"), CODES)
    agreement = records["readers=R1+R2.observed_agreement"].value
    assert agreement == pytest.approx(np.trace(table) / table.sum())


def test_everybody_alike_everywhere_has_no_kappa():
    tables = population(6)
    tables["F07"]["image_quality"] = 4.0
    records = kit.run(declared(readers=["R1", "R2"]), tables)
    for statistic in ("estimate", "ci_low", "ci_high", "q", "q_p_value"):
        assert records[f"readers=R1+R2.{statistic}"].undefined
    assert records["readers=R1+R2.observed_agreement"].value == 1.0


def test_reads_that_are_missing_by_design():
    """Each pair is held together on what both read; a pair with nothing in common has nothing."""
    tables = population(7, gaps=0.0)
    reads, odd = tables["F07"], tables["F07"]["subject_id"].str[-1].astype(int) % 2 == 1
    third = reads["reader_id"] == "R3"
    tables["F07"] = reads[(third & odd) | (~third & ~odd) | (reads["reader_id"] == "R1")]
    records = kit.run(declared(), tables)
    frame = ratings(tables)
    for pair in (("R1", "R2"), ("R1", "R3")):
        name = "readers=" + "+".join(pair)
        table = crosstab(frame, pair, CODES)
        assert 0 < table.sum() < len(frame)
        check_interval(kit.values(records), name, kappa(table)[:3])
    assert records["readers=R2+R3.n"].value == 0
    assert records["readers=R2+R3.rated"].value == len(frame)
    assert records["readers=R2+R3.estimate"].undefined


@pytest.mark.parametrize("method", ["fleiss", "gwet"])
def test_all_readers_at_once(method):
    tables = population(8)
    found = kit.values(kit.run(declared(method=method), tables))
    frame = ratings(tables)
    values = frame[list(READERS)].to_numpy(float)
    counts = np.stack([(values == code).sum(axis=1) for code in CODES], axis=1).astype(float)
    size = counts.sum(axis=1)
    kept = counts[size > 0]
    name = "readers=R1+R2+R3"
    assert found[f"{name}.n"] == (size == 3).sum()
    assert found[f"{name}.rated_twice"] == (size >= 2).sum()
    assert found[f"{name}.rated"] == len(kept)
    share = (kept / kept.sum(axis=1, keepdims=True)).mean(axis=0)
    pairs = counts[size >= 2]
    twice = pairs.sum(axis=1)
    observed = ((pairs * (pairs - 1)).sum(axis=1) / (twice * (twice - 1))).mean()
    expected = (share**2).sum() if method == "fleiss" else (share * (1 - share)).sum() / 4
    assert found[f"{name}.observed_agreement"] == pytest.approx(observed)
    assert found[f"{name}.expected_agreement"] == pytest.approx(expected)
    estimate = (observed - expected) / (1 - expected)
    assert found[f"{name}.estimate"] == pytest.approx(estimate)
    assert found[f"{name}.ci_low"] < estimate < found[f"{name}.ci_high"]
    assert not any("count." in statistic for statistic in found)
    if method == "fleiss":
        whole = population(8, gaps=0.0)
        tables_ = ratings(whole)[list(READERS)].to_numpy(float)
        full = np.stack([(tables_ == code).sum(axis=1) for code in CODES[1:]], axis=1)
        found = kit.values(kit.run(declared(method=method), whole))
        assert found[f"{name}.estimate"] == pytest.approx(fleiss_kappa(full))


def test_raw_agreement():
    tables = population(9)
    said = {"coefficient": "agreement", "method": "observed", "readers": ["R1", "R2"]}
    found = kit.values(kit.run(declared(**said), tables))
    frame = ratings(tables)[["R1", "R2"]]
    rated, both = frame.dropna(how="all"), frame.dropna()
    agree = (both["R1"] == both["R2"]).mean()
    assert found["readers=R1+R2.estimate"] == pytest.approx(agree)
    n = len(rated)
    own = np.where(rated.notna().all(axis=1), rated["R1"] == rated["R2"], 0.0)
    scaled = own.astype(float) * n / len(both)
    half = stats.t.ppf(0.975, n - 1) * np.sqrt(((scaled - agree) ** 2).sum() / (n * (n - 1)))
    check_interval(found, "readers=R1+R2", (agree, agree - half, agree + half))
    assert found["readers=R1+R2.count.4.4"] == ((both["R1"] == 4) & (both["R2"] == 4)).sum()


def icc_by_pingouin(values, form):
    import pingouin

    long = pd.DataFrame(values).stack().reset_index()  # noqa: PD013
    long.columns = ["target", "rater", "rating"]
    found = pingouin.intraclass_corr(long, "target", "rater", "rating")
    row = next(row for _, row in found.iterrows() if row["Type"] == form)
    interval = row[next(name for name in found.columns if name.startswith("CI95"))]
    return row["ICC"], *interval


@pytest.mark.parametrize("form", ["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(2,k)"])
def test_intraclass_correlation_of_complete_ratings(form):
    tables = population(10)
    said = {"coefficient": "icc", "method": "shrout_fleiss", "icc_form": form}
    records = kit.run(declared(**said), tables)
    found = kit.values(records)
    frame = ratings(tables)
    name, complete = "readers=R1+R2+R3", frame[list(READERS)].dropna()
    assert found[f"{name}.n"] == len(complete) < len(frame)
    expected = icc_by_pingouin(complete.to_numpy(), form.replace("(2", "(A").replace("(3", "(C"))
    assert found[f"{name}.estimate"] == pytest.approx(expected[0], abs=1e-6)
    # pingouin rounds its limits
    assert found[f"{name}.ci_low"] == pytest.approx(expected[1], abs=0.006)
    assert found[f"{name}.ci_high"] == pytest.approx(expected[2], abs=0.006)
    alike = records[f"{name}+site=S03.estimate"]
    assert alike.undefined
    assert found[f"{name}+site=S04.n"] == 0


@pytest.mark.parametrize("form", ["ICC(2,1)", "ICC(3,1)"])
def test_intraclass_correlation_with_gaps(form):
    tables = population(11)
    tables["F07"] = tables["F07"][tables["F07"]["site_id"] != "S02"]
    said = {"coefficient": "icc", "method": "reml", "icc_form": form}
    records = kit.run(declared(**said), tables)
    found = kit.values(records)
    frame = ratings(tables)[list(READERS)].reset_index(drop=True)
    long = frame.stack().dropna().reset_index()  # noqa: PD013
    long.columns = ["image", "reader", "score"]
    y = long["score"].to_numpy(float)
    relations = [oracle.same(long["image"]), oracle.same(long["reader"])]
    deviance, _ = oracle.restricted_deviance(y, np.ones((len(y), 1)), relations)
    image, reader, error = oracle.variance_components(deviance, float(np.var(y)), 2)
    expected = image / (image + (reader if form == "ICC(2,1)" else 0.0) + error)
    assert found["readers=R1+R2+R3.estimate"] == pytest.approx(expected, abs=1e-4)
    # this method has no interval, and says so
    assert records["readers=R1+R2+R3.ci_low"].reason == "the method does not give this number"


def test_limits_of_agreement_of_each_pair():
    tables = population(12)
    said = {"coefficient": "icc", "method": "shrout_fleiss"}
    declared_ = declared(**said)
    with kit.data(declared_, tables) as data:
        recorder = kit.analyze(data)
    found = {record.id.removeprefix("P1.FAS."): record.value for record in recorder.records}
    series = {one.id: one.columns for one in recorder.series}
    frame = ratings(tables)
    z = oracle.quantile()
    for pair in itertools.combinations(READERS, 2):
        both = frame[list(pair)].dropna()
        d = (both[pair[0]] - both[pair[1]]).to_numpy()
        n, bias, sd = len(d), d.mean(), d.std(ddof=1)
        t = stats.t.ppf(0.975, n - 1)
        name = f"readers={'+'.join(pair)}+analysis=limits"
        half = t * sd / np.sqrt(n)
        reach = t * sd * np.sqrt(1 / n + z**2 / (2 * (n - 1)))
        expected = {
            "estimate": bias, "sd": sd, "ci_low": bias - half, "ci_high": bias + half,
            "loa_low": bias - z * sd, "loa_high": bias + z * sd,
            "loa_low_ci_low": bias - z * sd - reach, "loa_low_ci_high": bias - z * sd + reach,
            "loa_high_ci_low": bias + z * sd - reach, "loa_high_ci_high": bias + z * sd + reach,
        }  # fmt: skip
        for statistic, value in expected.items():
            assert found[f"{name}.{statistic}"] == pytest.approx(value), statistic
        points = series[f"P1.FAS.limits.{'+'.join(pair)}"]
        assert sorted(points["difference"]) == sorted(d.tolist())
        assert sorted(points["mean"]) == sorted(both.mean(axis=1).tolist())


def test_a_reader_who_rates_an_image_twice_stops_the_analysis():
    """As when a center returns reads that the home site has returned too."""
    tables = population(13, gaps=0.0)
    again = tables["F07"].iloc[[0]].assign(site_id="S04")
    tables["F07"] = pd.concat([tables["F07"], again])
    with pytest.raises(AnalysisError) as error:
        kit.run(declared(), tables)
    (problem,) = error.value.problems
    assert problem.kind == "rows-not-combined"
    assert problem.parameters["first"] == again["subject_id"].iloc[0]


PROPERTY = {
    name: declared(**said)
    for name, said in {
        "cohen": {"goal": {"value": 0.2, **kit.MARGIN}},
        "fleiss": {"method": "fleiss"},
        "gwet": {"method": "gwet", "weights": "linear"},
        "observed": {"coefficient": "agreement", "method": "observed"},
        "icc": {"coefficient": "icc", "method": "shrout_fleiss"},
        "reml": {"coefficient": "icc", "method": "reml"},
        "words": {"measure": "call"},
        "number": {"measure": "session"},
        "text": {"measure": "comment"},
    }.items()
}
cells = st.tuples(
    st.sampled_from([None, 1.0, 3.0, 5.0]), st.sampled_from([None, "positive", "negative"])
)
images = st.dictionaries(
    st.tuples(st.sampled_from(SITES[:2]), st.integers(1, 4), st.sampled_from(("TEST", "REF"))),
    st.dictionaries(st.sampled_from(READERS), cells, max_size=3),
    max_size=8,
)


@QUIET
@given(images, st.sampled_from(sorted(PROPERTY)))
def test_records_hold_together_whatever_the_data(found, which):
    reads = [
        {"site_id": site, "subject_id": f"{site}-{number:03d}", "arm": arm, "reader_id": reader,
         "image_quality": score, "session": score, "call": word, "comment": word}
        for (site, number, arm), by_reader in found.items()
        for reader, (score, word) in by_reader.items()
    ]  # fmt: skip
    tables = {"F04": kit.enrolled({"S01": 4, "S02": 4}), "F07": reads}
    records = kit.values(kit.run(PROPERTY[which], tables))  # the kit checks every record
    if which == "cohen":
        for pair in ("R1+R2", "R1+R3", "R2+R3"):
            low = records[f"readers={pair}.ci_low"]
            word = "undefined" if low is None else "met" if low > 0.2 else "not_met"
            assert records[f"readers={pair}.verdict"] == word


@pytest.mark.parametrize("method", ["gwet", "cohen"])
def test_numbers_without_a_code_list_are_those_of_the_set(method):
    """What is rated outside the set adds no category: AC1 and weights would change with it."""
    people = kit.enrolled({"S01": 6, "S02": 5})
    people["enrolled"] = ["yes"] * 10 + ["no"]
    draw = np.random.default_rng(5)
    rows = [
        {"site_id": site, "subject_id": subject, "arm": "TEST", "reader_id": reader,
         "session": float(draw.integers(1, 4) if said == "yes" else 20)}
        for site, subject, said in people.itertuples(index=False)
        for reader in READERS[:2]
    ]  # fmt: skip
    rows.append({**rows[0], "reader_id": "R3", "session": 19.0})  # a reader who is not asked
    said = {"measure": "session", "method": method, "weights": "linear", "readers": ["R1", "R2"]}
    tables = {"F04": people, "F07": pd.DataFrame(rows)}
    kept = tables["F07"][tables["F07"]["session"] < 19]
    assert len(kept) == 20
    found = kit.values(kit.run(declared(**said), tables))
    alone = kit.values(kit.run(declared(**said), {**tables, "F07": kept}))
    counted = "readers=R1+R2+analysis=data.unused."
    assert found.pop(f"{counted}not_asked") == alone.pop(f"{counted}not_asked") + 1
    assert found.pop(f"{counted}not_in_set") == alone.pop(f"{counted}not_in_set") + 2
    assert found == alone
    assert sorted(name.rpartition("count.")[2] for name in found if ".count." in name) == [
        f"{a}.{b}" for a in (1, 2, 3) for b in (1, 2, 3)
    ]

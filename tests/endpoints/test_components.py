"""Lives and failure rates of components, recomputed from the raw rows of the devices form."""

import kit
import numpy as np
import pandas as pd
import pytest
from component_study import CLOCK, FORMS, LIFE, RATE, declared, devices

from clinval.stats.comparison import time_to_event
from clinval.stats.reliability import failure_rate, rate_ratio, survival

LEFT_OUT = ("no_component", "no_time", "no_life", "no_cause", "late")


def lives(tables):
    """Return the tubes that can be used: time, event, test, site; and what is left out."""
    rows = tables["F02"][tables["F02"]["component"] == "tube"]
    of_test = rows["investigational"].map({"yes": True, "no": False})
    rows = rows.assign(test=of_test, site=rows["site_id"])
    over, seen = (
        (pd.to_datetime(rows[name]) - rows["installed_date"]).dt.days
        for name in ("replaced_date", "status_date")
    )
    reason = rows["replacement_reason"]
    failed = reason.isin(["failure", "wear"])
    time = over.fillna(seen.mask(failed))
    nobody = rows["investigational"].isna()
    out = {"no_component": nobody, "no_time": ~nobody & time.isna(), "no_life": time <= 0,
           "no_cause": (time > 0) & over.notna() & reason.isna(), "late": time < 0}  # fmt: skip
    usable = ~np.logical_or.reduce(list(out.values()))
    found = pd.DataFrame(
        {"time": time, "event": failed.astype(int),
         "test": rows["test"], "site": rows["site"]}
    )[usable]  # fmt: skip
    return rows, found, out


GROUPS = ("", "component=test", "component=reference", "site=S01", "site=S03")


def within(name, rows):
    """Return which rows a group has."""
    key, _, value = name.partition("=")
    if key == "component":
        return rows["test"] == (value == "test")
    return rows["site"] == value if key else np.ones(len(rows), dtype=bool)


def check_counts(found, prefix, tables):
    rows, usable, out = lives(tables)
    for name in GROUPS:
        place = "+".join(part for part in (prefix, name) if part) or "all"
        here = usable[within(name, usable)]
        there = within(name, rows)
        assert found[f"{place}.n"] == len(here)
        assert found[f"{place}.failures"] == here["event"].sum()
        assert found[f"{place}.censored"] == len(here) - here["event"].sum()
        assert found[f"{place}.delayed"] == 0
        assert found[f"{place}.time_in_service"] == here["time"].sum()
        for reason in LEFT_OUT:
            assert found[f"{place}.{reason}"] == (out[reason] & there).sum()


@pytest.mark.parametrize("seed", [1, 2])
def test_life_of_components_on_a_clock(seed):
    tables = devices(seed)
    records = kit.run(declared(LIFE), tables, "L1")
    found = kit.values(records)
    _, usable, out = lives(tables)
    assert sum(int(part.sum()) for part in out.values()) == 4
    check_counts(found, "clock=calendar", tables)
    for name in ("", "component=test", "component=reference"):
        here = usable[within(name, usable)]
        place = "+".join(part for part in ("clock=calendar", name) if part)
        curve = survival.kaplan_meier(here["time"], here["event"], at=[300, 600, 4000])
        assert found[f"{place}.median"] == curve.estimate
        assert found[f"{place}.median_ci_high"] == curve.ci_high
        for i, at in enumerate((300, 600)):
            assert found[f"{place}.survival.{at}"] == pytest.approx(curve.survival[i])
            assert found[f"{place}.survival_ci_low.{at}"] == pytest.approx(curve.survival_ci_low[i])
            assert found[f"{place}.at_risk.{at}"] == (here["time"] >= at).sum()
        if here.loc[here["time"].idxmax(), "event"] == 0:
            assert "beyond the last" in records[f"{place}.survival.4000"].reason
        fit = survival.weibull_profile(here["time"], here["event"])
        assert found[f"{place}.shape_ci_low"] == pytest.approx(fit.shape_ci_low)
        assert found[f"{place}.b10_ci_high"] == pytest.approx(fit.b10_ci_high)
        assert found[f"{place}.mean_life"] == pytest.approx(fit.mean_time_to_failure)
    given = usable["time"], usable["event"], usable["test"].astype(int)
    ratio = survival.weibull_comparison(*given)
    assert found["all.estimate"] == found["clock=calendar.life_ratio"]
    assert found["all.estimate"] == pytest.approx(ratio.estimate)
    assert found["clock=calendar.shape_p_value"] == pytest.approx(ratio.shape_p_value)
    assert found["clock=calendar.b10_ratio_ci_low"] == pytest.approx(ratio.b10_ratio_ci_low)
    test = time_to_event.logrank_test(*given)
    assert found["clock=calendar.logrank_p_value"] == pytest.approx(test.p_value)
    assert found["all.verdict"] == "none"
    reasons = tables["F02"].loc[tables["F02"]["component"] == "tube", "replacement_reason"]
    for cause, number in reasons.value_counts().items():
        assert found[f"cause={cause}.ended"] == number


def test_series_are_the_curves_and_the_points_of_a_weibull_plot():
    tables = devices()
    data = kit.StudyData(declared(LIFE), kit.filled(declared(LIFE), tables))
    series = {one.id: one.columns for one in kit.analyze(data, "L1").series}
    curve = pd.DataFrame(series["L1.FAS.life.calendar"])
    _, usable, _ = lives(tables)
    for name, part in curve.groupby("component"):
        here = usable[usable["test"] == (name == "test")]
        assert part["time"].tolist() == sorted(set(here["time"]))
        assert part["censored"].sum() == (here["event"] == 0).sum()
        assert part["failed"].tolist()[-1] == here["event"].sum()
        assert part["at_risk"].tolist() == [(here["time"] >= t).sum() for t in part["time"]]
    points = pd.DataFrame(series["L1.FAS.weibull.calendar"])
    assert points["failed_share"].between(0, 1, inclusive="neither").all()
    assert len(points) == sum(
        len(set(part.loc[part["event"] == 1, "time"])) for _, part in usable.groupby("test")
    )


def test_a_later_beginning_of_observation_is_a_delayed_entry():
    clock = {**LIFE["clocks"][0], "entry": "days(installed_date, observed_from)"}
    begun = pd.Timestamp("2021-01-01")
    tables = devices()
    tables["F02"]["observed_from"] = begun
    records = kit.run(declared({**LIFE, "clocks": [clock]}), tables, "L1")
    _, usable, _ = lives(tables)
    rows = tables["F02"].loc[usable.index]
    entry = (begun - rows["installed_date"]).dt.days.clip(lower=0)
    seen = usable["time"] > entry
    found = kit.values(records)
    assert found["clock=calendar.late"] == (~seen).sum()
    assert found["clock=calendar.delayed"] == (entry[seen] > 0).sum() > 0
    assert found["clock=calendar.time_in_service"] == (usable["time"] - entry)[seen].sum()
    fit = survival.weibull(usable["time"][seen], usable["event"][seen], entry=entry[seen])
    assert found["clock=calendar.shape"] == pytest.approx(fit.shape)
    assert records["clock=calendar.logrank_p_value"].undefined


def test_an_unknown_age_at_the_beginning_of_observation_is_no_age_of_0():
    clock = {**LIFE["clocks"][0], "entry": "days(installed_date, observed_from)"}
    use = {"id": "use", "unit": "s", "life": "scan_seconds", "entry": "arcs"}
    form = {**FORMS[0], "add": [
        *FORMS[0]["add"],
        {"id": "arcs", "type": "number", "label": {"en": "Counter", "zh": "计数"},
         "range": [0, None]},
    ]}  # fmt: skip
    rule = {"delayed": "observed_from > installed_date", "over": 'replaced == "yes"'}
    tables = devices()
    rows = tables["F02"]
    rows["scan_seconds"], rows["arcs"] = 1000.0, np.nan
    later = rows["installed_date"] + pd.Timedelta(days=1)
    rows["observed_from"] = later.where(np.arange(len(rows)) % 3 == 0)
    protocol = kit.protocol(
        sites=("S01", "S02", "S03"),
        forms=[form, *FORMS[1:]],
        endpoints=[{**kit.QUALITY, "id": "Z1"}, {**LIFE, **rule, "clocks": [clock, use]}],
    )
    found = kit.values(kit.run(protocol, tables, "L1"))
    assert found["clock=calendar.no_entry"] == 0
    assert found["clock=calendar.delayed"] > 0
    assert found["clock=use.no_entry"] > 5
    assert found["clock=use.delayed"] == 0  # nobody who was observed later has an age
    known = found["clock=use.no_component"] + found["clock=use.no_cause"]
    assert (
        found["clock=use.n"] + found["clock=use.no_entry"] + known
        == (rows["component"] == "tube").sum()
    )


def test_a_second_clock_counts_use_and_the_first_decides():
    use = {"id": "use", "unit": "s", "life": "scan_seconds"}
    both = {**LIFE, "clocks": [*LIFE["clocks"], use], "over": 'replaced == "yes"'}
    tables = devices()
    draw = np.random.default_rng(7)
    tables["F02"]["scan_seconds"] = draw.uniform(1e4, 1e6, len(tables["F02"])).round()
    found = kit.values(kit.run(declared(both), tables, "L1"))
    rows = tables["F02"][tables["F02"]["component"] == "tube"]
    lost = (rows["replaced"] == "yes") & rows["replacement_reason"].isna()
    rows, lost = rows[rows["investigational"].notna()], lost[rows["investigational"].notna()]
    event = rows["replacement_reason"].isin(["failure", "wear"])
    fit = survival.weibull(rows["scan_seconds"][~lost], event[~lost])
    assert found["clock=use.n"] == len(rows) - 1
    assert found["clock=use.no_cause"] == lost.sum() == 1
    assert found["clock=use.b10"] == pytest.approx(fit.b10)
    assert found["all.estimate"] == found["clock=calendar.life_ratio"]
    assert found["all.estimate"] != found["clock=use.life_ratio"]


@pytest.mark.parametrize(("margin", "verdict"), [(0.5, "met"), (1.4, "not_met")])
def test_non_inferior_life_is_decided_by_the_limit_and_the_test_agrees(margin, verdict):
    shown = {**LIFE, "comparison": "non_inferiority", "margin": {"value": margin, **kit.MARGIN}}
    found = kit.values(kit.run(declared(shown), devices(), "L1"))
    assert found["all.verdict"] == verdict
    assert (found["all.ci_low"] > margin) == (verdict == "met") == (found["all.p_value"] < 0.025)
    assert found["all.bound_low"] == margin


def test_failure_rates_their_ratio_and_the_demonstration():
    tables = devices()
    found = kit.values(kit.run(declared(RATE), tables, "L2"))
    check_counts(found, "", tables)
    _, usable, _ = lives(tables)
    exposures = {}
    for name in ("", "component=test", "component=reference"):
        here = usable[within(name, usable)]
        exposures[name] = int(here["event"].sum()), float(here["time"].sum())
        rate = failure_rate.exact_poisson(*exposures[name])
        place = name or "all"
        assert found[f"{place}.rate"] == pytest.approx(1000 * rate.estimate)
        assert found[f"{place}.rate_ci_high"] == pytest.approx(1000 * rate.ci_high)
        assert found[f"{place}.mtbf"] == pytest.approx(1 / rate.estimate)
        assert found[f"{place}.mtbf_ci_high"] == pytest.approx(1 / rate.ci_low)
        failures, served = exposures[name]
        bound = failure_rate.mtbf_lower_bound(served, failures)
        assert found[f"{place}.mtbf_lower_bound"] == bound.ci_low
    both = (*exposures["component=test"], *exposures["component=reference"])
    ratio = rate_ratio.exact_conditional(*both)
    assert found["all.estimate"] == ratio.estimate
    assert found["all.verdict"] == ("met" if ratio.ci_high < 1.5 else "not_met")
    assert (found["all.p_value"] < 0.025) == (ratio.ci_high < 1.5)
    assert found["all.target_shown"] == (
        "met" if found["component=test.mtbf_lower_bound"] >= 500 else "not_met"
    )
    assert found["all.demonstration.0"] == pytest.approx(-500 * np.log(0.05))


@pytest.mark.parametrize("endpoint", [LIFE, RATE])
def test_no_component_and_no_failure_are_undefined_with_a_reason(endpoint):
    tables = devices()
    nobody = {**tables, "F02": tables["F02"].assign(component="detector")}
    records = kit.run(declared(endpoint), nobody, endpoint["id"])
    assert records["all.estimate"].undefined
    none = tables["F02"].assign(replacement_reason="upgrade")
    records = kit.run(declared(endpoint), {**tables, "F02": none}, endpoint["id"])
    assert records["all.estimate"].undefined
    assert records["all.estimate"].reason in {"an arm has no failure", "no failure"}


@pytest.mark.parametrize(
    ("endpoint", "changes", "kinds"),
    [
        (LIFE, {}, []),
        (RATE, {}, []),
        (LIFE, {"also_sets": ["FAS2"]}, ["design-does-not-fit", "set-unknown"]),
        (LIFE, {"form": "F03"}, ["endpoint-form-unused"]),
        (LIFE, {"failed": "replaced_date"}, ["rule-is-a-number"]),
        (LIFE, {"clocks": [CLOCK, CLOCK]}, ["item-twice"]),
        (LIFE, {"clocks": [{**CLOCK, "life": "replaced == 'yes'"}]}, ["rule-is-a-truth"]),
        (LIFE, {"causes": "cause"}, ["rule-column-unknown"]),
        (LIFE, {"comparison": "non_inferiority"}, ["margin-missing"]),
        (RATE, {"test": None}, ["key-missing"]),
        (RATE, {"margin": {"value": None, **kit.MARGIN}}, ["margin-without-value"]),
        (RATE, {"comparison": "superiority", "margin": None}, []),
    ],
)
def test_slips_are_named(endpoint, changes, kinds):
    said = {key: value for key, value in (endpoint | changes).items() if value is not None}
    found = kit.problems(forms=FORMS, endpoints=[{**kit.QUALITY, "id": "Z1"}, said])
    assert found == kinds


@pytest.mark.parametrize("endpoint", [LIFE, RATE])
def test_equivalence_needs_both_sides(endpoint):
    shown = {**endpoint, "comparison": "equivalence", "margin": {"value": 1.25, **kit.MARGIN}}
    found = kit.values(kit.run(declared(shown), devices(), endpoint["id"]))
    assert (found["all.bound_low"], found["all.bound_high"]) == (0.8, 1.25)
    assert found["all.p_value"] == max(found["all.p_low"], found["all.p_high"])
    inside = found["all.ci_low"] > 0.8 and found["all.ci_high"] < 1.25
    assert found["all.verdict"] == ("met" if inside else "not_met")

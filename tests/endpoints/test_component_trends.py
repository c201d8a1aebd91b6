"""Trend of failures, missions and bootstrap limits, recomputed from the raw rows."""

import kit
import numpy as np
import pandas as pd
import pytest
from component_study import FORMS, LIFE, RATE, declared, devices
from test_components import lives

from clinval.stats.reliability import failure_rate, survival

GROWTH = RATE | {"growth": {"began": "installed_date"}}
MISSION = RATE | {"mission": {"reliability": 0.8, "time": 800, "units": 12, "shape": 1.8}}


def test_failures_over_the_cumulative_time_of_the_fleet():
    tables = devices()
    data = kit.StudyData(declared(GROWTH), kit.filled(declared(GROWTH), tables))
    recorder = kit.analyze(data, "L2")
    found = {record.id.removeprefix("L2.FAS."): record.value for record in recorder.records}
    usable = lives(tables)[1]
    begun = tables["F02"].loc[usable.index, "installed_date"]
    usable["test"] = usable["test"].astype(bool)
    rows = usable.assign(begun=begun, ended=begun + pd.to_timedelta(usable["time"], unit="D"))
    for place, part in (
        ("all", rows),
        ("component=test", rows[rows["test"]]),
        ("component=reference", rows[~rows["test"]]),
    ):
        times = []
        for day in sorted(part.loc[part["event"] == 1, "ended"]):  # day by day, component by one
            until = (np.minimum(part["ended"], day) - part["begun"]).dt.days
            times.append(until.clip(lower=0).sum())
        law = failure_rate.crow_amsaa(times, end_time=part["time"].sum())
        assert found[f"{place}.growth_shape"] == pytest.approx(law.shape)
        assert found[f"{place}.growth_shape_ci_high"] == pytest.approx(law.shape_ci_high)
        assert found[f"{place}.growth_mtbf_end_modified"] == pytest.approx(law.mtbf_end_modified)
        trend = failure_rate.laplace_trend(times, end_time=part["time"].sum())
        assert found[f"{place}.laplace_p_value"] == pytest.approx(trend.p_value)
        assert found[f"{place}.no_start"] == 0
        if place == "component=test":
            series = pd.DataFrame({one.id: one.columns for one in recorder.series}["L2.FAS.growth"])
            mine = series[series["component"] == "test"]
            assert mine["time"].tolist() == pytest.approx(times)
            assert mine["failures"].tolist() == list(range(1, len(times) + 1))
            expected = law.scale * np.array(times) ** law.shape
            assert mine["expected"].tolist() == pytest.approx(expected)


def test_a_growing_fleet_of_the_same_components_shows_no_growth_and_a_better_one_does():
    draw = np.random.default_rng(3)
    n = 400
    start = np.sort(draw.uniform(0, 1500, n)).astype(int)  # more and more are installed
    for better, rarer in ((1.0, False), (6.0, True)):
        life = np.ceil(draw.exponential(400, n) * np.where(start > 500, better, 1.0)).astype(int)
        followed = 1600 - start
        over = life <= followed
        day = pd.Timestamp("2020-01-01")
        rows = pd.DataFrame({
            "site_id": "S01", "device_serial": [f"T{i}" for i in range(n)], "component": "tube",
            "investigational": "yes", "replaced": np.where(over, "yes", "no"),
            "installed_date": day + pd.to_timedelta(start, unit="D"),
            "replaced_date": pd.Series(day + pd.to_timedelta(start + life, unit="D")).where(over),
            "replacement_reason": np.where(over, "failure", None),
            "status_date": pd.Series([day + pd.Timedelta(days=1600)] * n).where(~over),
        })  # fmt: skip
        alone = {key: value for key, value in GROWTH.items()
                 if key not in ("test", "comparison", "margin")}  # fmt: skip
        tables = {"F02": rows, "F04": kit.enrolled({"S01": 2, "S02": 2})}
        found = kit.values(kit.run(declared(alone), tables, "L2"))
        assert (found["all.laplace_p_value"] < 0.001) == rarer
        assert (found["all.growth_shape_ci_high"] < 1) == rarer


def test_a_mission_is_decided_by_its_lower_bound_and_planned():
    tables = devices()
    found = kit.values(kit.run(declared(MISSION), tables, "L2"))
    _, usable, _ = lives(tables)
    here = usable[usable["test"]]
    curve = survival.kaplan_meier(here["time"], here["event"], at=[800], level=0.9)
    assert found["all.mission_survival"] == pytest.approx(curve.survival[0])
    assert found["all.mission_lower_bound"] == pytest.approx(curve.survival_ci_low[0])
    met = curve.survival_ci_low[0] >= 0.8
    assert found["all.mission_shown"] == ("met" if met else "not_met")
    for allowed in range(4):
        needed = found[f"all.mission_units.{allowed}"]
        size = failure_rate.demonstration_binomial(0.8, failures=allowed)
        assert needed == size.sample_size
    assert 0.8 ** found["all.mission_units.0"] <= 0.05 < 0.8 ** (found["all.mission_units.0"] - 1)
    assert 0.8 ** (12 * (found["all.mission_test_time"] / 800) ** 1.8) == pytest.approx(0.05)


def test_a_mission_without_a_failure_and_one_longer_than_anything_seen():
    tables = devices()
    none = {**tables, "F02": tables["F02"].assign(replacement_reason="upgrade")}
    found = kit.values(kit.run(declared(MISSION), none, "L2"))
    assert found["all.mission_survival"] == 1
    bound = 0.05 ** (1 / found["all.mission_at_risk"])
    assert found["all.mission_lower_bound"] == pytest.approx(bound)
    assert found["all.mission_shown"] == ("met" if bound >= 0.8 else "not_met")
    long = RATE | {"mission": {"reliability": 0.8, "time": 9000}}
    records = kit.run(declared(long), tables, "L2")
    assert records["all.mission_shown"].reason == "a time lies beyond the last observation"
    assert "all.mission_test_time" not in records


def test_few_failures_have_bootstrap_limits_where_the_end_of_observation_is_known():
    limit = "days(installed_date, status_date)"
    clock = LIFE["clocks"][0] | {"limit": limit}
    told = LIFE | {"clocks": [clock], "few_failures": 8}
    tables = devices()
    rows = tables["F02"]
    rows["status_date"] = rows["installed_date"] + pd.Timedelta(days=1500)
    censored = rows["replaced_date"].isna()
    rows.loc[censored, "status_date"] -= pd.Timedelta(days=600)
    records = kit.run(declared(told), tables, "L1")
    plain = kit.run(declared(LIFE), tables, "L1")
    few, many = "clock=calendar+component=test", "clock=calendar+component=reference"
    assert records[f"{few}.failures"].value < 8 <= records[f"{many}.failures"].value
    assert records[f"{few}.shape_ci_low"].method == "survival.weibull_bootstrap"
    assert records[f"{many}.shape_ci_low"].method == "survival.weibull_profile"
    assert records[f"{many}.shape_ci_low"] == plain[f"{many}.shape_ci_low"]
    assert records[f"{few}.shape"].value == plain[f"{few}.shape"].value
    assert records[f"{few}.shape_ci_low"].value != plain[f"{few}.shape_ci_low"].value
    assert records[f"{few}.no_limit"].value == 0
    assert f"{few}.no_limit" not in plain
    # a failure of which nobody knows how long it would have been followed
    failed = rows["replacement_reason"].isin(["failure", "wear"]) & rows["replaced_date"].notna()
    mine = rows.index[failed & (rows["investigational"] == "yes")]
    rows.loc[mine[0], "status_date"] = pd.NaT
    again = kit.run(declared(told), tables, "L1")
    assert again[f"{few}.no_limit"].value == 1
    assert again[f"{few}.shape_ci_low"].method == "survival.weibull_profile"


@pytest.mark.parametrize(
    ("endpoint", "changes", "kinds"),
    [
        (GROWTH, {}, []),
        (GROWTH, {"growth": {"began": "component"}}, ["growth-no-date"]),
        (GROWTH, {"growth": {"began": "nothing"}}, ["growth-no-date"]),
        (
            GROWTH,
            {"clock": {"id": "use", "unit": "s", "life": "scan_seconds"}},
            ["growth-not-days"],
        ),
        (MISSION, {}, []),
        (
            MISSION,
            {"mission": {"reliability": 0.8, "time": 300, "units": 12}},
            ["input-needs-other"],
        ),
        (LIFE, {"clocks": [LIFE["clocks"][0] | {"limit": "component"}]}, ["rule-is-a-truth"]),
    ],
)
def test_slips_are_named(endpoint, changes, kinds):
    said = endpoint | changes
    found = kit.problems(forms=FORMS, endpoints=[{**kit.QUALITY, "id": "Z1"}, said])
    assert found == kinds

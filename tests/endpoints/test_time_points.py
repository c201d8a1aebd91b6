"""Points of the pictures of times, from the raw rows."""

import math
import types

import business
import kit
import numpy as np
import pytest
import test_before_after as trend

from clinval.endpoints import time_points


def points_of(protocol, tables, endpoint):
    with kit.data(protocol, tables) as found:
        recorder = kit.analyze(found, endpoint)
    series = {s.id.split(".", 2)[2]: s.columns for s in recorder.series}
    return series, {record.id: record.value for record in recorder.records}


def rows(columns):
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def test_weeks_are_geometric_means_around_the_first_day_with_the_product():
    data = trend.tables()
    series, _ = points_of(trend.declared(), data, "V1")
    for site in trend.SITES[:3]:
        time, day, after, _, _ = trend.usable(data, site)
        start = day[after == 1].min()
        mine = [row for row in rows(series["weeks"]) if row["site"] == site]
        assert sum(row["n"] for row in mine) == len(time)
        for row in mine:
            first = start + 7 * (row["week"] - 0.5)
            here = (day >= first) & (day < first + 7)
            assert row["n"] == here.sum()
            assert math.log(row["time"]) == pytest.approx(np.log(time[here]).mean())
    assert "S04" not in series["weeks"]["site"]  # nobody was examined there


def test_the_lines_of_a_center_are_those_of_its_ratio_and_trend():
    data = trend.tables()
    series, found = points_of(trend.declared(), data, "V1")
    for site in trend.SITES[:3]:
        line = {
            (row["part"], row["week"] == 0): row
            for row in rows(series["levels"]) if row["site"] == site
        }  # fmt: skip
        ratio, month = (found[f"V1.FAS.site={site}.{name}"] for name in ("estimate", "trend"))
        before, after = line["before", True]["time"], line["after", True]["time"]
        assert after / before == pytest.approx(ratio)
        assert line["expected", True]["time"] == pytest.approx(before)
        for part in ("before", "after", "expected"):
            start, end = line[part, True], line[part, False]
            months = (end["week"] - start["week"]) * 7 / 30
            assert end["time"] / start["time"] == pytest.approx(month**months)
        time, day, later, _, _ = trend.usable(data, site)
        shift = (day - day[later == 1].min()) / 30
        fitted = np.log(before) + np.log(month) * shift + np.log(ratio) * later
        assert np.log(time).mean() == pytest.approx(fitted.mean())


def test_beside_other_rooms_the_expected_level_changes_as_theirs_did():
    data = trend.tables()
    protocol = trend.declared(changed="acquisition_order == 1")
    series, found = points_of(protocol, data, "V1")
    assert set(series["weeks"]["room"]) == {"with", "without"}
    for site in trend.SITES[:3]:
        level = {
            (row["room"], row["part"]): row["time"]
            for row in rows(series["levels"]) if row["site"] == site
        }  # fmt: skip
        ratio, other = (
            found[f"V1.FAS.site={site}.{name}"] for name in ("estimate", "control_change")
        )
        assert level["without", "after"] / level["without", "before"] == pytest.approx(other)
        assert level["with", "expected"] / level["with", "before"] == pytest.approx(other)
        assert level["with", "after"] / level["with", "expected"] == pytest.approx(ratio)
        assert ("without", "expected") not in level


def test_a_center_without_a_ratio_has_weeks_and_no_lines():
    data = trend.tables()
    outcomes = data["F05"]
    data["F05"] = outcomes[(outcomes["site_id"] != "S02") | (outcomes["arm"] == "TEST")]
    series, _ = points_of(trend.declared(), data, "V1")
    assert "S02" in series["weeks"]["site"]
    assert "S02" not in series["levels"]["site"]


@pytest.mark.parametrize("beside", [False, True])
def test_a_changing_mix_does_not_move_the_weeks_off_the_lines(beside):
    day = np.repeat(np.arange(84.0), 4)
    after, kind = (day >= 42).astype(float), (np.arange(336) * 7 % 100 < day).astype(int)
    changed = np.arange(336) % 2.0 if beside else None
    trend, other = (1.0, 0.9) if beside else (0.95, 1.0)
    product = after * changed if beside else after
    time = 30 * trend ** (day / 30) * other**after * 0.7**product * np.where(kind, 0.5, 1.0)
    given = {"trend": trend} if not beside else {"control_change": other}
    result = types.SimpleNamespace(estimate=0.7, **given)
    assert not np.allclose(time, 30 * trend ** (day / 30) * other**after * 0.7**product)
    even = time_points.at_one_mix(time, day, after, changed, kind, result)
    level = math.log(30) + kind.mean() * math.log(0.5)
    assert np.log(even) == pytest.approx(
        level + np.log(trend) * day / 30 + np.log(other) * after + np.log(0.7) * product
    )


def test_learning_of_another_mix_is_the_same_curve():
    number = np.arange(1.0, 65)
    kind = (np.arange(64) % 5 < number / 16).astype(int)  # more of the second kind with time
    time = 20 * 0.9 ** np.log2(number) * np.where(kind, 0.6, 1.0)
    found = time_points.learning(time, number, np.zeros(64, int), kind, 0.9)
    steps = np.log(found["time"]) - np.log(0.9) * np.log2(found["case"])
    assert np.ptp(steps) == pytest.approx(0, abs=1e-9)


def test_learning_is_by_doublings_with_centers_at_one_level():
    number = np.tile(np.arange(1.0, 17), 2)
    site = np.repeat([0, 1], 16)
    time = 20 * 0.9 ** np.log2(number) * np.where(site, 2.0, 0.5)
    found = time_points.learning(time, number, site, None, 0.9)
    assert found["n"].tolist() == [2, 4, 8, 16, 2]
    assert found["time"] == pytest.approx(20 * 0.9 ** np.log2(found["case"]))  # of both centers
    assert found["case"][1] == pytest.approx(math.sqrt(2 * 3))


def test_pairs_are_both_times_of_each_subject_with_both():
    tables = business.population(3)
    tables["F05"].loc[0, "room_time_min"] = None
    protocol = business.declared(business.throughput())
    series, found = points_of(protocol, tables, "T1")
    pairs = rows(series["pairs"])
    used = tables["F05"][tables["F05"]["completed"] == "yes"]
    used = used.dropna(subset=["room_time_min", "scan_time_s"])
    raw = used.pivot(index=["site_id", "subject_id"], columns="arm", values="room_time_min")
    expected = [(site, row["REF"], row["TEST"]) for (site, _), row in raw.dropna().iterrows()]
    assert sorted((p["site"], p["reference"], p["test"]) for p in pairs) == sorted(expected)
    assert found["T1.FAS.all.n"] == len(pairs)

"""Times before and after the product came, from the raw rows."""

import kit
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clinval.stats.throughput import time_trend as tt

SITES = ("S01", "S02", "S03", "S04")
START = pd.Timestamp("2026-02-01")
TREND = {
    "id": "V1", "kind": "time_trend", "measure": "room_time_min", "where": 'completed == "yes"',
}  # fmt: skip
# what the study decides on; the test is not about it
DECIDED = {
    **kit.QUALITY, "id": "Z1", "combine": "all", "method": "miettinen_nurminen",
    "centers": "pooled",
}  # fmt: skip


def declared(**said):
    return kit.protocol(
        design="parallel",
        sites=SITES,
        endpoints=[DECIDED, TREND | said],
    )


def tables(seed=1, *, sites=("S01", "S02", "S03")):
    """Rows of an examination a subject; S03 changes nothing, and some rows cannot be used."""
    rng = np.random.default_rng(seed)
    rows = []
    for site in sites:
        for number in range(120):
            day = int(rng.integers(0, 40))
            after = day >= 20
            change = {"S01": 0.7, "S02": 0.8}.get(site, 0.75)
            time = 30 * (change if after else 1) * np.exp(rng.normal(0, 0.15))
            rows.append(
                {
                    "site_id": site,
                    "subject_id": f"{site}-{number:03d}",
                    "arm": "TEST" if after else "REF",
                    "completed": "yes" if number % 17 else "no",
                    "acquisition_date": START + pd.Timedelta(days=day) if number % 23 else None,
                    "room_time_min": round(float(time), 1) if number % 19 else None,
                    "scan_time_s": 300.0 + number,
                    "acquisition_order": 1 + number % 2,
                }
            )
    outcomes = pd.DataFrame(rows)
    people = kit.enrolled(dict.fromkeys(sites, 0))
    people = outcomes[["site_id", "subject_id"]].assign(enrolled="yes")
    people["arm"] = outcomes["arm"]
    return {"F04": people, "F05": outcomes}


def usable(data, site=None):
    rows = data["F05"]
    rows = rows[rows["completed"] == "yes"]
    whole = len(rows) if site is None else int((rows["site_id"] == site).sum())
    rows = rows.dropna(subset=["acquisition_date", "room_time_min"])
    if site is not None:
        rows = rows[rows["site_id"] == site]
    day = (rows["acquisition_date"] - START).dt.days.to_numpy()
    after = (rows["arm"] == "TEST").to_numpy().astype(int)
    return rows["room_time_min"].to_numpy(), day, after, rows["site_id"].tolist(), whole


def check(found, place, result, names=("estimate", "ci_low", "ci_high")):
    for name in names:
        assert found[f"{place}.{name}"] == pytest.approx(getattr(result, name)), name


def test_each_center_and_all_of_them():
    data = tables()
    records = kit.run(declared(), data, "V1")
    found = kit.values(records)
    for site in ("S01", "S02", "S03"):
        time, day, after, _, whole = usable(data, site)
        result = tt.interrupted_series(time, day, after)
        names = ("estimate", "ci_low", "ci_high", "trend", "trend_ci_high", "unadjusted", "days")
        check(found, f"site={site}", result, names)
        assert found[f"site={site}.n"] == len(time)
        assert found[f"site={site}.n_before"] == (after == 0).sum()
        assert found[f"site={site}.missing"] == whole - len(time) > 0
    assert records["site=S04.estimate"].reason == "no time before the change, or none after it"
    time, day, after, site, whole = usable(data)
    result = tt.interrupted_series_two_stage(time, day, after, site)
    check(found, "all", result)
    assert found["all.p_equal"] == pytest.approx(result.p_value)
    check(found, "all", result, ("prediction_low", "prediction_high"))
    assert found["all.missing"] == whole - len(time)


def test_learning_counts_the_examinations_of_a_center_in_order():
    data = tables()
    found = kit.values(kit.run(declared(), data, "V1"))
    time, day, after, site, _ = usable(data)
    with_product = pd.DataFrame({"time": time, "day": day, "site": site})[after == 1]
    number = with_product.groupby("site")["day"].rank(method="min")
    result = tt.learning_curve(with_product["time"], number, center=with_product["site"].tolist())
    check(found, "analysis=learning", result, ("estimate", "ci_low", "first", "last", "excess"))


def test_beside_rooms_without_the_product_and_with_the_kind_of_examination():
    data = tables()
    said = {"changed": "acquisition_order == 1", "case_mix": "completed"}
    found = kit.values(kit.run(declared(**said), data, "V1"))
    rows = data["F05"]
    rows = rows[rows["completed"] == "yes"].dropna(subset=["acquisition_date", "room_time_min"])
    room = (rows["acquisition_order"] == 1).to_numpy().astype(int)
    time, day, after, site, _ = usable(data)
    result = tt.difference_in_differences_two_stage(time, day, after, room, site)
    check(found, "all", result)
    here = np.array(site) == "S02"
    own = tt.difference_in_differences(time[here], day[here], after[here], room[here])
    check(
        found, "site=S02", own, ("estimate", "ci_high", "control_change", "earlier_trend", "days")
    )
    assert "site=S02.trend" not in found
    with_product = (after == 1) & (room == 1)
    assert (
        kit.run(declared(**said), data, "V1")["analysis=learning.estimate"].n == with_product.sum()
    )


@pytest.mark.parametrize("sites", [("S01", "S02", "S03"), ("S01",)])
@pytest.mark.parametrize(
    ("said", "bound"),
    [
        ({"comparison": "superiority"}, 1.0),
        ({"comparison": "superiority", "margin": {"value": 0.8, **kit.MARGIN}}, 0.8),
        ({"comparison": "non_inferiority", "margin": {"value": 1.1, **kit.MARGIN}}, 1.1),
    ],
    ids=["faster", "by a fifth", "not slower"],
)
def test_what_is_shown_is_decided_by_the_limit(said, bound, sites):
    data = tables(sites=sites)
    found = kit.values(kit.run(declared(**said), data, "V1"))
    time, day, after, site, _ = usable(data)
    whole = (time, day, after)
    one = len(sites) == 1
    result = tt.interrupted_series(*whole) if one else tt.interrupted_series_two_stage(*whole, site)
    towards = stats.t.cdf(np.log(result.estimate / bound) / result.se, result.df)
    assert found["all.p_value"] == pytest.approx(towards, rel=1e-6)
    assert found["all.bound_high"] == bound
    shown = result.ci_high < bound
    assert shown == (found["all.p_value"] < 0.025)
    assert found["all.verdict"] == ("met" if shown else "not_met")
    assert found["all.p_equal"] == pytest.approx(result.p_value)


def test_what_has_no_ratio_shows_nothing():
    data = tables(sites=("S01",))
    data["F05"] = data["F05"][data["F05"]["arm"] == "REF"]
    records = kit.run(declared(comparison="superiority"), data, "V1")
    assert records["all.verdict"].value == "undefined"
    assert records["all.p_value"].reason == "no time before the change, or none after it"


def test_one_center_is_its_own_result():
    data = tables(sites=("S01",))
    records = kit.run(declared(), data, "V1")
    time, day, after, _, _ = usable(data)
    check(kit.values(records), "all", tt.interrupted_series(time, day, after))
    assert "all.prediction_low" not in records


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"date": "room_time_min"}, ["form-field-unknown"]),
        ({"date": "nothing"}, ["form-field-unknown"]),
        ({"case_mix": "room_time_min"}, ["form-field-unknown"]),
        ({"form": "F09"}, ["endpoint-form-unused"]),
        ({"changed": "room_time_min"}, ["rule-is-a-number"]),
        ({"measure": "completed == 'yes'"}, ["rule-is-a-truth"]),
        ({"comparison": "non_inferiority"}, ["margin-missing"]),
    ],
)
def test_each_misuse_is_found(said, kinds):
    found = kit.problems(design="parallel", sites=SITES, endpoints=[TREND | said])
    assert set(kinds) <= set(found), found


def test_before_and_after_are_groups_of_subjects():
    assert "design-does-not-fit" in kit.problems(design="paired", endpoints=[TREND])

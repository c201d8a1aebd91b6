"""Phantom measurements: a scanner counts once, and only at the settings that both arms have."""

from __future__ import annotations

import kit
import numpy as np
import pandas as pd
import pytest
from scipy import stats

MARGIN = {"value": 1.2, **kit.MARGIN}
NOISE = {
    "id": "N1",
    "kind": "phantom_comparison",
    "measure": "noise_hu",
    "estimate": "ratio",
    "comparison": "equivalence",
    "margin": MARGIN,
}
WATER = {
    "id": "N2",
    "kind": "phantom_comparison",
    "measure": "ct_number_water_hu",
    "where": 'scan_protocol != "WARM-UP"',
    "comparison": "non_inferiority",
    "direction": "lower_is_better",
    "margin": {"value": 3, **kit.MARGIN},
    "specification": "abs(ct_number_water_hu) <= 4",
}
KEYS = ["site_id", "scanner_serial", "scan_protocol"]


def declared(*endpoints, **more):
    return kit.protocol(
        forms=["F04", "F05", "F07", "F15"],
        endpoints=[{**kit.QUALITY, "id": "Z1"}, *endpoints],
        **more,
    )


def phantoms(seed=3):
    """Return measurements: numbers used at two sites, settings of one arm, values missing."""
    draw = np.random.default_rng(seed)
    rows = []
    for site in ("S01", "S02"):
        for scanner in ("1", "2", "3"):
            own = draw.normal(0, 0.05)
            for arm in ("TEST", "REF"):
                for settings in ("HEAD", "BODY", "WARM-UP"):
                    if settings == "BODY" and scanner == "3" and arm == "REF":
                        continue
                    for number in range(1, 4):
                        noise = np.exp(1.5 + own * (arm == "TEST") + draw.normal(0, 0.02))
                        row = {"site_id": site, "scanner_serial": scanner, "arm": arm,
                               "scan_protocol": settings, "measurement_number": number,
                               "measured_date": pd.Timestamp("2026-04-01"), "noise_hu": noise,
                               "ct_number_water_hu": draw.normal(1, 2)}  # fmt: skip
                        rows.append(row)
    table = pd.DataFrame(rows)
    table.loc[[0, 7], "noise_hu"] = np.nan
    table.loc[11, "noise_hu"] = 0.0
    return {"F15": table}


def by_scanner(table, measure):
    """Return the mean of each scanner in each arm, counted without the code under test."""
    cells = table.pivot_table(index=KEYS, columns="arm", values=measure).dropna()
    return cells.groupby(["site_id", "scanner_serial"])[["TEST", "REF"]].mean()


def test_a_ratio_is_that_of_scanners_at_the_settings_of_both_arms():
    tables = phantoms()
    found = kit.values(kit.run(declared(NOISE), tables, "N1"))
    table = tables["F15"]
    used = table[table["noise_hu"] > 0].assign(noise_hu=lambda t: np.log(t["noise_hu"]))
    each = by_scanner(used, "noise_hu")
    difference = each["TEST"] - each["REF"]
    low, high = stats.t.interval(0.95, len(each) - 1, difference.mean(), stats.sem(difference))
    assert found["all.n"] == len(each) == 6
    assert found["all.settings"] == 3 * 6 - 2
    assert found["all.missing"] == 3
    assert found["all.measurements"] == len(used) - 2 * 3  # BODY of scanner 3, one arm only
    assert found["all.estimate"] == pytest.approx(np.exp(difference.mean()))
    assert found["all.ci_low"] == pytest.approx(np.exp(low))
    assert found["all.ci_high"] == pytest.approx(np.exp(high))
    assert found["all.bound_low"] == pytest.approx(1 / 1.2)
    assert found["all.verdict"] == "met"
    assert found["all.second_engine"] == "agrees"
    assert found["all.worst_high"] == pytest.approx(np.exp(difference.max()))
    for (site, scanner), value in difference.items():
        assert found[f"site={site}+scanner={scanner}.estimate"] == pytest.approx(np.exp(value))
    assert found["arm=TEST.mean"] == pytest.approx(np.exp(each["TEST"].mean()))


def test_a_difference_is_tested_in_its_direction_and_held_against_a_specification():
    tables = phantoms()
    found = kit.values(kit.run(declared(WATER), tables, "N2"))
    table = tables["F15"][tables["F15"]["scan_protocol"] != "WARM-UP"]
    each = by_scanner(table, "ct_number_water_hu")
    again = stats.ttest_rel(each["TEST"], each["REF"] + 3, alternative="less")
    assert found["all.estimate"] == pytest.approx((each["TEST"] - each["REF"]).mean())
    assert found["all.p_value"] == pytest.approx(again.pvalue)
    assert found["all.not_paired"] == 0
    inside = table.assign(ok=table["ct_number_water_hu"].abs() <= 4)
    for arm in ("TEST", "REF"):
        of_arm = inside[inside["arm"] == arm].groupby(["site_id", "scanner_serial"])["ok"].all()
        assert found[f"arm={arm}.specified"] == len(of_arm)
        assert found[f"arm={arm}.within"] == of_arm.sum()
    assert found["arm=TEST.within"] < 6


@pytest.mark.parametrize(
    ("kept", "n", "reason"),
    [
        (lambda t: t["arm"] == "TEST", 0, "no pair"),
        (lambda t: (t["site_id"] == "S01") & (t["scanner_serial"] == "1"), 1, "fewer than two"),
    ],
)
def test_too_few_scanners_leave_it_undecided(kept, n, reason):
    table = phantoms()["F15"]
    records = kit.run(declared(NOISE), {"F15": table[kept(table)]}, "N1")
    assert records["all.n"].value == n
    assert records["all.ci_low"].undefined
    assert reason in records["all.ci_low"].reason
    assert records["all.verdict"].value == "undefined"


def test_scanners_that_all_differ_by_the_same_have_no_interval():
    table = phantoms()["F15"]
    table["noise_hu"] = np.where(table["arm"] == "TEST", 5.5, 5.0)
    records = kit.run(declared(NOISE), {"F15": table}, "N1")
    assert records["all.estimate"].value == pytest.approx(1.1)
    assert records["all.verdict"].value == "undefined"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"measure": "noise"}, "rule-column-unknown"),
        ({"measure": "noise_hu > 3"}, "rule-is-a-truth"),
        ({"specification": "noise_hu"}, "rule-is-a-number"),
        ({"scanner": "scanner"}, "form-field-unknown"),
        ({"form": "F05"}, "form-field-unknown"),
        ({"comparison": "non_inferiority"}, "key-missing"),
        ({"margin": {"status": "none_found"}}, "margin-without-value"),
        ({"also_sets": ["FAS"]}, "design-does-not-fit"),
    ],
)
def test_what_is_wrong_is_named(change, kind):
    found = kit.problems(
        forms=["F04", "F05", "F07", "F15"],
        endpoints=[{**kit.QUALITY, "id": "Z1"}, {**NOISE, **change}],
    )
    assert kind in found


def test_without_a_reference_there_is_nothing_to_compare():
    found = kit.problems(
        design="single_arm",
        forms=["F04", "F05", "F07", "F15"],
        endpoints=[NOISE],
    )
    assert "design-does-not-fit" in found

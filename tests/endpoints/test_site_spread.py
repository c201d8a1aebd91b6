"""Sites are told of the others by quantiles of at least five, computed again by other means."""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "report"))
import site_study

from clinval.core.records import Record
from clinval.endpoints.site_spread import FEWEST, QUANTILES, site_spread

SIZES = (40, 36, 30, 33, 52, 28)
FEW = {"failures": (6, 1, 7, 0, 2, 3), "refused": (2, 9, 0, 3, 1, 0)}


@pytest.fixture(scope="module")
def study():
    return site_study.study(SIZES, **FEW)


def values(results, endpoint, set_id, statistic):
    return [
        float(record.value)
        for record in results.where(endpoint=endpoint, analysis_set=set_id, statistic=statistic)
        if set(record.group) == {"site"} and record.value is not None
    ]


@pytest.mark.parametrize(
    ("endpoint", "set_id", "statistic"),
    [
        ("P1", "FAS", "estimate"), ("P1", "FAS", "n01"), ("M1", "FAS", "mean_test"),
        ("R1", "FAS", "estimate"), ("disposition", "", "received"),
        ("disposition", "FAS", "excluded.0"), ("disposition", "", "share_incomplete.F05"),
    ],
)  # fmt: skip
def test_quantiles_are_those_of_the_sites(study, endpoint, set_id, statistic):
    _, results = study
    found = values(results, endpoint, set_id, statistic)
    quartiles = statistics.quantiles(found, n=4, method="inclusive")
    wanted = dict(zip(QUANTILES, [min(found), *quartiles, max(found)], strict=True))
    prefix = f"{endpoint}.{set_id}." if set_id else f"{endpoint}."
    for name, value in wanted.items():
        record = results[f"{prefix}sites={name}.{statistic}"]
        assert record.value == pytest.approx(value)
        assert record.n == len(found) == len(SIZES)
        assert record.method == "sites.quantiles"
        assert record.group == {"sites": name}


def test_shares_of_incomplete_data_are_those_of_the_counts(study):
    _, results = study
    for site in (None, "S01", "S06"):
        where = f"site={site}." if site else "all."
        counts = {
            name: results[f"disposition.{where}{name}"].value
            for name in ("without.F07", "incomplete.F07", "enrolled")
        }
        share = results[f"disposition.{where}share_incomplete.F07"]
        assert counts["enrolled"] == (sum(SIZES) if site is None else SIZES[int(site[1:]) - 1])
        assert share.value == (counts["without.F07"] + counts["incomplete.F07"]) / share.n
        assert share.n == counts["enrolled"]


@pytest.mark.parametrize("sites", range(1, 7))
def test_of_fewer_than_five_sites_nothing_is_said(sites):
    _, results = site_study.study(SIZES[:sites])
    said = [record for record in results.records if "sites" in record.group]
    funnels = [series for series in results.series if ".funnel." in series.id]
    assert bool(said) == bool(funnels) == (sites >= FEWEST)


def test_a_site_without_a_value_does_not_count_as_one():
    _, results = site_study.study((40, 36, 30, 33, 0))
    assert results["disposition.sites=median.received"].n == 5
    assert results.get("P1.FAS.sites=median.estimate") is None


def test_money_inputs_and_mixed_units_stay_with_their_site(study):
    protocol, _ = study

    def of(endpoint, units):
        return [
            Record(id=f"{endpoint}.site={n}.x", endpoint=endpoint, group={"site": f"{n}"},
                   statistic="x", value=1.0 * n, unit=unit)
            for n, unit in enumerate(units)
        ]  # fmt: skip

    assert site_spread(protocol, of("P1", ["s"] * 5))[0]
    assert not site_spread(protocol, of("P1", ["EUR"] * 4 + ["CNY"]))[0]
    for private in ("inputs", "baseline"):
        assert not site_spread(protocol, of(private, ["s"] * 5))[0]


def test_limits_of_a_funnel_narrow_around_the_proportion_of_all_sites(study):
    _, results = study
    series = results.points("R1.FAS.funnel.estimate")
    whole = results["R1.FAS.all.estimate"].value
    sizes = series.columns["size"]
    assert (sizes[0], sizes[-1]) == (min(SIZES), max(SIZES))
    assert sizes == sorted(set(sizes))
    for near, far in (("low_95", "low_998"), ("high_998", "high_95")):
        pairs = zip(series.columns[near], series.columns[far], strict=True)
        assert all(a >= b for a, b in pairs)
    for low, high in zip(series.columns["low_95"], series.columns["high_95"], strict=True):
        assert low < whole < high


def test_subjects_that_differ_are_those_of_the_discordant_cells():
    _, results = site_study.study(SIZES, failures=(2, 0, 1), only_reference=(3, 0, 5))
    series = results.points("P1.FAS.differing")
    for number in range(1, len(SIZES) + 1):
        site = site_study.site_id(number)
        listed = [name for name in series.columns["site"] if name == site]
        cells = [results[f"P1.FAS.site={site}.{name}"].value for name in ("n10", "n01")]
        assert len(listed) == sum(cells)
    assert all(
        t != r for t, r in zip(*(series.columns[k] for k in ("test", "reference")), strict=True)
    )


def test_rows_of_one_subject_have_no_limits_of_chance():
    """Binomial limits are for independent subjects: rows that stay apart are none."""
    protocol, results = site_study.study(SIZES, **FEW)
    _, funnels = site_spread(protocol, results.records)
    assert any(series.id == "R1.FAS.funnel.estimate" for series in funnels)
    rows = [
        replace(record, unit="rows") if record.statistic == "trials" else record
        for record in results.records
    ]
    _, without = site_spread(protocol, rows)
    assert not any(series.id == "R1.FAS.funnel.estimate" for series in without)
    assert len(without) == len(funnels) - 1

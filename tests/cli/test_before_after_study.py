"""Before and after a product came: from workbooks with clock readings to what reports say.

The truth is known: the product makes visits take 0.75 times as long. A plain comparison of after
with before takes the trend and the easier cases for the product's work.
"""

from __future__ import annotations

import sys
from pathlib import Path

import before_after_study as study
import pytest

from clinval.cli.main import main
from clinval.core.records import Results

sys.path.append(str(Path(__file__).parents[1] / "report"))  # PDFs are read back there


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    root = study.written(tmp_path_factory.mktemp("trend") / "study")
    for command in ("ingest", "analyze"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--study", str(root)])
        assert ended.value.code == 0, command
    return root


@pytest.fixture(scope="module")
def found(studied):
    records = Results.load(studied / "results" / "results.json").records
    return {record.id: record.value for record in records}


@pytest.mark.parametrize("endpoint", ["P1", "S1"])
def test_the_change_is_found_through_trend_and_mix(endpoint, found):
    low, high = (found[f"{endpoint}.FAS.all.{name}"] for name in ("ci_low", "ci_high"))
    assert low < study.CHANGE < high < 1
    assert high - low < 0.2


def test_a_plain_comparison_would_have_claimed_more(found):
    for site in study.SITES:
        place = f"P1.FAS.site={site}"
        assert found[f"{place}.unadjusted"] < found[f"{place}.estimate"], site


def test_rooms_without_the_product_show_what_changed_anyway(found):
    changes = [found[f"S1.FAS.site={site}.control_change"] for site in study.SITES]
    assert all(0.9 < change < 1.02 for change in changes)


def test_a_claim_is_decided_by_the_limit(found):
    """Below 1 it is shown; that a quarter is cut is not, though the estimate may say so."""
    assert found["P1.FAS.all.verdict"] == "met"
    assert found["S1.FAS.all.bound_high"] == study.CHANGE < found["S1.FAS.all.ci_high"]
    assert found["S1.FAS.all.verdict"] == "not_met"


def test_readings_are_counted_as_they_were_made(found):
    visits = [row for site in study.SITES for row in study.returned(site)["F05"]]
    backwards = sum(row["room_out"] < row["room_in"] for row in visits)
    nights = len(study.SITES)
    counts = {
        name: found[f"S1.FAS.all.time.{name}"]
        for name in ("rows", "negative", "skipped", "clock_change", "used")
    }
    assert counts == {
        "rows": len(visits), "negative": backwards, "skipped": nights, "clock_change": nights,
        "used": len(visits) - backwards - nights,
    }  # fmt: skip
    assert backwards > 0


def test_reports_say_the_verdict_and_what_was_left_out(studied, found):
    import pdf_reading

    english = pdf_reading.flat(studied / "reports" / "fda.en.pdf")
    chinese = pdf_reading.flat(studied / "reports" / "hospital.zh.pdf")
    assert "Roomtimecutbyaquarter:superioritynotshown" in english
    assert "占用时间缩短四分之一：优效不成立" in chinese
    left_out = found["S1.FAS.all.time.negative"]
    assert f"{left_out}thatdonotendaftertheystart" in english
    assert f"结束不晚于开始{left_out}行" in chinese

"""What reports say of the cost of ownership, of missions and of trends of failures."""

from dataclasses import replace

import pytest
from component_study import LIFE, RATE, declared as declared_lives, devices as lives
from ownership_study import costs, declared, devices, economics
from test_pieces import analysed

from clinval.report.blocks import Callout, Number, Paragraph, Table, runs
from clinval.report.pieces import components, ownership

TERM = {"kind": "pro_rata", "until": {"value": 400, "source": "contract"}}


def said(blocks):
    """Return the text of blocks, a line a paragraph, row or note."""
    lines = []
    for block in blocks:
        if isinstance(block, Paragraph | Callout):
            lines.append(block.text)
        if isinstance(block, Table):
            lines += [block.caption, *(cell for row in block.rows for cell in row.cells)]
            lines += [column.header for column in block.columns] + list(block.notes)
    return [
        "".join(run.text if isinstance(run, Number) else str(getattr(run, "text", run))
                for run in runs(line))
        for line in lines
    ]  # fmt: skip


@pytest.fixture(scope="module")
def study():
    sites = {
        "S01": costs(test={"warranty": TERM, "lead_time_days": 20}, demand_per_day=20),
        "S02": costs(reference={"price": {"value": 9, "low": 5, "high": 13, "source": "offer"}}),
    }
    return analysed((declared(money=economics(sites)), devices()))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_costs_of_ownership_by_hospital(study, language):
    view = replace(study, language=language)
    endpoint = view.protocol.endpoint("W1")
    blocks = ownership.result(endpoint, view)
    costs_, replaced, parts, inputs = (block for block in blocks if isinstance(block, Table))
    lines = said(blocks)
    for site, row in zip(("S01", "S02", "S03"), costs_.rows, strict=True):
        printed = view.statistic(endpoint, "difference", {"site": site})
        if site != "S03":
            assert printed in runs(row.cells[3])
        else:
            assert view.texts.reason("no economic inputs were given") in row.cells
    assert len(replaced.rows) == len(parts.rows) == 4
    assert any("S01" in line and view.texts("ownership.none_lost", sites="S01") == line
               for line in lines)  # fmt: skip
    assert any(view.texts("ownership.warranty.pro_rata") in line for line in lines)
    assert view.texts("ownership.part.service") in lines
    assert len(inputs.columns) == 4
    assert any("9 (5" in line for line in lines)
    what, estimate, limits = ownership.headline(endpoint, view)
    assert estimate == (view.statistic(endpoint, "difference"),)
    assert len(limits) == 3
    assert "EUR" in what


def test_a_refused_life_is_said_in_the_place_of_the_difference():
    view = analysed((declared(), devices(failed=1)))
    endpoint = view.protocol.endpoint("W1")
    blocks = ownership.result(endpoint, view)
    assert sum(isinstance(block, Table) for block in blocks) == 2  # costs and inputs
    assert said(blocks).count("fewer than two distinct failure times") == 2


@pytest.fixture(scope="module")
def trends():
    endpoint = RATE | {
        "growth": {"began": "installed_date"},
        "mission": {"reliability": 0.8, "time": 800, "units": 12, "shape": 1.8},
    }
    return analysed((declared_lives(endpoint, LIFE), lives()))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_missions_targets_and_trends_of_failures(trends, language):
    view = replace(trends, language=language)
    blocks = components.aspect(view.protocol.endpoint("L2"), view, "decision")
    rate, target, mission, *_ = (block for block in blocks if isinstance(block, Callout))
    verdict = view.word("L2", "target_shown", set_id="FAS")
    assert target.title == view.texts(f"components.target_shown.{verdict}")
    for callout, statistic in ((target, "target_bound"), (mission, "mission_test_time")):
        assert view.statistic("L2", statistic, set_id="FAS") in runs(callout.text)
    growth = [block for block in blocks if isinstance(block, Table)][-1]
    assert len(growth.rows) == 3
    assert view.statistic("L2", "laplace_p_value", set_id="FAS") in runs(growth.rows[2].cells[-1])
    assert rate.tone in ("good", "bad")


def test_the_method_of_weibull_limits_is_named(trends):
    lines = said(components.result(trends.protocol.endpoint("L1"), trends))
    variant = trends.texts.method("survival.weibull_profile")["variant"]
    assert any(variant in line and "Under test, Reference, All" in line for line in lines)

"""What reports say of components beside their tables: who was left out, ages, causes, goals."""

import component_study
import kit
import pytest

from clinval.core.records import Results
from clinval.report.blocks import Paragraph, Table, numbers
from clinval.report.pieces import of_kind
from clinval.report.pieces.common import printed_text
from clinval.report.view import View


@pytest.fixture(scope="module")
def shown():
    """Return the whole result of an endpoint in a language, with its records."""
    mission = {"reliability": 0.6, "time": 300, "units": 12, "shape": 2}
    more = {"mission": mission, "growth": {"began": "installed_date"}}
    protocol = component_study.declared(component_study.LIFE, component_study.RATE | more)
    tables = component_study.devices()
    found = {}
    with kit.data(protocol, tables) as data:
        recorders = [kit.analyze(data, name) for name in ("L1", "L2")]
    results = Results(
        provenance={"synthetic": False, "data": {"state": "locked"}},
        records=tuple(record for one in recorders for record in one.records),
        series=tuple(series for one in recorders for series in one.series),
    )
    for language in ("en", "zh"):
        view = View(protocol=protocol, results=results, language=language)
        for name in ("L1", "L2"):
            endpoint = next(e for e in protocol.endpoints if e.id == name)
            blocks = of_kind(endpoint.kind).aspect(endpoint, view, "decision")
            found[name, language] = blocks
    return results, found


def text_of(rich):
    return "".join(
        printed_text(run) if not isinstance(run, str) else run
        for run in (rich if isinstance(rich, tuple) else (rich,))
    )


def records_of(blocks):
    return {number.record for number in numbers(blocks)}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_whoever_was_left_out_is_counted_below_the_table(shown, language):
    results, found = shown
    first = next(block for block in found["L1", language] if isinstance(block, Table))
    notes = [text_of(note) for note in first.notes]
    for reason in ("no_component", "no_time", "no_life", "no_cause"):
        number = results[f"L1.FAS.clock=calendar.{reason}"]
        assert number.value > 0
        assert number.id in records_of([first])
    words = "Left out: " if language == "en" else "未计入："
    assert sum(note.startswith(words) for note in notes) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_clocks_ages_and_causes_are_those_recorded(shown, language):
    results, found = shown
    printed = records_of(found["L1", language])
    place = "L1.FAS.clock=calendar"
    asked = [f"{place}.{name}" for name in ("b10_ratio", "shape_p_value", "logrank_p_value")]
    asked += [
        f"{place}+component={side}.{name}.600"
        for side in ("test", "reference")
        for name in ("survival", "survival_ci_low", "at_risk")
    ]
    causes = [record.id for record in results.records if record.statistic == "ended"]
    assert causes
    assert {*asked, *causes} <= printed


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_target_is_said_with_what_a_demonstration_needs(shown, language):
    _, found = shown
    target, mission = [block for block in found["L2", language] if isinstance(block, Paragraph)][
        -2:
    ]
    records = records_of([target])
    assert records >= {f"L2.FAS.all.{n}" for n in ("target", "target_shown")}
    assert records >= {f"L2.FAS.all.demonstration.{allowed}" for allowed in range(4)}
    records = records_of([mission])
    names = ("time", "survival", "lower_bound", "shown", "units.0", "units.3", "test_time")
    assert records >= {f"L2.FAS.all.mission_{name}" for name in names}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_trend_of_failures_is_shown_of_each_component(shown, language):
    _, found = shown
    table = [block for block in found["L2", language] if isinstance(block, Table)][-1]
    for place in ("component=test", "component=reference", "all"):
        for name in ("growth_shape", "growth_shape_ci_low", "laplace_p_value"):
            assert f"L2.FAS.{place}.{name}" in records_of([table])

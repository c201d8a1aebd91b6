"""What reports say of components beside their tables: who was left out, ages, causes."""

import dataclasses

import component_study
import kit
import pytest
import test_phantom_comparison

from clinval.core.records import Results
from clinval.report.blocks import Table, numbers
from clinval.report.disclosure import hidden
from clinval.report.pieces import of_kind
from clinval.report.pieces.common import printed_text
from clinval.report.pieces.site_components import site_components
from clinval.report.view import View


@pytest.fixture(scope="module")
def shown():
    """Return the records of an endpoint, and its whole result in each language."""
    protocol = component_study.declared(component_study.LIFE)
    tables = component_study.devices()
    found = {}
    with kit.data(protocol, tables) as data:
        recorder = kit.analyze(data, "L1")
    results = Results(
        provenance={"synthetic": False, "data": {"state": "locked"}},
        records=tuple(recorder.records),
        series=tuple(recorder.series),
    )
    for language in ("en", "zh"):
        view = View(protocol=protocol, results=results, language=language)
        endpoint = next(e for e in protocol.endpoints if e.id == "L1")
        found[language] = of_kind(endpoint.kind).aspect(endpoint, view, "decision")
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
    first = next(block for block in found[language] if isinstance(block, Table))
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
    printed = records_of(found[language])
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
def test_a_site_sees_its_own_components_even_if_they_are_few(language):
    tables = component_study.devices(n=9)
    measured = test_phantom_comparison.phantoms()["F15"]
    protocol = kit.protocol(
        sites=("S01", "S02", "S03"),
        forms=[*component_study.FORMS, "F15"],
        endpoints=[
            {**kit.QUALITY, "id": "Z1"}, component_study.LIFE, test_phantom_comparison.WATER,
        ],
    )  # fmt: skip
    with kit.data(protocol, tables | {"F15": measured}) as data:
        recorders = [kit.analyze(data, name) for name in ("L1", "N2")]
    results = Results(
        provenance={"synthetic": False, "data": {"state": "locked"}},
        records=tuple(record for one in recorders for record in one.records),
        series=(),
    )
    view = View(protocol=protocol, results=results, language=language, site="S02")
    own = view.protocol.model_copy(update={"sites": (protocol.site("S02"),)})
    blocks = site_components(dataclasses.replace(view, protocol=own))
    printed = records_of(blocks)
    assert {"L1.FAS.clock=calendar+site=S02.n", "N2.FAS.site=S02+scanner=3.estimate"} <= printed
    assert all("site=S02" in record for record in printed)
    n = results["L1.FAS.clock=calendar+site=S02.n"].value
    assert 0 < n < 5  # tubes are not people
    assert hidden(protocol, results, "S02", printed) == {}

"""Every difference of two versions is named, with the endpoints that refer to it."""

import inspect
from pathlib import Path

import amended_kit
import pytest

from clinval.endpoints import KINDS
from clinval.protocol import touching
from clinval.protocol.diff import differences, renamed_fields
from clinval.protocol.model import Protocol
from clinval.protocol.reading import read_protocol
from clinval.protocol.references import ECONOMIC_KINDS, References

LIBRARY = sorted((Path(__file__).parents[2] / "protocols").glob("*/protocol.yaml"))
ALL = ("P1", "P2", "A1", "T1", "V1")


def model(tmp_path, text):
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    reading = read_protocol(tmp_path / "p.yaml", KINDS)
    assert reading.draft is not None, [problem.line("en") for problem in reading.problems]
    return reading.draft


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return model(tmp_path_factory.mktemp("first"), amended_kit.FIRST)


@pytest.mark.parametrize("path", LIBRARY[-2:], ids=lambda path: path.parent.name)
def test_a_protocol_does_not_differ_from_itself(path):
    protocol = read_protocol(path, KINDS).draft
    assert differences(protocol, protocol).changes == ()


# What is changed, and the change that is to be named: part, item, kind, aspect, class, endpoints.
CHANGES = {
    "a label of an endpoint": (
        ("label: Scan time\n", "label: Time of the scan\n"),
        ("endpoints", "P2", "changed", "label", "administrative", ("P2",)),
    ),
    "a margin": (
        ("margin: {value: 0.5,", "margin: {value: 0.6,"),
        ("endpoints", "P2", "changed", "margin.value", "endpoint", ("P2",)),
    ),
    "the room time, on which the return is built": (
        ("room_minutes: room_time_min", "room_minutes: room_time_min * 2"),
        ("endpoints", "T1", "changed", "room_minutes", "endpoint", ("T1", "V1")),
    ),
    "limits of a field that an endpoint reads": (
        ("1800]}", "1800], range: [1, 90]}"),
        ("forms", "F05.scan_time_s", "changed", "range", "endpoint", ("P2", "T1", "V1")),
    ),
    "what is plausible for it": (
        ("scan_time_s: {expected: [60,", "scan_time_s: {expected: [50,"),
        ("forms", "F05.scan_time_s", "changed", "expected", "capture", ("P2", "T1", "V1")),
    ),
    "a field that nothing reads": (
        ("range: [-400, 400]", "range: [-400, 500]"),
        ("forms", "F05.coil_position_mm", "changed", "range", "capture", ()),
    ),
    "a field more": (
        ("- {id: start_time,", "- {id: note, type: text, label: Note}\n      - {id: start_time,"),
        ("forms", "F05.note", "added", "", "capture", ()),
    ),
    "a field less that a throughput reads": (
        ("drop: [ctdivol_mgy,", "drop: [repeat_reason, ctdivol_mgy,"),
        ("forms", "F05.repeat_reason", "removed", "", "capture", ()),
    ),
    "a code": (
        ("lateral: {en: Lateral,", "lateral: {en: Outer,"),
        ("forms", "F05.lesion_side", "changed", "codes.lateral", "capture", ()),
    ),
    "a code more": (
        ("    lateral: {en", "    both: {en: Both, zh: 两侧}\n    lateral: {en"),
        ("forms", "F05.lesion_side", "added", "codes.both", "capture", ()),
    ),
    "an edit check": (
        ("fires_when: scan_time_s > 3600", "fires_when: scan_time_s > 3700"),
        ("forms", "F05.F05-C11", "changed", "fires_when", "capture", ()),
    ),
    "who is in an analysis set": (
        ('any(F09, severity == "major")', 'any(F09, severity == "minor")'),
        ("analysis_sets", "PPS", "changed", "exclude", "endpoint", ("P1",)),
    ),
    "what a set is called": (
        ("label: Per-protocol set", "label: Per protocol"),
        ("analysis_sets", "PPS", "changed", "label", "administrative", ("P1",)),
    ),
    "a site": (
        ("    name: North Hospital", "    name: Northern Hospital"),
        ("sites", "S01", "changed", "name", "capture", ()),
    ),
    "how many a site plans": (
        ("planned_subjects: 3", "planned_subjects: 4"),
        ("sites", "S01", "changed", "planned_subjects", "capture", ()),
    ),
    "the order of testing": (
        ("order: [P1, P2]", "order: [P2, P1]"),
        ("multiplicity", "", "changed", "order", "endpoint", ("P1", "P2")),
    ),
    "the economics": (
        ("horizon_years: 5", "horizon_years: 6"),
        ("economics", "", "changed", "horizon_years", "endpoint", ("T1", "V1")),
    ),
    "the version of the product": (
        ("version: 2.1.0", "version: 2.2.0"),
        ("product", "", "changed", "version", "endpoint", ALL),
    ),
    "the sponsor": (
        ("sponsor: Example Imaging Ltd.", "sponsor: Example Imaging Inc."),
        ("study", "", "changed", "sponsor", "administrative", ()),
    ),
    "a reader by another code": (
        ("{id: R2, label: Reader 2}", "{id: R9, label: Reader 2}"),
        ("readers", "R2", "renamed", "id", "endpoint", ("P1", "A1")),
    ),
    "days of washout": (
        ("washout_days: 28", "washout_days: 30"),
        ("design", "", "changed", "washout_days", "capture", ()),
    ),
    "a report more": (
        ("- {audience: hospital}", "- {audience: hospital}\n  - {audience: nmpa, languages: [zh]}"),
        ("reports", "nmpa", "added", "", "administrative", ()),
    ),
}  # fmt: skip


def test_each_change_is_named_with_what_it_touches_and_nothing_else_is(first, tmp_path):
    text = amended_kit.FIRST
    for (old, new), _ in CHANGES.values():
        assert text.count(old), old
        text = text.replace(old, new, 1)
    found = {
        (c.part, c.item, c.kind, c.aspect, c.touches, c.endpoints)
        for c in differences(first, model(tmp_path, text)).changes
        if c.part != "codelists"  # where the field's list stands is no second change
    }
    assert found == {expected for _, expected in CHANGES.values()}


def test_a_difference_seen_from_behind_is_the_same_changes_undone(first, tmp_path):
    other = model(tmp_path, amended_kit.second())
    there, back = differences(first, other).changes, differences(other, first).changes
    undone = {"added": "removed", "removed": "added"}
    assert {(c.part, c.aspect, undone.get(c.kind, c.kind)) for c in there} >= {
        (c.part, c.aspect, c.kind) for c in back if c.part not in ("amendments", "forms")
    }
    assert {c.old for c in there if c.aspect == "margin.value"} == {"0.5"}


def test_a_rename_is_seen_where_all_but_the_name_is_alike(first, tmp_path):
    text = amended_kit.FIRST.replace("id: coil_position_mm", "id: coil_mm")
    assert renamed_fields(first, model(tmp_path, text)) == {"F05": {"coil_position_mm": "coil_mm"}}
    other = text.replace("Position of the coil", "Position of the knee")
    assert renamed_fields(first, model(tmp_path, other)) == {}


def test_a_declared_rename_is_one_even_where_more_has_changed(first, tmp_path):
    changes = differences(first, model(tmp_path, amended_kit.second())).changes
    assert [(c.old, c.new) for c in changes if c.kind == "renamed"] == [
        ("start_time", "scan_start")
    ]


def test_a_field_that_feeds_a_dropped_endpoint_still_counts(first, tmp_path):
    text = amended_kit.FIRST
    end = text[text.index("  - id: A1") : text.index("  - id: T1")]
    changes = differences(first, model(tmp_path, text.replace(end, ""))).changes
    assert [(c.part, c.item, c.kind, c.endpoints) for c in changes] == [
        ("endpoints", "A1", "removed", ("A1",))
    ]


def test_every_section_of_a_protocol_has_its_class():
    known = inspect.getsource(touching)
    sections = {name for name, field in Protocol.model_fields.items() if not field.exclude}
    assert [name for name in sections if f'"{name}"' not in known] == []


def test_the_kinds_that_need_economics_are_those_that_speak_of_them():
    speak = {
        name
        for name in KINDS
        if "economics" in inspect.getsource(inspect.getmodule(KINDS[name].Spec))
    }
    assert speak == ECONOMIC_KINDS


def test_an_endpoint_reads_its_measure_its_sets_and_its_subgroups():
    path = next(path for path in LIBRARY if path.parent.name == "dl-mri-fast")
    refs = References(read_protocol(path, KINDS).draft)
    read = refs.fields["P1"]
    assert {("F07", "image_quality"), ("F04", "enrolled"), ("F09", "severity"),
            ("F01", "scanner_vendor"), ("F04", "age_years")} <= read  # fmt: skip
    assert not {form for form, _ in read} & {"F11", "F08", "F10"}
    assert refs.sets["P1"] == {"FAS", "PPS"}
    assert refs.builds_on["V1"] == {"T1"}

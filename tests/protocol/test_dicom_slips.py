"""What a protocol says of images: what it comes to, and each slip named once, where it is."""

import pytest
from sound_study import change, marked, named, reading

from clinval.protocol.dicom import BURNED_IN
from clinval.protocol.diff import differences

IMAGES = """\
dicom:
  subject: folder
  arms:
    TEST: [{SeriesDescription: "*DL*"}, {folder: fast}]
    REF: [{SeriesDescription: "*conv*", Modality: MR}]
  gate:
    identity_removed: false
    private_creators: [SIEMENS MR HEADER]
    burned_in: [US, SC]
"""
FORM = ("  - F09\nanalysis_sets", "  - F09\n  - F16\nanalysis_sets")


def with_images(old="", new="", *, form=FORM):
    """Return the sound text with the section, a part of it replaced."""
    assert IMAGES.count(old) == 1 or not old
    section = IMAGES.replace(old, new) if old else IMAGES
    return change(form, ("\nreports:\n", f"\n{section}reports:\n"))


SLIPS = {
    "dicom-missing": change(("  - F09\nanalysis_sets", "  - F09\n  - «F16\nanalysis_sets")),
    "dicom-form-missing": change(("\nreports:\n", f"\n«{IMAGES}reports:\n")),
    "dicom-arm-unknown": with_images("    REF: [{Ser", "    «CTRL: [{Ser"),
    "dicom-arms-missing": change(
        FORM, ("\nreports:\n", "\n«dicom:\n  subject: folder\nreports:\n")
    ),
    "dicom-arms-alike": with_images(
        '{SeriesDescription: "*conv*", Modality: MR}', '«{SeriesDescription: "*dl*"}'
    ),
    "dicom-form-keys": with_images(
        form=(FORM[0], FORM[1].replace("- F16", "- use: F16\n    «keys: [subject_id]"))
    ),
}

OTHERS = {
    "yaml-key-unknown": with_images('{SeriesDescription: "*DL*"}', '{SeriesName: «"*DL*"}'),
    "value-missing": with_images("{folder: fast}", "«{}"),
    "value-not-of-list": with_images("subject: folder", "subject: «accession"),
    "value-not-yes-no": with_images("identity_removed: false", "identity_removed: «no"),
    "value-not-of-form": with_images("burned_in: [US, SC]", "burned_in: [US, «sc]"),
    "value-not-list": with_images('[{SeriesDescription: "*conv*", Modality: MR}]', '«"*conv*"'),
}


def test_a_study_says_how_its_images_are_told_apart(tmp_path):
    text = with_images()
    assert named(text, tmp_path) == []
    dicom = reading(text, tmp_path).protocol.dicom
    assert dicom.subject == "folder"
    assert dicom.arms["TEST"] == ({"SeriesDescription": "*DL*"}, {"folder": "fast"})
    assert not dicom.gate.identity_removed
    assert dicom.gate.private_creators == ("SIEMENS MR HEADER",)
    assert dicom.gate.burned_in == ("US", "SC")


def test_a_study_that_says_little_has_the_strict_gate(tmp_path):
    text = change(
        FORM, ("\nreports:\n", "\ndicom:\n  arms:\n    TEST: [{Modality: MR}]\nreports:\n")
    )
    assert named(text, tmp_path) == []
    dicom = reading(text, tmp_path).protocol.dicom
    assert dicom.subject == "patient_id"
    assert dicom.gate.identity_removed
    assert dicom.gate.private_creators == ()
    assert dicom.gate.burned_in == BURNED_IN


@pytest.mark.parametrize("kind", {**SLIPS, **OTHERS})
def test_one_slip_of_images_is_named_once_where_it_is(kind, tmp_path):
    text, places = marked({**SLIPS, **OTHERS}[kind])
    found = reading(text, tmp_path)
    where = [(p.place.line, p.place.column, p.kind) for p in found.problems]
    assert where == [(*place, kind) for place in places]
    for problem in found.problems:
        assert problem.line("en") != problem.line("zh")
        assert "{{" not in problem.line("en") + problem.line("zh")


def test_sites_are_not_asked_for_what_headers_say(tmp_path):
    protocol = reading(with_images(), tmp_path).protocol
    assert [form.id for form in protocol.forms] == ["F04", "F05", "F07", "F09", "F16"]
    assert [form.id for form in protocol.asked_forms] == ["F04", "F05", "F07", "F09"]


def test_other_patterns_are_a_change_of_what_is_captured(tmp_path):
    before = reading(with_images(), tmp_path).protocol
    after = reading(with_images("folder: fast", "folder: quick"), tmp_path).protocol
    [change_] = differences(before, after).changes
    assert (change_.part, change_.touches, change_.endpoints) == ("dicom", "capture", ())
    assert "quick" in change_.new

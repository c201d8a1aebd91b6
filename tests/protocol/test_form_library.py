"""The form library: every form is sound, in both languages, and its checks do what they say."""

import re

import pytest

from clinval.core.expressions import parse
from clinval.core.problems import Problems
from clinval.core.resources import folder
from clinval.protocol.base import Text
from clinval.protocol.examples import OneRow, fires
from clinval.protocol.form_library import (
    SITE,
    BrokenLibraryError,
    adapt,
    library_codelists,
    library_form,
)
from clinval.protocol.forms import Check, Example, Field, FieldChange, FormUse, form_files
from clinval.protocol.rules import check_rule
from clinval.protocol.source import read

FORMS = {name: library_form(name) for name in form_files()}
CHECKS = [(form, check) for form in FORMS.values() for check in form.checks]
RAW = {
    name: read(path.read_text(encoding="utf-8"), path.name, Problems()).content
    for name, path in form_files().items()
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def texts_of(content, path=""):
    """Yield every text in two languages of a file, with its path."""
    if isinstance(content, dict) and "en" in content:
        yield path, content
    elif isinstance(content, dict):
        for key, inner in content.items():
            yield from texts_of(inner, f"{path}.{key}")
    elif isinstance(content, list):
        for index, inner in enumerate(content):
            yield from texts_of(inner, f"{path}.{index}")


def refuse(kind, path, offset=0, **parameters):
    raise AssertionError((kind, path, offset, parameters))


# ---------------------------------------------------------------------- the library


def test_the_forms_are_numbered_without_a_gap():
    assert list(FORMS) == [f"F{number:02}" for number in range(1, len(FORMS) + 1)]
    assert len(FORMS) >= 13


@pytest.mark.parametrize(
    "path",
    [*form_files().values(), folder("site_templates") / "codelists.yaml"],
    ids=lambda path: path.stem,
)
def test_files_have_no_slip_in_yaml_and_every_text_in_both_languages(path):
    problems = Problems()
    content = read(path.read_text(encoding="utf-8"), path.name, problems).content
    assert [problem.line("en") for problem in problems] == []
    found = dict(texts_of(content))
    assert found
    for where, text in found.items():
        assert set(text) == {"en", "zh"}, where
        assert not CHINESE.search(text["en"]), where
        assert CHINESE.search(text["zh"]) or text["zh"] == text["en"], where
        assert text["en"].strip() == text["en"], where
        assert text["zh"].strip() == text["zh"], where


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_form_is_as_its_file_says_with_the_site_in_front(form):
    raw = RAW[form.id]
    assert raw["id"] == form.id
    assert [field.id for field in form.fields] == ["site_id", *(f["id"] for f in raw["fields"])]
    assert form.fields[0] == SITE
    names = [field.id for field in form.fields]
    assert len(set(names)) == len(names)
    assert set(form.keys) <= set(names)
    for key in form.keys:
        assert form.field(key).required
        assert form.field(key).when is None
    types = {field.id: field.type for field in form.fields}
    assert types.get("subject_id", "subject") == "subject"
    assert types.get("arm", "arm") == "arm"
    assert types.get("reader_id", "reader") == "reader"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_fields_have_codes_and_limits_that_fit_their_type(form):
    for field in form.fields:
        assert (field.type in ("choice", "scale")) == bool(field.codelist), field.id
        assert not isinstance(field.codes, str), field.id
        if field.type == "scale":
            assert list(field.codelist) == ["1", "2", "3", "4", "5"], field.id
        for limits in (field.range, field.expected):
            low, high = limits or (None, None)
            assert low is None or high is None or low < high, field.id
        if field.range and field.expected:
            for inner, outer, side in zip(field.expected, field.range, (1, -1), strict=True):
                assert inner is None or outer is None or side * inner >= side * outer, field.id
        if field.numeric and field.type != "scale":
            assert field.range, field.id
        assert field.unit is None or field.unit.isascii(), field.id


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_rules_of_a_form_can_be_used(form):
    for field in form.fields:
        if field.when:
            assert check_rule(field.when, FORMS, form.id, refuse)
            assert field.id not in {name for _, name in parse(field.when).names}
    for check in form.checks:
        assert check_rule(check.fires_when, FORMS, form.id, refuse)


def test_every_code_list_is_used_and_every_named_one_exists():
    named = {field["codes"] for raw in RAW.values() for field in raw["fields"] if "codes" in field}
    assert named == set(library_codelists())


@pytest.mark.parametrize(("form", "check"), CHECKS, ids=lambda item: item.id)
def test_a_check_fires_on_its_example_and_not_on_the_other(form, check):
    assert check.id.startswith(f"{form.id}-")
    assert fires(check, form, check.example.fires)
    assert not fires(check, form, check.example.silent)
    assert not fires(check, form, {})
    read_names = {name for _, name in parse(check.fires_when).names}
    for row in (check.example.fires, check.example.silent):
        assert set(row) == read_names or set(row) < read_names
        for name, value in row.items():
            codes = form.field(name).codelist
            code = f"{value:g}" if isinstance(value, float) else value
            assert code is None or not codes or code in codes


def test_ids_of_checks_are_unique():
    ids = [check.id for _, check in CHECKS]
    assert len(set(ids)) == len(ids)


def test_a_broken_file_of_the_library_is_no_mistake_of_the_user(monkeypatch, tmp_path):
    for text in ("id: F01\nnome: x\n", "id: F01\nid: F01\n"):
        (tmp_path / "F01_site.yaml").write_text(text, encoding="utf-8")
        monkeypatch.setattr(
            "clinval.protocol.form_library.form_files", lambda: {"F01": tmp_path / "F01_site.yaml"}
        )
        with pytest.raises(BrokenLibraryError, match=r"F01_site\.yaml"):
            library_form.__wrapped__("F01")


def test_an_example_holds_numbers_dates_and_codes_as_people_write_them():
    form = FORMS["F05"]
    row = {"scan_time_s": 600.0, "acquisition_date": "2026-03-02", "completed": "yes"}
    scope = OneRow(form, row)
    assert scope.column("scan_time_s").tolist() == [600.0]
    assert str(scope.column("acquisition_date")[0]) == "2026-03-02T00:00:00"
    assert list(scope.column("completed")) == ["yes"]
    assert list(OneRow(form, {"completed": 1.0}).column("completed")) == ["1"]
    for name in ("scan_time_s", "acquisition_date"):
        with pytest.raises(ValueError, match=r"convert|parsing"):
            OneRow(form, {name: "soon"}).column(name)
    with pytest.raises(ValueError, match="count"):
        scope.aggregate("count", "F07", None)


# ---------------------------------------------------------------------- what a study makes of it


def adapted(codelists=None, **use):
    """Return a form as a study uses it, and what is wrong with the use."""
    found = []

    def report(kind, path, **parameters):
        found.append((kind, path, parameters))

    return adapt(FormUse(use="F05", **use), codelists or {}, report), found


def names(form):
    return [field.id for field in form.fields]


SIDES = {"left": Text(en="Left"), "right": Text(en="Right")}


def field(name, kind="number", **more):
    return Field(id=name, type=kind, label=Text(en=name), **more)


def check(name, rule="scan_time_s > 5"):
    return Check(
        id=name,
        severity="minor",
        fires_when=rule,
        message=Text(en="m"),
        example=Example(fires={}, silent={}),
    )


def test_a_form_used_as_it_is_is_the_form_of_the_library():
    form, found = adapted()
    assert form == FORMS["F05"]
    assert found == []


def test_fields_are_added_dropped_and_changed():
    form, found = adapted(
        add=(field("coil_mm", range=(0.0, 5.0)),),
        drop=("ctdivol_mgy", "dlp_mgy_cm"),
        change={"room_time_min": FieldChange(required=True, expected=None, label=Text(en="Room"))},
    )
    assert found == []
    assert names(form) == [
        name for name in names(FORMS["F05"]) if name not in ("ctdivol_mgy", "dlp_mgy_cm")
    ] + ["coil_mm"]
    room, before = form.field("room_time_min"), FORMS["F05"].field("room_time_min")
    assert (room.required, room.expected, room.label.en) == (True, None, "Room")
    assert (room.range, room.unit, room.when) == (before.range, before.unit, before.when)
    assert FORMS["F05"].field("room_time_min").required is False


def test_nothing_written_for_a_label_is_no_change():
    form, _ = adapted(change={"scan_time_s": FieldChange(label=None, required=None, help=None)})
    changed = form.field("scan_time_s")
    assert changed.label == FORMS["F05"].field("scan_time_s").label
    assert changed.required is True
    assert changed.help is None


def test_name_purpose_rows_keys_and_whether_it_may_be_empty():
    form, found = adapted(
        name=Text(en="Scan"), purpose=Text(en="Fill it."), rows="open", optional=True,
        keys=("subject_id",), drop=("arm",),
    )  # fmt: skip
    assert found == []
    assert form.purpose.en == "Fill it."
    assert (form.name.en, form.rows, form.optional, form.keys) == (
        "Scan",
        "open",
        True,
        ("subject_id",),
    )
    form, _ = adapted()
    assert (form.rows, form.optional) == ("planned", False)
    assert form.purpose == FORMS["F05"].purpose


def test_a_key_is_required():
    form, found = adapted(
        keys=("subject_id", "series"), drop=("arm",), add=(field("series", "integer"),)
    )
    assert found == []
    assert form.field("series").required


def test_codes_come_from_the_study_then_from_the_library():
    form, found = adapted(
        codelists={"side": SIDES, "yes_no": {"1": Text(en="Yes")}},
        add=(
            field("lesion_side", "choice", codes="side"),
            field("agreed", "choice", codes="yes_no"),
            field("motion", "choice", codes="severity"),
            field("own", "choice", codes={"a": Text(en="A")}),
        ),
        change={"repeat_reason": FieldChange(codes="side")},
    )
    assert found == []
    assert list(form.field("lesion_side").codelist) == ["left", "right"]
    assert list(form.field("repeat_reason").codelist) == ["left", "right"]
    assert list(form.field("agreed").codelist) == ["1"]
    assert list(form.field("motion").codelist) == ["mild", "moderate", "severe"]
    assert list(form.field("own").codelist) == ["a"]
    assert list(form.field("repeated").codelist) == ["yes", "no"]


def test_checks_are_added_and_dropped_and_go_with_the_fields_they_read():
    form, found = adapted(checks=(check("F05-C11"),), drop_checks=("F05-C03",))
    assert found == []
    assert [check.id for check in form.checks] == ["F05-C01", "F05-C02", "F05-C11"]
    form, found = adapted(drop=("ctdivol_mgy",))
    assert found == []
    assert [check.id for check in form.checks] == ["F05-C01", "F05-C03"]


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (
            {"drop": ("arm_", "coil")},
            [("form-field-unknown", ("drop", 0)), ("form-field-unknown", ("drop", 1))],
        ),
        ({"change": {"scantime": FieldChange()}}, [("form-field-unknown", ("change", "scantime"))]),
        ({"keys": ("subject_id", "serie")}, [("form-field-unknown", ("keys", 1))]),
        ({"drop": ("arm",)}, [("form-field-needed", ("drop", 0))]),
        ({"drop": ("site_id",)}, [("form-field-needed", ("drop", 0))]),
        ({"drop": ("repeated",)}, [("form-field-needed", ("drop", 0))]),
        ({"drop": ("repeated", "repeat_reason")}, []),
        ({"drop": ("repeated",), "change": {"repeat_reason": FieldChange(when=None)}}, []),
        (
            {"add": (field("arm"), field("x"), field("x"))},
            [("form-field-twice", ("add", 0, "id")), ("form-field-twice", ("add", 2, "id"))],
        ),
        ({"add": (field("scan_time_s", "text"),), "drop": ("scan_time_s",)}, []),
        (
            {"add": (field("x", "choice", codes="nothing"),)},
            [("codelist-unknown", ("add", 0, "codes"))],
        ),
        (
            {"change": {"repeated": FieldChange(codes="nothing")}},
            [("codelist-unknown", ("change", "repeated", "codes"))],
        ),
        ({"drop_checks": ("F05-C09",)}, [("form-check-unknown", ("drop_checks", 0))]),
        ({"checks": (check("F05-C01"),)}, [("form-check-twice", ("checks", 0, "id"))]),
        (
            {"checks": (check("F05-C11"), check("F05-C11"))},
            [("form-check-twice", ("checks", 1, "id"))],
        ),
        ({"checks": (check("F05-C01"),), "drop_checks": ("F05-C01",)}, []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_use_is_named_at_its_place(use, expected):
    _, found = adapted(**use)
    assert [(kind, path) for kind, path, _ in found] == expected
    for _, _, parameters in found:
        assert parameters["form"] == "F05"


def test_a_dropped_field_names_what_needs_it():
    _, ((_, _, parameters),) = adapted(drop=("repeated",))
    assert parameters == {"form": "F05", "field": "repeated", "by": "repeat_reason"}
    _, ((_, _, parameters),) = adapted(drop=("arm",))
    assert parameters["by"] == "keys"

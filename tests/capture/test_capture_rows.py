"""Rows: keys, duplicates, what must be filled, what is asked."""

import datetime

import numpy as np
import pytest

from clinval.protocol.base import Text
from clinval.protocol.forms import Check, Example, Field, FormUse

EXAMPLE = Example(fires={}, silent={})


def _frame(returned, form):
    return next(part.frame for part in returned.forms if part.form == form)


def _held(returned, form):
    frame = _frame(returned, form)
    return {key: kind for key, kind in zip(frame["_key"], frame["_held"], strict=True) if kind}


def test_rows_not_started_are_ignored(fill, content, kinds):
    content["F05"] = content["F05"][:1]
    returned = fill(content).read()
    assert kinds(returned) == []
    assert len(_frame(returned, "F05")) == 1


def test_a_row_without_key(filled, kinds):
    returned = filled.set("F05", "B4", None).read()
    assert kinds(returned) == [("key-part-missing", "F05!B4")]
    assert _held(returned, "F05") == {"? | REF": "key-part-missing"}
    assert len(_frame(returned, "F05")) == 6


def test_a_missing_code_is_no_key(filled, kinds):
    returned = filled.set("F05", "C4", "NA").read()
    assert kinds(returned) == [("key-part-missing", "F05!C4")]


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "kind"),
    [
        ("F05", "B4", "S01-112", "key-unknown"),
        ("F05", "B4", "Wang Fang", "key-unknown"),
        ("F05", "C4", "PLACEBO", "key-unknown"),
        ("F07", "D5", "R9", "key-unknown"),
        ("F05", "B4", "S02-001", "subject-of-other-site"),
        ("F05", "A4", "S02", "row-of-other-site"),
        ("F05", "A4", "Total", "row-of-other-site"),
    ],
)
def test_a_row_whose_key_is_not_known_is_held(filled, kinds, sheet, cell, value, kind):
    clean = _frame(filled.read(), sheet)
    returned = filled.set(sheet, cell, value).read()
    assert kinds(returned) == [(kind, f"{sheet}!{cell}")]
    frame = _frame(returned, sheet)
    held = frame["_held"].notna()
    assert frame.loc[held, "_held"].tolist() == [kind]
    assert frame[~held].drop(columns="_held").equals(clean[~held].drop(columns="_held"))
    assert value not in str(frame.to_dict()) or value == "Total"


def test_an_unknown_subject_without_data_is_told_too(fill, content, kinds):
    content["F05"] = content["F05"][:1]
    assert kinds(fill(content).set("F05", "B8", "S01-112").read()) == [("key-unknown", "F05!B8")]


def test_a_workbook_filled_with_rows_of_another_site(fill, protocol, content, kinds):
    def relabel(workbook):
        for row in range(3, 9):
            workbook["F05"].cell(row, 1).value = "S02"

    returned = fill(content).edit(relabel).read()
    assert set(_held(returned, "F05").values()) == {"row-of-other-site"}
    assert len(kinds(returned)) == 6
    del protocol


def test_equal_rows_are_one(filled, kinds):
    clean = _frame(filled.read(), "F05")

    def repeat(workbook):
        sheet = workbook["F05"]
        for cell in sheet[3]:
            sheet.cell(9, cell.column).value = cell.value

    returned = filled.edit(repeat).read()
    assert kinds(returned) == [("row-repeated", "F05!C9")]
    frame = _frame(returned, "F05")
    assert frame["_held"].tolist() == [None] * 6 + ["row-repeated"]
    assert frame[:6].drop(columns="_held").equals(clean.drop(columns="_held"))
    assert "row 3" in returned.defects[0].problem.says("en")


def test_rows_of_one_key_that_differ_are_all_held(filled, kinds):
    returned = (
        filled.set("F05", "B4", "S01-001").set("F05", "C4", "TEST").set("F05", "H4", 300).read()
    )
    assert kinds(returned) == [("rows-contradict", "F05!C3"), ("rows-contradict", "F05!C4")]
    assert _frame(returned, "F05")["_held"].tolist()[:2] == ["rows-contradict"] * 2
    assert "row 4" in returned.defects[0].problem.says("en")
    assert "row 3" in returned.defects[1].problem.says("en")


def test_rows_added_without_site_get_the_site(filled, kinds):
    def add(workbook):
        sheet = workbook["F05"]
        sheet["B4"], sheet["A4"] = "S01-001", None

    returned = filled.edit(add).read()
    assert kinds(returned) == [("site-filled-in", "F05!A4")]
    assert _frame(returned, "F05")["site_id"].tolist() == ["S01"] * 6


def test_numbered_rows_have_plain_keys(fill, make_protocol):
    of = make_protocol(forms=("F04", "F08"))
    event = {"subject_id": "S01-001", "event_number": 2, "event_type": "device_deficiency"}
    assert _frame(fill({"F08": [event]}, of=of).read(), "F08")["_key"].tolist() == ["S01-001 | 2"]


def test_dates_may_be_keys(fill, make_protocol):
    visit = Field(id="visit", type="date", label=Text(en="Visit"))
    use = FormUse(use="F06", add=(visit,), keys=("subject_id", "visit"), rows="open")
    of = make_protocol(forms=("F04", "F06"), uses={"F06": use})
    rows = [{"subject_id": "S01-001", "visit": "2026-03-04"}, {"subject_id": "S01-001"}]
    returned = fill({"F06": [{**row, "blinded": "yes"} for row in rows]}, of=of).read()
    assert _frame(returned, "F06")["_key"].tolist() == ["S01-001 | 2026-03-04", "S01-001 | ?"]


# ---------------------------------------------------------------------- what must be filled


def test_a_mandatory_cell_left_empty(filled, kinds):
    returned = filled.set("F05", "G3", None).set("F05", "H3", None).read()
    assert kinds(returned) == [("required-is-empty", "F05!H3")]  # the order is not mandatory


@pytest.mark.parametrize("code", ["ND", "NA", "UNK"])
def test_missing_codes_are_answers(filled, kinds, code):
    returned = filled.set("F05", "H3", code).read()
    assert kinds(returned) == []
    frame = _frame(returned, "F05")
    assert np.isnan(frame["scan_time_s"][0])
    assert f"scan_time_s={code}" in frame["_missing"][0]


def test_what_does_not_apply_need_not_be_filled(fill, content, kinds):
    content["F05"][0] = {
        "subject_id": "S01-001",
        "arm": "TEST",
        "completed": "no",
        "incomplete_reason": "subject_absent",
    }
    assert kinds(fill(content).read()) == []


def test_what_does_not_apply_and_is_filled_is_asked(filled, kinds):
    returned = filled.set("F05", "E3", "safety | For safety").read()
    assert kinds(returned) == [("value-not-applicable", "F05!E3")]
    assert str(returned.defects[0].problem.severity) == "query"
    assert _frame(returned, "F05")["incomplete_reason"][0] == "safety"  # the value stands


def test_a_missing_code_where_nothing_applies_is_fine(filled, kinds):
    assert kinds(filled.set("F05", "E3", "NA").read()) == []


def test_where_it_is_unknown_whether_a_field_applies(filled, kinds):
    # completed is not known, so nothing that depends on it is needed, and may stand
    assert kinds(filled.set("F05", "D3", "UNK").set("F05", "J3", None).read()) == []


def test_a_rejected_value_is_not_reported_as_empty_too(filled, kinds):
    assert kinds(filled.set("F05", "H3", "long").read()) == [("number-not-read", "F05!H3")]


# ---------------------------------------------------------------------- edit checks


def test_a_check_asks_and_the_data_stand(filled, kinds):
    returned = filled.set("F05", "I3", 2).read()
    assert kinds(returned) == [("unit-unexpected", "F05!I3"), ("critical-check-fires", "F05!I3")]
    assert returned.defects[0].problem.parameters["other"] == "h"
    check = returned.defects[1]
    assert check.problem.parameters["check"] == "F05-C01"
    assert check.problem.severity == "error"
    assert "Room time is shorter" in check.problem.line("en")
    assert "检查室占用时间短于" in check.problem.line("zh")
    assert check.key == "S01-001 | TEST"
    assert _frame(returned, "F05")["room_time_min"][0] == 2.0


def test_checks_do_not_fire_on_what_was_not_accepted(filled, kinds):
    assert ("critical-check-fires", "F05!I3") not in kinds(filled.set("F05", "I3", "2 min").read())


def test_checks_of_missing_values(fill, make_protocol, kinds):
    of = make_protocol(forms=("F04", "F08"))
    event = {
        "subject_id": "S01-001", "event_number": 1, "event_type": "adverse_event", "arm": "TEST",
        "description": "headache", "onset_date": "2026-03-04", "severity": "mild", "serious": "yes",
        "relatedness": "unlikely", "action": "none", "outcome": "recovered",
        "end_date": "2026-03-05",
    }  # fmt: skip
    returned = fill({"F08": [event]}, of=of).read()
    fired = [d.problem.parameters["check"] for d in returned.defects]
    assert fired == ["F08-C05", "F08-C01"]
    # a date that cannot be read is there, though not accepted: C01 must not say it is missing
    returned = fill({"F08": [{**event, "reported_date": "04/05/2026"}]}, of=of).read()
    assert ("date-ambiguous", "F08!O3") in kinds(returned)
    assert "F08-C01" not in str(returned.defects)


def test_a_lost_column_silences_its_checks(fill, make_protocol):
    of = make_protocol(forms=("F04", "F08"))
    event = {"subject_id": "S01-001", "event_number": 1, "serious": "yes"}
    done = fill({"F08": [event]}, of=of)
    done.edit(lambda workbook: workbook["F08"].delete_cols(15))
    assert "F08-C01" not in str(done.read().defects)


def test_checks_over_other_forms_go_by_the_subject(fill, make_protocol, content):
    checks = tuple(
        Check(
            id=f"F04-C9{number}",
            severity="minor",
            fires_when=rule,
            message=Text(en="?"),
            example=EXAMPLE,
        )
        for number, rule in enumerate(
            [
                "count(F05) != 2",
                "any(F05, scan_time_s > 300)",
                "all(F07, image_quality == 4)",
                "count(F07, call == 'positive') >= 2",
            ]
        )
    )
    of = make_protocol(uses={"F04": FormUse(use="F04", checks=checks)})
    content["F05"].pop()  # S01-003 has one acquisition
    content["F05"][0]["scan_time_s"] = 301
    content["F07"][4]["image_quality"] = 3  # S01-002
    content["F07"][0]["call"] = content["F07"][1]["call"] = "positive"
    fired = {
        (defect.problem.parameters["check"], defect.key)
        for defect in fill(content, of=of).read().defects
    }
    assert fired == {
        ("F04-C90", "S01-003"),
        ("F04-C91", "S01-001"),
        ("F04-C92", "S01-001"),
        ("F04-C92", "S01-003"),
        ("F04-C93", "S01-001"),
    }


def examples(form, example) -> list[dict]:
    """Return a row for each check of a form, keyed apart; one where a site has one row."""
    rows = []
    for index, check in enumerate(form.checks):
        key = {
            "subject_id": f"S01-0{index + 1:02d}",
            "arm": "TEST",
            "reader_id": f"R{index + 1}",
            "event_number": index + 1,
            "deviation_number": index + 1,
            "device_serial": f"SN{index}",
        }
        key = {name: key[name] for name in form.keys if name != "site_id"}
        rows.append({**key, **getattr(check.example, example)})
    return rows[:1] if form.keys == ("site_id",) else rows


def test_examples_of_the_library_fire_and_stay_silent(fill, make_protocol):
    """Every check of the library, run on its own two examples in a real workbook."""
    forms = tuple(f"F{number:02d}" for number in range(1, 11))
    of = make_protocol(forms=forms, planned=40, readers=40, uses={"F05": FormUse(use="F05")})
    tried = 0
    for example in ("fires", "silent"):
        filled = {form.id: examples(form, example) for form in of.forms}
        returned = fill(filled, of=of).read()
        fired = {
            (
                d.form,
                d.problem.parameters["check"],
                int(d.problem.place.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
            )
            for d in returned.defects
            if d.problem.kind in ("check-fires", "critical-check-fires")
        }
        for form in of.forms:
            frame, rows = _frame(returned, form.id), filled[form.id]
            assert len(frame) == len(rows), form.id
            for number, check in enumerate(form.checks[: len(rows)]):
                where = (form.id, check.id, int(frame["_row"][number]))
                assert (where in fired) == (example == "fires"), (check.id, example)
                tried += 1
    assert tried > 40


def test_too_many_alike_are_counted(filled, monkeypatch, kinds):
    from clinval.capture.reading import findings

    monkeypatch.setattr(findings, "MOST_ALIKE", 4)

    def spoil(workbook):
        for row in range(3, 15):
            workbook["F07"].cell(row, 13).value = 99_999

    returned = filled.edit(spoil).read()
    assert kinds(returned) == [("value-out-of-range", f"F07!M{row}") for row in range(3, 7)] + [
        ("more-of-the-same", "")
    ]
    assert returned.defects[-1].problem.parameters["more"] == 8


def test_limits_of_dates(fill, make_protocol, content, kinds):
    start = Field(
        id="start",
        type="datetime",
        label=Text(en="Start"),
        range=(datetime.date(2026, 1, 1), datetime.date(2026, 3, 31)),
        expected=(datetime.date(2026, 2, 1), None),
    )
    use = FormUse(use="F05", add=(start,))
    of = make_protocol(uses={"F05": use})
    for row, moment in zip(
        content["F05"],
        ["2026-03-31 23:59", "2026-04-01 00:01", "2025-12-31 23:59", "2026-01-15 10:00"],
        strict=False,
    ):
        row["start"] = moment
    returned = fill(content, of=of).read()
    found = [item for item in kinds(returned) if item[1].startswith("F05!P")]
    assert found == [
        ("value-out-of-range", "F05!P4"),
        ("value-out-of-range", "F05!P5"),
        ("value-unexpected", "F05!P6"),
    ]


def test_a_note_below_the_table_in_its_first_column_is_told(filled, kinds):
    """It stands where the site's id does, in a row that nobody has begun otherwise."""
    returned = filled.set("F05", "A20", "all values checked").read()
    assert kinds(returned) == [
        ("row-of-other-site", "F05!A20"),
        ("key-part-missing", "F05!B20"),
        ("key-part-missing", "F05!C20"),
    ]
    table = next(form.frame for form in returned.forms if form.form == "F05")
    assert list(table.loc[table["_row"] == 20, "_held"]) == ["row-of-other-site"]

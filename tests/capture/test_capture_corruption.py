"""The corruption suite: mistakes that sites make, one at a time, in a clean return.

Each has to be reported with the right kind at the right cell, and nothing else may change: what
is not stored is reported, what is not reported is stored.
"""

import datetime
import re

import pandas as pd
import pytest

from clinval.capture.workbook import read_workbook


def local(*parts):
    return datetime.datetime(*parts)  # noqa: DTZ001 - sites write local times


NBSP = "\u00a0"

# what is done, to which cell, what it is reported as, and what is then stored (... = nothing)
MISTAKES = {
    "decimal comma": ("F05", "H3", "45,2", "read-decimal-comma", 45.2),
    "ambiguous comma": ("F05", "H3", "1,234", "number-ambiguous", ...),
    "number as text": ("F05", "H3", "270", "read-number-from-text", 270.0),
    "full-width digits": ("F05", "H3", "２７０", "read-full-width", 270.0),
    "blank behind a number": ("F05", "H3", f"270{NBSP}", "read-trimmed", 270.0),
    "scientific notation": ("F05", "H3", "2.7E2", "read-number-from-text", 270.0),
    "thousands": ("F05", "H3", "1.234,5", "read-thousands", 1234.5),
    "unit in the cell": ("F05", "H3", "270 s", "number-not-read", ...),
    "minutes and seconds": ("F05", "H3", datetime.time(4, 30), "date-for-number", ...),
    "text in a number": ("F05", "H3", "as usual", "number-not-read", ...),
    "below the limit of detection": ("F05", "H3", "<1", "number-with-comparison", ...),
    "about": ("F05", "H3", "~270", "number-with-comparison", ...),
    "sentinel 999": ("F05", "I3", 999, "value-out-of-range", ...),
    "sentinel -1": ("F05", "I3", -1, "value-out-of-range", ...),
    "N/A": ("F05", "I3", "N/A", "read-missing-word", "NA"),
    "none in Chinese": ("F05", "I3", "无", "read-missing-word", "NA"),
    "not done in Chinese": ("F05", "I3", "未做", "read-missing-word", "ND"),
    "a dash": ("F05", "I3", "-", "read-missing-word", "UNK"),
    "n.d.": ("F05", "I3", "n.d.", "read-missing-word", "ND"),
    "out of range": ("F05", "H3", 7201, "value-out-of-range", ...),
    "milliseconds for seconds": ("F05", "H3", 272_500, "value-out-of-range", ...),
    "implausible": ("F05", "I3", 200, "value-unexpected", 200.0),
    "a broken whole number": ("F05", "G3", 1.5, "number-not-whole", ...),
    "a date made by Excel": ("F05", "H3", local(2026, 3, 4), "date-for-number", ...),
    "TRUE in a number": ("F05", "H3", True, "truth-for-number", ...),
    "error of a formula": ("F05", "H3", "#REF!", "cell-is-error", ...),
    "error of a lookup": ("F05", "N3", "#N/A", "cell-is-error", ...),
    "formula never calculated": ("F05", "H3", "=60*4", "formula-without-value", ...),
    "unknown code": ("F05", "D3", "2 | Maybe", "code-unknown", ...),
    "bare label": ("F05", "D3", "Yes", "read-label", "yes"),
    "bare label in Chinese": ("F05", "D3", "是", "read-label", "yes"),
    "TRUE for yes": ("F05", "D3", True, "read-truth", "yes"),
    "half a score": ("F07", "G3", 3.5, "code-unknown", ...),
    "score off the scale": ("F07", "G3", 6, "code-unknown", ...),
    "score zero": ("F07", "G3", 0, "code-unknown", ...),
    "score as word": ("F07", "G3", "good", "code-unknown", ...),
    "date as ISO text": ("F05", "F3", "2026-03-05", "read-date-from-text", "2026-03-05"),
    "date in Chinese": ("F05", "F3", "2026年3月5日", "read-date-from-text", "2026-03-05"),
    "day first": ("F05", "F3", "13/03/2026", "read-date-from-text", "2026-03-13"),
    "month first": ("F05", "F3", "03/25/2026", "read-date-from-text", "2026-03-25"),
    "day or month first": ("F05", "F3", "04/03/2026", "date-ambiguous", ...),
    "eight digits": ("F05", "F3", 20260305, "read-date-from-text", "2026-03-05"),
    "serial number of a date": ("F05", "F3", 46086, "date-from-number", "2026-03-05"),
    "no such day": ("F05", "F3", "2026-02-30", "date-not-read", ...),
    "year of two digits": ("F05", "F3", "05.03.26", "date-not-read", ...),
    "date out of range": ("F05", "F3", local(1999, 3, 5), "value-out-of-range", ...),
    "date with time": ("F05", "F3", local(2026, 3, 5, 9), "time-dropped", "2026-03-05"),
    "time without date": ("F05", "O3", datetime.time(9, 30), "date-not-read", ...),
    "date without time": ("F05", "O3", local(2026, 3, 4), "time-missing", "2026-03-04"),
    "time as text": ("F05", "Q3", "9:30", "read-date-from-text", "09:30"),
    "version as number": ("F05", "N3", 2.1, "read-text-from-number", "2.1"),
    "date in a text": ("F05", "N3", local(2026, 3, 4), "date-for-text", ...),
    "text of the wrong form": ("F05", "P3", "knee coil", "text-not-of-form", ...),
    "text too long": ("F04", "I3", "pain " * 500, "text-too-long", ...),
    "phone number": ("F04", "I3", "call 13800138000", "text-identifies", ...),
    "identity number": ("F04", "I3", "110101199003070038", "text-identifies", ...),
    "e-mail address": ("F04", "I3", "wang@hospital.cn", "text-identifies", ...),
    "date of birth": ("F04", "I3", "DOB 3.4.1961", "text-identifies", ...),
    "name of the patient": ("F07", "N3", "姓名：王芳", "text-identifies", ...),
    "invisible character": ("F04", "I3", "knee\u200b pain", "read-trimmed", "knee pain"),
    "age of a child": ("F04", "H3", 7, "value-unexpected", 7.0),
    "arm in small letters": ("F05", "C3", "test", "identifier-adjusted", "TEST"),
    "subject with a long dash": ("F05", "B3", "S01–001", "identifier-adjusted", "S01-001"),
    "mandatory and empty": ("F05", "H3", None, "required-is-empty", ...),
}  # fmt: skip


def _cells(returned):
    """Return every stored value by form, key and field, missing codes as values."""
    cells = {}
    for form in returned.forms:
        frame = form.frame
        fields = [name for name in frame.columns if not name.startswith("_")]
        for record in frame.to_dict("records"):
            missing = dict(
                part.split("=") for part in (record["_missing"] or "").split(";") if part
            )
            for field in fields:
                value = record[field]
                stored = None if value is None or pd.isna(value) else str(value)
                place = (form.form, int(record["_row"]), field)
                cells[place] = missing.get(field, stored)
            cells[form.form, int(record["_row"]), "_held"] = record["_held"]
    return cells


def _field(returned, sheet, cell):
    frame = next(form.frame for form in returned.forms if form.form == sheet)
    return frame.columns["ABCDEFGHIJKLMNOPQ".index(cell[0])]


@pytest.fixture(scope="module")
def before(clean, protocol, tmp_path_factory):
    """What is read from a workbook without a mistake."""
    path = tmp_path_factory.mktemp("before") / "S01.xlsx"
    path.write_bytes(clean)
    return _cells(read_workbook(path, protocol))


@pytest.mark.parametrize("name", MISTAKES)
def test_reported_where_it_is_and_nothing_else_changes(filled, before, kinds, name):
    sheet, cell, entered, kind, stored = MISTAKES[name]
    bare = "General" if kind == "date-from-number" else None
    returned = filled.set(sheet, cell, entered, bare).read()
    assert not returned.refused
    assert kinds(returned) == [(kind, f"{sheet}!{cell}")]
    place = (sheet, int(cell[1:]), _field(returned, sheet, cell))
    after = _cells(returned)
    assert before.keys() == after.keys()
    changed = {at for at in before if before[at] != after[at]}
    assert changed <= {place}
    if stored is ...:
        assert after[place] is None
    else:
        assert after[place] == (str(stored) if not isinstance(stored, str) else stored) or (
            after[place].startswith(stored)
        )
    defect = returned.defects[0]
    assert (defect.form, defect.field) == (sheet, place[2])
    for language in ("en", "zh"):
        assert defect.problem.line(language)  # every place of its text is filled


@pytest.mark.parametrize(
    "name", [name for name, m in MISTAKES.items() if m[3] == "text-identifies"]
)
def test_what_identifies_is_nowhere_in_what_is_returned(filled, name):
    sheet, cell, entered, *_ = MISTAKES[name]
    returned = filled.set(sheet, cell, entered).read()
    everything = str(returned.defects) + "".join(form.frame.to_csv() for form in returned.forms)
    assert entered not in everything


def test_every_mistake_at_once(filled, kinds):
    """One mistake must not hide another: a row each, as far as the rows go."""
    clean = _cells(filled.read())
    placed = {}
    rejected = ("number", "date-not", "date-for", "code", "text-", "cell", "truth")
    rows = {"F04": [3, 4, 5], "F05": list(range(3, 9)), "F07": list(range(3, 15))}
    for sheet, cell, entered, kind, _ in MISTAKES.values():
        for row in rows[sheet]:
            at = (sheet, f"{cell[0]}{row}")
            if at not in placed and cell[0] not in "ABC" and kind.startswith(rejected):
                placed[at] = (entered, kind)
                break

    def spoil(workbook):
        for (sheet, cell), (entered, _) in placed.items():
            workbook[sheet][cell] = entered

    returned = filled.edit(spoil).read()
    found = set(kinds(returned))
    assert {(kind, f"{sheet}!{cell}") for (sheet, cell), (_, kind) in placed.items()} <= found
    errors = [d for d in returned.defects if d.problem.severity == "error"]
    assert len(errors) >= len(placed) > 20
    touched = {(sheet, int(cell[1:])) for sheet, cell in placed}
    after = _cells(returned)
    assert all(after[at] == clean[at] for at in clean if at[:2] not in touched)


def test_dates_since_1904(filled):
    """Workbooks of old Macs count days from 1904; the same day is another number."""

    def shift(workbook):
        workbook.epoch = local(1904, 1, 1)

    before = _cells(filled.read())
    filled.edit(shift)
    returned = filled.read()
    assert b"date1904" in _part(filled, "xl/workbook.xml")
    assert returned.defects == ()
    assert _cells(returned) == before


def _part(filled, name):
    import zipfile

    return zipfile.ZipFile(filled.path).read(name)


def test_a_formula_with_a_value_is_taken_and_asked_about(filled, kinds):
    part = filled.sheet_part("F05")

    def calculate(xml):
        import re

        return re.sub(rb'(<c r="H3"[^>]*>)<v>[^<]*</v>', rb"\1<f>60*4+30</f><v>270</v>", xml)

    returned = filled.surgery(part, calculate).read()
    assert kinds(returned) == [("cell-is-formula", "F05!H3")]
    assert _cells(returned)["F05", 3, "scan_time_s"] == "270.0"


def test_a_cell_typed_as_a_date_by_the_file(filled, kinds):
    part = filled.sheet_part("F05")

    def iso(xml):
        import re

        return re.sub(
            rb'<c r="F3" s="(\d+)"><v>[^<]*</v>', rb'<c r="F3" s="\1" t="d"><v>2026-03-05</v>', xml
        )

    returned = filled.surgery(part, iso).read()
    assert kinds(returned) == []
    assert _cells(returned)["F05", 3, "acquisition_date"].startswith("2026-03-05")


@pytest.mark.parametrize("prefixed", [False, True])
def test_eight_digits_in_a_cell_formatted_as_a_date(filled, kinds, prefixed):
    """The spreadsheet shows hashes, openpyxl an error; the site meant a day."""
    part = filled.sheet_part("F05")

    def type_digits(workbook):
        workbook["F05"]["F3"], workbook["F05"]["F4"] = 20260305, 20260230

    filled.edit(type_digits)
    if prefixed:
        part = filled.sheet_part("F05")
        filled.surgery(part, lambda xml: xml.replace(b"<v>2026", b"\n<v>2026"))
    returned = filled.read()
    assert kinds(returned) == [("read-date-from-text", "F05!F3"), ("date-not-read", "F05!F4")]
    assert _cells(returned)["F05", 3, "acquisition_date"].startswith("2026-03-05")
    assert "20260230" in returned.defects[1].problem.says("en")


def test_a_serial_number_no_date_can_have(filled, kinds):
    part = filled.sheet_part("F05")

    def huge(xml):
        import re

        return re.sub(rb'(<c r="F3"[^>]*>)<v>[^<]*</v>', rb"\1<v>99999999999</v>", xml)

    assert kinds(filled.surgery(part, huge).read()) == [("date-not-read", "F05!F3")]


def test_numbers_beyond_all_measure(filled, kinds):
    part = filled.sheet_part("F05")

    def huge(xml):
        import re

        xml = re.sub(rb'(<c r="H3"[^>]*>)<v>[^<]*</v>', rb"\1<v>1E999</v>", xml)
        return re.sub(rb'(<c r="I3"[^>]*>)<v>[^<]*</v>', rb"\1<v>1" + b"0" * 400 + b"</v>", xml)

    assert kinds(filled.surgery(part, huge).read()) == [
        ("number-not-read", "F05!H3"),
        ("number-not-read", "F05!I3"),
    ]


def test_a_formula_that_failed_is_not_asked_about_too(filled, kinds):
    cell = b'<c r="H3" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    filled.surgery(
        filled.sheet_part("F05"),
        lambda xml: re.sub(rb'<c r="H3"[^>]*>.*?</c>', cell, xml, count=1),
    )
    assert kinds(filled.read()) == [("cell-is-error", "F05!H3")]

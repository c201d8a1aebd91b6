"""What a template is: sheets, locks, validation, colours, stamp."""

import json
import time
import zipfile

import openpyxl
import pytest

from clinval.capture.layout import planned_keys
from clinval.capture.template import template_hash, write_template
from clinval.capture.writing.words import cut, lines
from clinval.protocol.base import Text
from clinval.protocol.forms import Field, FormUse
from clinval.protocol.reading_plan import BlockSubjects, ReadingBlock, ReadingPlan

SHA = "5" * 64
EVERY_FORM = tuple(f"F{number:02d}" for number in range(1, 11))


@pytest.fixture(scope="module")
def written(tmp_path_factory, make_protocol):
    protocol = make_protocol(forms=EVERY_FORM)
    path = tmp_path_factory.mktemp("template") / "S02.xlsx"
    write_template(protocol, "S02", path, protocol_sha256=SHA)
    return protocol, openpyxl.load_workbook(path)


def test_the_same_arguments_give_the_same_bytes(tmp_path, protocol, content):
    for name in ("a.xlsx", "b.xlsx"):
        write_template(protocol, "S01", tmp_path / name, protocol_sha256=SHA, content=content)
        time.sleep(1.1 if name == "a.xlsx" else 0)  # a clock would show
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_sheets_are_readme_forms_and_code_lists(written):
    _, workbook = written
    assert workbook.sheetnames == ["README 说明", *EVERY_FORM, "Codelists", "_codelists", "_meta"]
    states = {sheet.title: sheet.sheet_state for sheet in workbook}
    assert states.pop("_meta") == "veryHidden"
    assert states.pop("_codelists") == "hidden"
    assert set(states.values()) == {"visible"}


def test_headings_are_ids_and_labels_in_both_languages(written):
    _, workbook = written
    sheet = workbook["F05"]
    ids = [cell.value for cell in sheet[1]]
    assert ids[:4] == ["site_id", "subject_id", "arm", "completed"]
    label = sheet.cell(2, ids.index("scan_time_s") + 1)
    assert label.value == "扫描时间\nScan time\n(*) [s] 1–7200"  # the site's language first
    assert label.alignment.wrap_text
    assert all(cell.protection.locked for row in sheet["A1:R2"] for cell in row)
    assert sheet.freeze_panes == "D3"


def test_planned_rows_are_the_product_of_the_keys(written):
    _, workbook = written
    rows = list(workbook["F07"].iter_rows(min_row=3, max_col=4, values_only=True))
    assert len(rows) == 3 * 2 * 2
    assert rows[0] == ("S02", "S02-001", "TEST", "R1")
    assert rows[-1] == ("S02", "S02-003", "REF", "R2")
    assert workbook["F01"].max_row == 3
    assert workbook["F03"].max_row == 4


def test_rows_are_planned_for_the_readers_of_a_block(make_protocol):
    """R1 reads every second subject, R2 all; nobody is asked for what another block reads."""
    both, half = ReadingBlock(id="A", readers=("R2",)), BlockSubjects(every=2)
    blocks = (both, ReadingBlock(id="B", readers=("R1",), subjects=half))
    protocol = make_protocol(forms=EVERY_FORM, reading=ReadingPlan(blocks=blocks))
    rows = planned_keys(protocol, protocol.form("F07"), "S02")
    assert rows == [
        {"subject_id": subject, "arm": arm, "reader_id": reader}
        for subject in ("S02-001", "S02-002", "S02-003")
        for arm in ("TEST", "REF")
        for reader in ("R1", "R2")
        if (subject, reader) != ("S02-002", "R1")
    ]
    assert planned_keys(protocol, protocol.form("F03"), "S02") == [
        {"reader_id": "R1"}, {"reader_id": "R2"},
    ]  # fmt: skip
    only = make_protocol(forms=EVERY_FORM, reading=ReadingPlan(blocks=(both,)))
    assert planned_keys(only, only.form("F03"), "S02") == [{"reader_id": "R2"}]


def test_the_hash_of_a_template_knows_who_reads_what(make_protocol):
    crossed = make_protocol()
    ordered = make_protocol(reading=ReadingPlan(order="random"))
    blocks = tuple(ReadingBlock(id=f"B{reader}", readers=(reader,)) for reader in ("R1", "R2"))
    same_rows = make_protocol(reading=ReadingPlan(blocks=blocks))
    fewer = make_protocol(reading=ReadingPlan(blocks=blocks[:1]))
    hashes = [template_hash(one, "S02") for one in (crossed, ordered, same_rows, fewer)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes[1:])) == 3


def test_keys_are_locked_texts_and_entries_are_not_locked(written):
    _, workbook = written
    for name in EVERY_FORM:
        sheet = workbook[name]
        assert sheet.protection.sheet
        assert sheet.protection.password is None
        assert not sheet.protection.autoFilter  # openpyxl says what is forbidden
        assert not sheet.protection.sort
        assert not sheet.protection.formatColumns
    row = workbook["F07"][3]
    assert [cell.protection.locked for cell in row[:6]] == [True] * 4 + [False] * 2
    assert {cell.number_format for cell in row[:4]} == {"@"}
    assert {cell.data_type for cell in row[:4]} == {"s"}


def test_open_forms_have_blank_rows_with_the_site(written):
    _, workbook = written
    sheet = workbook["F08"]
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    assert len(rows) == 100
    assert {row[0] for row in rows} == {"S02"}
    assert not any(value for row in rows for value in row[1:])
    # a hundred and first event must not run into a locked cell
    assert not sheet.column_dimensions["B"].protection.locked


def test_lists_are_ranges_behind_defined_names(written):
    _, workbook = written
    for name in EVERY_FORM:
        for rule in workbook[name].data_validations.dataValidation:
            if rule.type == "list":
                assert rule.formula1 in workbook.defined_names, (name, rule.formula1)
                assert rule.errorStyle in (None, "stop")
    rule = _rule(workbook["F07"], "G3")
    where = workbook.defined_names[rule.formula1].attr_text
    sheet, cells = where.replace("'", "").split("!")
    assert sheet == "_codelists"
    entries = [row[0].value for row in workbook[sheet][cells.replace("$", "")]]
    assert entries[0] == "1 | 差，不能诊断，不满意 Non-diagnostic; not satisfied"
    assert [entry[:3] for entry in entries[-3:]] == ["ND ", "NA ", "UNK"]


def test_keys_cannot_be_missing_but_other_references_can(written):
    _, workbook = written
    for cell, ends_with in (("B3", "S02-003"), ("E3", "UNK | 不详 unknown")):
        rule = _rule(workbook["F08"], cell)
        where = workbook.defined_names[rule.formula1].attr_text
        _, cells = where.replace("'", "").split("!")
        entries = [row[0].value for row in workbook["_codelists"][cells.replace("$", "")]]
        assert entries[-1] == ends_with


def test_numbers_and_dates_only_warn(written):
    _, workbook = written
    sheet = workbook["F05"]
    ids = [cell.value for cell in sheet[1]]
    number = _rule(sheet, sheet.cell(3, ids.index("scan_time_s") + 1).coordinate)
    assert (number.type, number.formula1, number.formula2) == ("decimal", "1", "7200")
    assert number.errorStyle == "warning"
    assert "ND" in number.error
    assert "1–7200 s" in number.prompt
    assert "Sum of the acquisition times" in number.prompt
    assert "秒" in number.prompt
    date = _rule(sheet, sheet.cell(3, ids.index("acquisition_date") + 1).coordinate)
    assert (date.type, date.errorStyle) == ("date", "warning")
    cell = sheet.cell(3, ids.index("acquisition_date") + 1)
    assert cell.number_format == "yyyy-mm-dd"
    whole = _rule(sheet, sheet.cell(3, ids.index("acquisition_order") + 1).coordinate)
    assert whole.type == "whole"


def test_every_entry_column_is_validated_within_what_excel_allows(written):
    protocol, workbook = written
    for form in protocol.forms:
        sheet = workbook[form.id]
        rules = sheet.data_validations.dataValidation
        assert rules
        for rule in rules:
            assert len(rule.promptTitle) <= 32
            assert len(rule.errorTitle) <= 32
            assert len(rule.prompt) <= 255
            assert len(rule.error) <= 255
            assert "\n" in rule.prompt  # both languages
        entry = [cell for cell in sheet[3] if not cell.protection.locked]
        covered = {cell for rule in rules for cell in _columns(rule)}
        assert {cell.column for cell in entry} <= covered


def test_rows_begun_are_coloured(written):
    _, workbook = written
    sheet = workbook["F05"]
    ids = [cell.value for cell in sheet[1]]
    column = sheet.cell(3, ids.index("incomplete_reason") + 1).column_letter
    rules = _conditions(sheet, column)
    assert [rule.dxf.fill.bgColor.rgb[-6:] for rule in rules] == ["D0D3D8", "FFD966"]
    assert rules[0].stopIfTrue
    column = sheet.cell(3, ids.index("acquisition_order") + 1).column_letter
    (outside,) = _conditions(sheet, column)
    assert outside.formula == [f"AND(ISNUMBER(${column}3),OR(${column}3<1,${column}3>9))"]


def test_printing_repeats_the_headings(written):
    _, workbook = written
    sheet = workbook["F07"]
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$1:$2"
    assert sheet.auto_filter.ref == "A2:N14"


def test_the_stamp_stands_in_three_places(written):
    protocol, workbook = written
    stamp = json.loads("".join(row[0].value for row in workbook["_meta"]))
    assert stamp["study"] == "KNEE-1"
    assert stamp["site"] == "S02"
    assert stamp["protocol_sha256"] == SHA
    assert stamp["template"] == template_hash(protocol, "S02")
    assert [column for column, _ in stamp["forms"]["F06"]["columns"]][:2] == [
        "site_id",
        "subject_id",
    ]
    properties = {prop.name: prop.value for prop in workbook.custom_doc_props.props}
    assert properties["clinval template"] == stamp["template"]
    assert properties["clinval site"] == "S02"
    shown = " ".join(str(v) for row in workbook["README 说明"].values for v in row if v)
    for words in (stamp["template"], "1.0", "2026-09-30", "knee-1@example.org", "东方医院", "UNK"):
        assert words in shown
    assert "SYNTHETIC" in shown


def test_codes_can_be_looked_up(written):
    _, workbook = written
    rows = list(workbook["Codelists"].values)
    assert ("mr", "MRI", "磁共振（MR）") in [row[1:4] for row in rows]
    assert [row[1] for row in rows[3:6]] == ["ND", "NA", "UNK"]


def test_content_is_put_where_its_keys_are(fill, protocol):
    rows = [
        {"subject_id": "S01-002", "arm": "REF", "completed": "no", "scan_time_s": "ND"},
        {"subject_id": "S01-099", "arm": "REF", "completed": "maybe"},
        {"subject_id": "S01-002", "arm": "REF", "completed": "yes"},
    ]
    sheet = openpyxl.load_workbook(fill({"F05": rows}).path)["F05"]
    values = [row[:4] for row in sheet.iter_rows(min_row=3, values_only=True)]
    assert values[3] == ("S01", "S01-002", "REF", "no | No 否")
    assert values[6] == ("S01", "S01-099", "REF", "maybe")
    assert values[7] == ("S01", "S01-002", "REF", "yes | Yes 是")
    assert len(values) == 8
    assert sheet["H6"].value == "ND"
    del protocol


def test_content_that_looks_like_a_formula_stays_text(fill):
    rows = [{"subject_id": "S01-001", "indication": "=1+1"}]
    sheet = openpyxl.load_workbook(fill({"F04": rows}).path)["F04"]
    cell = next(cell for cell in sheet[3] if cell.value == "=1+1")
    # openpyxl takes any text with = for a formula, so the file itself is asked
    assert cell.number_format == "@"
    raw = fill({"F04": rows})
    assert b"<f>" not in zipfile.ZipFile(raw.path).read(raw.sheet_part("F04"))


def test_a_key_that_cannot_be_listed_is_left_to_the_site(fill, make_protocol):
    lesion = Field(id="lesion", type="integer", label=Text(en="Lesion", zh="病灶"), range=(1, 9))
    use = FormUse(use="F06", add=(lesion,), keys=("subject_id", "lesion"))
    of = make_protocol(forms=("F04", "F06"), uses={"F06": use})
    sheet = openpyxl.load_workbook(
        fill({"F06": [{"subject_id": "S01-002", "lesion": 2}]}, of=of).path
    )["F06"]
    assert [cell.value for cell in sheet[4]][:3] == ["S01", "S01-002", 2]
    assert sheet["B4"].protection.locked
    assert not sheet["C4"].protection.locked


def test_choice_keys_are_prefilled_with_their_labels(fill, make_protocol):
    side = Field(
        id="side",
        type="choice",
        label=Text(en="Side", zh="侧别"),
        codes={"left": Text(en="Left", zh="左"), "right": Text(en="Right", zh="右")},
    )
    use = FormUse(use="F06", add=(side,), keys=("subject_id", "side"))
    of = make_protocol(forms=("F04", "F06"), uses={"F06": use})
    done = fill(
        {"F06": [{"subject_id": "S01-001", "side": "right", "reference_result": "NA"}]}, of=of
    )
    sheet = openpyxl.load_workbook(done.path)["F06"]
    assert [cell.value for cell in sheet[4]][:3] == ["S01", "S01-001", "right | Right 右"]
    frame = done.read().forms[1].frame
    assert frame["_key"].tolist() == ["S01-001 | right"]


def test_a_large_site_takes_about_a_second(tmp_path, make_protocol):
    protocol = make_protocol(planned=200, readers=3, forms=EVERY_FORM)
    start = time.process_time()
    write_template(protocol, "S01", tmp_path / "S01.xlsx", protocol_sha256=SHA)
    assert time.process_time() - start < 5  # generous: machines differ; about 0.6 s here


def test_texts_are_cut_between_words_and_in_characters_of_excel():
    assert cut("one two three", 9) == "one two…"
    assert cut("影像质量评分的填写说明", 6) == "影像质量评…"
    assert len(lines("a" * 400, "中" * 400, 255)) == 255
    assert lines("same", "same", 255) == "same"
    assert len(lines("word " * 80, "短", 255).encode("utf-16-le")) // 2 <= 255


def _rule(sheet, cell):
    (rule,) = [r for r in sheet.data_validations.dataValidation if cell in r.sqref]
    return rule


def _columns(rule):
    return {
        column for area in rule.sqref.ranges for column in range(area.min_col, area.max_col + 1)
    }


def _conditions(sheet, column):
    return [
        rule
        for area in sheet.conditional_formatting
        if str(area.sqref).startswith(f"{column}3")
        for rule in area.rules
    ]

"""What sites do to sheets and columns, and that the data are found all the same."""

import pytest
from openpyxl.utils import get_column_letter


def _column(workbook, sheet, field):
    for cell in workbook[sheet][1]:
        if cell.value == field:
            return cell.column
    raise AssertionError(field)


def _frame(returned, form):
    return next(part.frame for part in returned.forms if part.form == form)


def test_a_clean_return_has_no_defects(filled):
    returned = filled.read()
    assert not returned.refused
    assert returned.defects == ()
    assert returned.site == "S01"
    assert returned.stamp["protocol_version"] == "1.0"
    assert [len(form.frame) for form in returned.forms] == [3, 6, 12]
    assert [form.sheet for form in returned.forms] == ["F04", "F05", "F07"]


def test_frames_are_as_the_store_takes_them(filled):
    frame = _frame(filled.read(), "F05")
    assert frame.columns[:4].tolist() == ["site_id", "subject_id", "arm", "completed"]
    assert frame.columns[-4:].tolist() == ["_key", "_row", "_missing", "_held"]
    dtypes = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert dtypes["scan_time_s"] == "float64"
    assert dtypes["acquisition_date"] == dtypes["start_time"] == "datetime64[s]"
    assert dtypes["completed"] == dtypes["_key"] == dtypes["_held"] == "object"
    row = frame.iloc[1]
    assert row["_key"] == "S01-001 | REF"
    assert row["_row"] == 4
    assert row["_missing"] == "ctdivol_mgy=NA;dlp_mgy_cm=NA"
    assert row["_held"] is None
    assert row["software_version"] == "2.10"
    assert row["table_time"] == "09:10"


def test_an_empty_template_gives_empty_frames(fill):
    returned = fill().read()
    assert returned.defects == ()
    assert [len(form.frame) for form in returned.forms] == [0, 0, 0]
    assert str(_frame(returned, "F05")["scan_time_s"].dtype) == "float64"


def test_a_renamed_sheet_is_found_by_its_columns(filled, kinds):
    def rename(workbook):
        workbook["F05"].title = "Wang Fang scans"

    returned = filled.edit(rename).read()
    assert kinds(returned) == [("sheet-renamed", "sheet 3")]
    assert len(_frame(returned, "F05")) == 6
    assert "Wang" not in str(returned.defects) + returned.forms[1].sheet


def test_two_sheets_with_swapped_names(filled, kinds):
    def swap(workbook):
        workbook["F04"].title = "x"
        workbook["F05"].title = "F04"
        workbook["x"].title = "F05"

    returned = filled.edit(swap).read()
    assert {kind for kind, _ in kinds(returned)} == {"sheet-renamed"}
    assert len(_frame(returned, "F05")) == 6
    assert len(_frame(returned, "F04")) == 3


def test_a_lost_sheet_is_an_error_and_the_rest_is_read(filled, kinds):
    returned = filled.edit(lambda workbook: workbook.remove(workbook["F05"])).read()
    assert kinds(returned) == [("sheet-missing", "")]
    assert returned.defects[0].form == "F05"
    assert [form.form for form in returned.forms] == ["F04", "F07"]


def test_a_lost_sheet_of_an_optional_form_is_a_note(fill, make_protocol, kinds):
    of = make_protocol(forms=("F04", "F08"))
    returned = fill(of=of).edit(lambda workbook: workbook.remove(workbook["F08"])).read()
    assert kinds(returned) == [("optional-sheet-missing", "")]
    assert str(returned.defects[0].problem.severity) == "note"


def test_further_sheets_are_not_stored(filled, kinds):
    def add(workbook):
        workbook.create_sheet("Notizen")["A1"] = "Frau Müller"
        workbook.create_sheet("empty")

    returned = filled.edit(add).read()
    assert kinds(returned) == [("sheet-extra", "sheet 8")]
    assert "Müller" not in str(returned)
    assert "Notizen" not in str(returned)


def test_a_copy_of_a_sheet_is_an_error(filled, kinds):
    def copy(workbook):
        workbook.copy_worksheet(workbook["F05"]).title = "F05 (2)"

    assert ("sheet-twice", "F05 (2)") in kinds(filled.edit(copy).read())


def test_hidden_sheets_rows_and_columns_are_read(filled, kinds):
    def hide(workbook):
        sheet = workbook["F05"]
        sheet.sheet_state = "hidden"
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions["H"].hidden = True

    returned = filled.edit(hide).read()
    assert {kind for kind, _ in kinds(returned)} == {
        "sheet-hidden",
        "rows-hidden",
        "columns-hidden",
    }
    assert len(_frame(returned, "F05")) == 6


def test_merged_cells_in_the_data_are_an_error(filled, kinds):
    def merge(workbook):
        column = get_column_letter(_column(workbook, "F05", "acquisition_date"))
        workbook["F05"].merge_cells(f"{column}3:{column}5")

    returned = filled.edit(merge).read()
    found = kinds(returned)
    assert ("cells-merged", "F05!F3") in found
    assert [cell for kind, cell in found if kind == "required-is-empty"] == ["F05!F4", "F05!F5"]
    assert "F3:F5" in returned.defects[0].problem.says("en")


def test_merged_cells_above_the_headings_are_not(filled, kinds):
    def title(workbook):
        sheet = workbook["F05"]
        sheet.insert_rows(1, 2)
        sheet["A1"] = "Acquisitions"
        sheet.merge_cells("A1:D1")

    assert {kind for kind, _ in kinds(filled.edit(title).read())} == {"headings-moved"}


def test_rows_inserted_above_the_headings(filled, kinds):
    clean = _frame(filled.read(), "F05")

    def insert(workbook):
        workbook["F05"].insert_rows(1, 3)
        workbook["F05"]["B2"] = "Please fill"

    returned = filled.edit(insert).read()
    assert kinds(returned) == [("headings-moved", "F05!4")]
    frame = _frame(returned, "F05")
    assert frame["_row"].tolist() == [row + 3 for row in clean["_row"]]
    assert frame.drop(columns="_row").equals(clean.drop(columns="_row"))


@pytest.mark.parametrize("row", [1, 2])
def test_a_lost_heading_row(filled, kinds, row):
    clean = _frame(filled.read(), "F05")
    returned = filled.edit(lambda workbook: workbook["F05"].delete_rows(row)).read()
    assert {kind for kind, _ in kinds(returned)} <= {"headings-moved", "column-renamed"}
    frame = _frame(returned, "F05")
    assert frame.drop(columns="_row").equals(clean.drop(columns="_row"))


def test_a_translated_label_row_is_no_data(filled, kinds):
    def translate(workbook):
        for cell in workbook["F05"][2]:
            cell.value = f"Übersetzung {cell.column}"

    assert kinds(filled.edit(translate).read()) == []


def test_no_headings_at_all(filled, kinds):
    returned = filled.edit(lambda workbook: workbook["F05"].delete_rows(1, 2)).read()
    assert kinds(returned) == [("headings-not-found", "F05")]
    assert [form.form for form in returned.forms] == ["F04", "F07"]


def test_a_sheet_under_the_name_of_a_form_found_elsewhere_is_told(filled, kinds):
    def move(workbook):
        workbook["F05"].title = "Sheet1"
        workbook.create_sheet("F05")["A1"] = "see Sheet1"

    found = kinds(filled.edit(move).read())
    assert found == [("sheet-renamed", "Sheet1"), ("sheet-extra", "F05")]


def test_columns_in_any_order(filled):
    clean = filled.read()

    def reverse(workbook):
        sheet = workbook["F07"]
        for row in sheet.iter_rows():
            values = [cell.value for cell in row]
            for cell, value in zip(row, reversed(values), strict=True):
                cell.value = value

    returned = filled.edit(reverse).read()
    assert returned.defects == ()
    assert _frame(returned, "F07").equals(_frame(clean, "F07"))


def test_sorted_rows(filled):
    clean = _frame(filled.read(), "F07")

    def sort(workbook):
        sheet = workbook["F07"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
        for number, values in enumerate(reversed(rows), start=3):
            for column, value in enumerate(values, start=1):
                sheet.cell(number, column).value = value

    returned = filled.edit(sort).read()
    assert returned.defects == ()
    frame = _frame(returned, "F07").sort_values("_key", ignore_index=True)
    expected = clean.sort_values("_key", ignore_index=True)
    assert frame.drop(columns="_row").equals(expected.drop(columns="_row"))


def test_a_lost_column(filled, kinds):
    def lose(workbook):
        workbook["F05"].delete_cols(_column(workbook, "F05", "scan_time_s"))

    returned = filled.edit(lose).read()
    assert kinds(returned) == [("column-missing", "F05!1")]
    assert returned.defects[0].field == "scan_time_s"
    frame = _frame(returned, "F05")
    assert frame["scan_time_s"].isna().all()
    assert frame["room_time_min"].tolist() == [25.0] * 6
    (form,) = (form for form in returned.forms if form.form == "F05")
    assert form.lost == {"scan_time_s"}
    assert form.meaning["scan_time_s"] == {"type": "number", "unit": "s", "codes": {}}


def test_a_lost_key_column_holds_every_row_and_says_so_once(filled, kinds):
    returned = filled.edit(lambda workbook: workbook["F05"].delete_cols(3)).read()
    assert kinds(returned) == [("column-missing", "F05!1")]
    assert set(_frame(returned, "F05")["_held"]) == {"key-part-missing"}


def test_a_lost_site_column_is_filled_from_the_stamp(filled, kinds):
    returned = filled.edit(lambda workbook: workbook["F05"].delete_cols(1)).read()
    assert kinds(returned) == [("column-missing", "F05!1")]
    frame = _frame(returned, "F05")
    assert frame["site_id"].tolist() == ["S01"] * 6
    assert frame["_held"].isna().all()


def test_further_columns_are_not_stored(filled, kinds):
    def add(workbook):
        sheet = workbook["F05"]
        sheet.insert_cols(4)
        sheet["D1"] = "patient name"
        sheet["D3"] = "Wang Fang"
        sheet["Z5"] = "remember"

    returned = filled.edit(add).read()
    assert kinds(returned) == [("column-extra", "F05!D1"), ("column-extra", "F05!Z1")]
    assert "Wang" not in str(returned)
    assert "remember" not in str(returned)
    assert len(_frame(returned, "F05")) == 6


def test_cells_far_to_the_right_are_counted(filled, kinds):
    returned = filled.set("F05", "XFD4", 1).set("F05", "ZZ5", 2).set("F05", "XFD5", 1).read()
    assert kinds(returned) == [("column-extra", "F05!SG1")]
    assert returned.defects[0].problem.parameters["count"] == 3
    assert len(_frame(returned, "F05")) == 6


def test_a_renamed_column_is_found_by_its_label(filled, kinds):
    def rename(workbook):
        workbook["F05"].cell(1, _column(workbook, "F05", "scan_time_s")).value = "seconds"

    returned = filled.edit(rename).read()
    assert kinds(returned) == [("column-renamed", "F05!H1")]
    assert _frame(returned, "F05")["scan_time_s"].tolist() == [272.5] * 6


def test_two_columns_of_one_field(filled, kinds):
    def double(workbook):
        sheet = workbook["F05"]
        column = _column(workbook, "F05", "scan_time_s")
        last = sheet.max_column + 1
        for row in range(1, 9):
            sheet.cell(row, last).value = sheet.cell(row, column).value

    assert kinds(filled.edit(double).read()) == []
    returned = filled.set("F05", "R4", 111).read()
    assert kinds(returned) == [("column-twice", "F05!R1")]
    assert _frame(returned, "F05")["scan_time_s"].isna().all()


def test_headings_among_the_data(filled, kinds):
    def again(workbook):
        sheet = workbook["F05"]
        sheet.insert_rows(5, 2)
        for row, source in ((5, 1), (6, 2)):
            for cell in sheet[source]:
                sheet.cell(row, cell.column).value = cell.value

    returned = filled.edit(again).read()
    assert kinds(returned) == [("headings-repeated", "F05!5"), ("headings-repeated", "F05!6")]
    assert len(_frame(returned, "F05")) == 6


def test_a_wrong_dimension_hides_nothing(filled):
    part = filled.sheet_part("F05")
    filled.surgery(
        part, lambda xml: xml.replace(b'<dimension ref="A1:Q8"/>', b'<dimension ref="A1"/>')
    )
    returned = filled.read()
    assert returned.defects == ()
    assert len(_frame(returned, "F05")) == 6


def test_a_file_with_prefixed_names(filled):
    """Some programs write ``x:row`` for ``row``."""
    part = filled.sheet_part("F05")

    def prefix(xml):
        import re

        xml = re.sub(rb"<(/?)([a-zA-Z])", rb"<\1x:\2", xml)
        return xml.replace(b"xmlns=", b"xmlns:x=").replace(b"<x:?xml", b"<?xml")

    filled.surgery(part, prefix)
    returned = filled.read()
    assert returned.defects == ()
    assert len(_frame(returned, "F05")) == 6

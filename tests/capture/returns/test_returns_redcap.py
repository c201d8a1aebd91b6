"""Exports of REDCap, raw and with labels, come to the same as the workbook."""

import csv
import io

import pytest
from returns_kit import redcap_text


def kinds(returned):
    return [defect.problem.kind for defect in returned.defects]


@pytest.mark.parametrize(
    ("names", "codes", "languages"),
    [
        (True, True, ("en", "zh")),
        (True, False, ("zh", "en")),
        (False, True, ("en",)),
        (False, False, ("en", "zh")),
        (False, False, ("zh", "en")),
        (False, False, ("en",)),
        (False, False, ("zh",)),
    ],
)
def test_raw_and_label_exports_are_what_the_workbook_gives(
    names, codes, languages, come, same, protocol, content, by_workbook
):
    text = redcap_text(protocol, {"S01": content}, names=names, codes=codes, languages=languages)
    (returned,) = come("export.csv", text)
    assert (returned.site, returned.refused, returned.defects) == ("S01", False, ())
    same(returned, by_workbook)
    assert returned.counts == by_workbook.counts
    assert returned.stamp == {"protocol_sha256": "5" * 64}


def test_groups_are_sites_and_without_them_the_subject_tells(
    come, same, protocol, make_content, by_workbook
):
    contents = {site: make_content(site) for site in ("S02", "S01")}
    for groups in (True, False):
        north, east = come("export.csv", redcap_text(protocol, contents, groups=groups))
        same(north, by_workbook)
        assert (east.site, east.defects) == ("S02", ())


def test_a_subject_in_the_group_of_another_site_is_held_back(come, protocol, content):
    lines = redcap_text(protocol, {"S01": content}).replace("S01-003", "S02-003")
    (returned,) = come("export.csv", lines)
    assert set(kinds(returned)) == {"subject-of-other-site"}
    assert returned.counts.given == returned.counts.stored + returned.counts.rejected


def change(text, variable, edit):
    """Return an export with the cells of a variable changed, and the number of its column."""
    rows = list(csv.reader(io.StringIO(text)))
    at = rows[0].index(variable)
    for number, row in enumerate(rows):
        row[at : at + 1] = edit(number, row[at])
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue(), at + 1


def test_a_wrong_value_has_its_line_and_field(come, protocol, content):
    text = redcap_text(protocol, {"S01": content})
    text, at = change(text, "f04_age_years", lambda _, cell: [cell.replace("54", "300")])
    (returned,) = come("export.csv", text)
    assert set(kinds(returned)) == {"value-out-of-range"}
    assert str(returned.defects[0].problem.place) == f"export.csv:2:{at}"


def test_check_boxes_are_one_code_or_not_accepted(come, same, protocol, content, by_workbook):
    text = redcap_text(protocol, {"S01": content})

    def boxes(number, cell):
        if number == 0:
            return ["f04_sex___female", "f04_sex___male"]
        return ["", ""] if not cell else [str(int(cell == "female")), str(int(cell == "male"))]

    text, at = change(text, "f04_sex", boxes)
    (returned,) = come("export.csv", text)
    assert not returned.defects
    same(returned, by_workbook)

    both = text.replace("yes,,1,0,54", "yes,,1,1,54", 1)
    assert both != text
    (returned,) = come("export.csv", both)
    assert kinds(returned) == ["code-unknown"]
    assert str(returned.defects[0].problem.place) == f"export.csv:2:{at}"
    assert returned.counts.rejected == 1


def test_columns_that_are_not_of_the_project_are_said_and_counted(
    come, same, protocol, content, by_workbook
):
    text = redcap_text(protocol, {"S01": content})
    filled = text.count("\n") - 1
    text, _ = change(text, "clinval_protocol", lambda number, _: ["x" if number else "my_note"])
    (returned,) = come("export.csv", text)
    assert kinds(returned) == ["column-extra"]
    assert returned.defects[0].problem.parameters["count"] == filled
    same(returned, by_workbook)
    assert returned.counts.rejected == filled


def test_a_column_that_was_not_exported_is_missing_and_loses_nothing(come, protocol, content):
    text, _ = change(redcap_text(protocol, {"S01": content}), "f04_sex", lambda *_: [])
    (returned,) = come("export.csv", text)
    assert kinds(returned) == ["column-missing"]
    assert returned.forms[0].lost == {"sex"}


def test_a_shifted_record_is_not_read(come, protocol, content):
    lines = redcap_text(protocol, {"S01": content}).splitlines()
    lines[1] = lines[1].replace("knee pain", "knee, pain")
    (returned,) = come("export.csv", "\n".join(lines))
    assert kinds(returned) == ["text-row-length"]
    assert len(returned.forms[0].frame) == 2

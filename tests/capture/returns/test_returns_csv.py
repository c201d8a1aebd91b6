"""CSV comes to the same as the workbook, and what cannot be known is asked."""

import io
import zipfile

import pytest
from returns_kit import csv_text

from clinval.capture.layout import columns_of

HEADINGS = ("subject_id", "arm")


def texts(protocol, content, **more):
    return {form.id: csv_text(form, content[form.id], **more) for form in protocol.forms}


def zipped(parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_form_as_csv_is_what_the_workbook_gives(
    delimiter, come, same, protocol, content, by_workbook
):
    for form, text in texts(protocol, content, delimiter=delimiter).items():
        (returned,) = come(f"{form}.txt", text)
        assert (returned.site, returned.refused, returned.defects) == ("S01", False, ())
        same(returned, by_workbook, {form})
        counts = returned.counts
        filled = sum(bool(cell) for line in text.splitlines()[1:] for cell in line.split(delimiter))
        assert (counts.given, counts.stored) == (filled, filled)


def test_a_zip_of_all_forms_is_one_return(come, same, protocol, content, by_workbook):
    parts = {f"export/{form}.csv": text for form, text in texts(protocol, content).items()}
    parts["__MACOSX/export/._F04.csv"] = "not of the site"
    (returned,) = come("export.zip", zipped(parts))
    assert returned.defects == ()
    same(returned, by_workbook)
    assert returned.counts == by_workbook.counts
    assert [form.sheet for form in returned.forms] == ["F04", "F05", "F07"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_headings_may_be_labels(language, come, same, protocol, content, by_workbook):
    form = protocol.form("F05")
    labels = [field.label.in_(language) for field in columns_of(form)]
    (returned,) = come("F05.csv", csv_text(form, content["F05"], headings=labels))
    assert not returned.defects
    same(returned, by_workbook, {"F05"})


def test_codes_may_come_with_their_labels_and_in_excels_quotation(
    come, same, protocol, content, by_workbook
):
    form = protocol.form("F04")
    shown = {"female": "female | Female 女", "S01-001": '="S01-001"'}
    text = csv_text(form, content["F04"], change=lambda cell: shown.get(cell, cell))
    (returned,) = come("F04.csv", text)
    same(returned, by_workbook, {"F04"})


def test_chinese_and_western_encodings_are_told_apart(come, protocol, content, make_protocol, said):
    form = protocol.form("F04")
    content["F04"][0]["indication"] = "右膝疼痛"
    (returned,) = come("F04.csv", csv_text(form, content["F04"]).encode("gb18030"))
    assert returned.forms[0].frame["indication"][0] == "右膝疼痛"
    assert [kind for kind, _ in said(returned)] == ["text-not-utf8"]

    content["F04"][0]["indication"] = "Knieschmerz während Übung"
    german = make_protocol()
    german = german.model_copy(update={"sites": german.sites[:1]})
    (returned,) = come("F04.csv", csv_text(form, content["F04"]).encode("cp1252"), german)
    assert returned.forms[0].frame["indication"][0] == "Knieschmerz während Übung"

    for codec in ("utf-8-sig", "utf-16"):
        content["F04"][0]["indication"] = "右膝疼痛"
        (returned,) = come("F04.csv", csv_text(form, content["F04"]).encode(codec))
        assert returned.forms[0].frame["indication"][0] == "右膝疼痛"


def test_a_decimal_comma_is_asked_about_and_an_ambiguous_one_not_taken(
    come, protocol, content, said
):
    content["F05"][0]["scan_time_s"] = "272,5"
    content["F05"][1]["scan_time_s"] = "1,250"
    text = csv_text(protocol.form("F05"), content["F05"], delimiter=";")
    (returned,) = come("F05.csv", text)
    column = [field.id for field in columns_of(protocol.form("F05"))].index("scan_time_s") + 1
    assert said(returned) == [
        ("decimal-comma-asked", f"2:{column}"), ("number-ambiguous", f"3:{column}"),
    ]  # fmt: skip
    assert returned.forms[0].frame["scan_time_s"].isna().tolist()[:2] == [False, True]
    assert returned.counts.rejected == 1
    assert returned.counts.given == returned.counts.stored + 1


def test_several_sites_are_several_returns(come, same, protocol, make_content, by_workbook):
    form = protocol.form("F07")
    text = csv_text(form, make_content()["F07"])
    text += csv_text(form, make_content("S02")["F07"], site="S02").partition("\r\n")[2]
    north, east = come("reads.csv", text)
    assert (north.site, east.site) == ("S01", "S02")
    assert not north.defects
    assert not east.defects
    assert north.sha256 == east.sha256
    same(north, by_workbook, {"F07"})
    assert set(east.forms[0].frame["site_id"]) == {"S02"}


def test_without_a_site_the_subject_tells_it(come, same, protocol, content, by_workbook):
    text = csv_text(protocol.form("F04"), content["F04"], site="")
    (returned,) = come("F04.csv", text)
    same(returned, by_workbook, {"F04"})


def test_a_row_of_no_site_among_several_is_rejected_and_counted(come, protocol, make_content, said):
    form = protocol.form("F04")
    text = csv_text(form, make_content()["F04"])
    text += csv_text(form, make_content("S02")["F04"], site="S02").partition("\r\n")[2]
    lost = csv_text(form, make_content("S01")["F04"][:1], site="S09").partition("\r\n")[2]
    north, east = come("F04.csv", text + lost)
    assert said(north) == [("row-of-no-site", "8:1")]
    assert said(east) == []
    assert north.counts.rejected == sum(map(bool, lost.strip().split(",")))


def test_a_slip_in_a_site_makes_no_return_of_that_site(come, protocol, content, said):
    text = csv_text(protocol.form("F04"), content["F04"])
    (returned,) = come("F04.csv", text.replace("S01,S01-002", "S02,S01-002"))
    assert (returned.site, said(returned)) == ("S01", [("row-of-other-site", "3:1")])
    (returned,) = come("F04.csv", text.replace("S01,S01-002", "S01,S02-002"))
    assert (returned.site, said(returned)) == ("S01", [("subject-of-other-site", "3:2")])


def test_fields_that_have_shifted_are_not_read(come, protocol, content, said):
    lines = csv_text(protocol.form("F04"), content["F04"]).splitlines()
    lines[2] = lines[2].replace("knee pain", "knee pain, left")
    (returned,) = come("F04.csv", "\n".join(lines))
    assert said(returned) == [("text-row-length", "3:1")]
    assert len(returned.forms[0].frame) == 2
    counts = returned.counts
    assert counts.rejected == sum(bool(cell) for cell in lines[2].split(","))
    assert counts.given == counts.stored + counts.rejected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("some words\nand more", "text-of-no-form"),
        ("a,b\n1,2", "text-of-no-form"),
        ('subject_id,consent,eligible,enrolled,sex\n"S01-001,yes', "text-quotes-open"),
        ("site_id,subject_id,consent,eligible,enrolled,sex\nS09,X,yes,yes,yes,male",
         "return-without-site"),
        ("<html><body>no</body></html>", "file-not-a-workbook"),
        ("%PDF-1.7", "file-not-a-workbook"),
        (b"\x00\x01\x02", "file-not-a-workbook"),
        ("", "file-empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_one_reason(text, kind, come):
    (returned,) = come("return.csv", text)
    assert returned.refused
    assert [defect.problem.kind for defect in returned.defects] == [kind]


def test_archives_that_hide_something_are_refused(come, protocol, content):
    text = csv_text(protocol.form("F04"), content["F04"])
    for name, kind in (("../F04.csv", "file-part-names"), ("/F04.csv", "file-part-names")):
        (returned,) = come("a.zip", zipped({name: text}))
        assert [defect.problem.kind for defect in returned.defects] == [kind]
    bomb = zipped({"F04.csv": "0" * 60_000_000})
    (returned,) = come("a.zip", bomb)
    assert [defect.problem.kind for defect in returned.defects] == ["file-unpacks-too-large"]
    (returned,) = come("a.zip", zipped({"F04.csv": text, "run.exe": "MZ"}))
    assert returned.refused


def test_the_same_rows_twice_are_counted_as_rejected(come, protocol, content, said):
    text = csv_text(protocol.form("F04"), content["F04"])
    (returned,) = come("a.zip", zipped({"F04.csv": text, "F04 (2).csv": text}))
    assert [kind for kind, _ in said(returned)] == ["sheet-twice"]
    counts = returned.counts
    assert counts.stored == counts.rejected == counts.given / 2


def test_a_text_that_would_be_a_formula_stays_a_text(come, protocol, content):
    content["F04"][0]["indication"] = "=1+1"
    (returned,) = come("F04.csv", csv_text(protocol.form("F04"), content["F04"]))
    assert returned.forms[0].frame["indication"][0] == "=1+1"


def test_personal_data_are_neither_stored_nor_shown(come, protocol, content, said):
    content["F04"][0]["indication"] = "call Mr Miller on 13800138000"
    (returned,) = come("F04.csv", csv_text(protocol.form("F04"), content["F04"]))
    assert [kind for kind, _ in said(returned)] == ["text-identifies"]
    assert returned.forms[0].frame["indication"][0] is None
    assert "13800138000" not in repr(returned.defects)

"""The file of values from headers: always the same bytes, read back whole; spoilt, it is told."""

import dataclasses
import hashlib
import json

import kit
import numpy as np
import pytest
from harvest_kit import dose, image, report, study, time
from hypothesis import given, settings, strategies as st

from clinval.capture.dicom.devices.device import devices
from clinval.capture.dicom.instance import hash_of_uid
from clinval.capture.dicom.study.harvest_file import harvest_file_name, harvest_text, hash_over
from clinval.capture.dicom.study.harvest_return import origins_of, read_harvest
from clinval.capture.dicom.study.rows import rows_of_harvest
from clinval.capture.phi_gate import screen
from clinval.capture.returned import read_returned
from clinval.study.returns import HELD, KEY, SHEET_ROW

STUDY = study()
SHA256 = "5" * 64
NAME = "S01_dicom.jsonl"


def harvested(protocol=STUDY):
    instances, measured = [], []
    for number, subject in enumerate(protocol.subjects_of("S01")[:3]):
        for name, arm in (("DL", "fast"), ("conv", "routine")):
            about = {"subject": subject, "examination": f"{subject} {arm}"}
            instances.append(image(f"{subject} {name}", name, **about))
            instances.append(report(f"{subject} {arm} report", **about))
            exam = {"examination": about["examination"]}
            files = (hash_of_uid(f"{subject} {name}"),)
            measured.append(time(name, 100.125 + number, instances=files, **exam))
            files = (hash_of_uid(f"{subject} {arm} report"),)
            for event in (1, 2):
                one = dose("dlp", 60.0 + event, event=f"{subject}{arm}{event}", instances=files,
                           **exam)  # fmt: skip
                measured.append(one)
    return rows_of_harvest(measured, devices(instances), instances, protocol)


def written(protocol=STUDY, site="S01", counts=None):
    rows = harvested(protocol).rows
    return harvest_text(rows, site, protocol, protocol_sha256=SHA256, counts=counts)


TEXT = written(counts={"files": 12, "refused_identity_not_removed": 3})
LINES = TEXT.splitlines()


def come(text, protocol=STUDY):
    content = text if isinstance(text, bytes) else text.encode()
    (returned,) = read_harvest(NAME, content, protocol)
    return returned


def said(returned):
    return [(one.problem.kind, str(one.problem.place)) for one in returned.defects]


def spoilt(line, change):
    """Return the file with one line changed by a function of its content."""
    lines = [*LINES]
    content = json.loads(lines[line - 1])
    change(content)
    lines[line - 1] = json.dumps(content)
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------------- written and read back


def test_the_same_rows_give_the_same_bytes_and_nothing_tells_whose_they_are(tmp_path):
    assert harvest_file_name("S01") == NAME
    assert written(counts={"refused_identity_not_removed": 3, "files": 12}) == TEXT
    assert len(LINES) == 7
    head = json.loads(LINES[0])
    assert head["rows"] == 6
    assert head["counts"] == {"files": 12, "refused_identity_not_removed": 3}
    path = tmp_path / NAME
    path.write_text(TEXT, encoding="utf-8")
    assert screen(path, STUDY).found == ()
    path.write_text(TEXT.replace("Maker", "Patient: Zhang San"), encoding="utf-8")
    assert {one.kind for one in screen(path, STUDY).found} == {"name"}
    path.write_text(TEXT.replace("Maker", "13812345678"), encoding="utf-8")
    assert {one.kind for one in screen(path, STUDY).found} == {"phone"}


def test_a_file_is_known_by_its_content_and_read_on_the_road_of_every_return(tmp_path):
    path = tmp_path / "whatever.txt"
    path.write_text("\ufeff" + TEXT, encoding="utf-8")
    (returned,) = read_returned(path, STUDY)
    assert said(returned) == []
    assert (returned.site, returned.refused) == ("S01", False)
    assert returned.stamp == {
        "study": "KIT", "protocol_version": "1", "protocol_sha256": SHA256,
    }  # fmt: skip
    (form,) = returned.forms
    assert form.form == "F16"
    frame = form.frame
    assert frame[KEY].tolist() == [
        f"{subject} | {arm}" for subject in STUDY.subjects_of("S01")[:3] for arm in ("TEST", "REF")
    ]
    assert frame[SHEET_ROW].tolist() == [2, 3, 4, 5, 6, 7]
    assert frame[HELD].isna().all()
    for row, line in zip(frame.to_dict("records"), map(json.loads, LINES[1:]), strict=True):
        for name, value in line["values"].items():
            assert row[name] == value["value"], name
        assert row["instances"] == len(line["instances"])
        assert row["instances_sha256"] == line["instances_sha256"]
    assert frame["scan_time_s"].tolist() == [100.125, 100.125, 101.125, 101.125, 102.125, 102.125]
    assert frame["dlp_mgy_cm"].tolist() == [123.0] * 6
    assert np.isnan(frame["activity_mbq"]).all()


def test_from_a_value_to_the_files_behind_it():
    about = origins_of(LINES[2])
    (part,) = about["scan_time_s"]["parts"]
    assert part["instances"] == [hash_of_uid("S01-001 conv")]
    assert part["original"] == "100.125"
    assert about["scan_time_s"]["source"] == "acquisition_duration"
    assert [part["value"] for part in about["dlp_mgy_cm"]["parts"]] == [61.0, 62.0]
    assert origins_of(LINES[0]) == {}
    assert origins_of("") == {}


def test_a_time_of_day_stays_and_the_day_does_not():
    instances = [image("a 1", "DL")]
    written_so = "20260406101112.25; 20260406 1012"
    one = time("DL", 60.0, source="acquisition_span", instances=(hash_of_uid("a 1"),))
    one = dataclasses.replace(one, original=written_so, others=(("content_span", 75.5),))
    rows = rows_of_harvest([one], devices(instances), instances, STUDY).rows
    text = harvest_text(rows, "S01", STUDY, protocol_sha256=SHA256)
    assert "20260406" not in text
    [part] = origins_of(text.splitlines()[1])["scan_time_s"]["parts"]
    assert part["original"] == "101112.25;  1012"
    assert part["others"] == [["content_span", 75.5]]
    assert said(come(text)) == []


def test_the_hash_of_a_row_is_that_of_its_sorted_files():
    row = json.loads(LINES[1])
    files = sorted([hash_of_uid("S01-001 DL"), hash_of_uid("S01-001 fast report")])
    assert row["instances"] == files
    assert row["instances_sha256"] == hashlib.sha256("\n".join(files).encode()).hexdigest()
    assert hash_over([]) == hashlib.sha256(b"").hexdigest()


# ---------------------------------------------------------------------- spoilt on the way

REFUSED = {
    "harvest-cut-off": TEXT[: TEXT.rindex("\n", 0, -1) + 1],
    "stamp-of-other-study": TEXT.replace('"study":"KIT"', '"study":"OTHER"', 1),
    "stamp-of-unknown-site": TEXT.replace('"site":"S01"', '"site":"S09"', 1),
    "stamp-of-newer-clinval": TEXT.replace('"format":1', '"format":2', 1),
    "template-newer": TEXT.replace('"protocol_version":"1"', '"protocol_version":"2.1"', 1),
    "harvest-head-broken": spoilt(1, lambda head: head.update(patient="x")),
    "text-not-decoded": TEXT.encode()[:-4] + b"\xff\xfe\n",
    "harvest-without-rows": spoilt(1, lambda head: head.update(rows=0)).split("\n")[0] + "\n",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_cannot_be_gone_by_is_refused(kind):
    returned = come(REFUSED[kind])
    assert returned.refused
    assert [one.problem.kind for one in returned.defects] == [kind]
    for language in ("en", "zh"):
        assert "{" not in returned.defects[0].problem.line(language)


def test_a_study_without_the_form_says_so():
    assert said(come(TEXT, kit.protocol())) == [("harvest-not-asked", NAME)]


BROKEN = {
    "a key more": lambda row: row.update(name="x"),
    "a key less": lambda row: row.pop("instances"),
    "no files": lambda row: row.update(instances=[]),
    "other files": lambda row: row.update(instances=["0" * 32]),
    "files in another order": lambda row: row["instances"].reverse(),
    "a file that is no hash": lambda row: row.update(instances=["1.2.840.113619"]),
    "another hash": lambda row: row.update(instances_sha256="0" * 64),
    "no mapping": lambda row: row.update(values=[1]),
    "a bare number": lambda row: row["values"].update(scan_time_s=100.1),
    "a list for a value": lambda row: row["values"]["scan_time_s"].update(value=[1]),
    "yes for a value": lambda row: row["values"]["scan_time_s"].update(value=True),
    "an endless number": lambda row: row["values"]["scan_time_s"].update(value=1e300),
    "a part of nothing": lambda row: row["values"]["scan_time_s"]["parts"][0].update(instances=[9]),
    "a part in minutes": lambda row: row["values"]["scan_time_s"]["parts"][0].update(unit="min"),
    "an unknown quantity": lambda row: row["values"]["scan_time_s"]["parts"][0].update(
        quantity="x"
    ),
    "an identifier": lambda row: row["values"]["scan_time_s"]["parts"][0].update(series="1.2.840"),
    "another source without a name": lambda row: row["values"]["scan_time_s"]["parts"][0].update(
        others=[[1, 2]]
    ),
    "a field that is no name": lambda row: row["values"].update({"a b": {"value": 1}}),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_line_that_clinval_did_not_write_is_left_out_and_named(how):
    returned = come(spoilt(3, BROKEN[how]))
    assert said(returned) == [("harvest-line-broken", NAME)]
    assert returned.defects[0].problem.parameters["line"] == 3
    assert returned.forms[0].frame[SHEET_ROW].tolist() == [2, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "line",
    ["", "null", "[]", "{", '{"a":1,"a":2}', "[" * 100_000, '{"a":NaN}', "9" * 5000, '"' + "x" * 9],
    ids=lambda line: line[:12] or "empty",
)
def test_what_is_no_object_is_told_by_its_line(line):
    lines = [*LINES]
    lines[3] = line
    returned = come("\n".join(lines) + "\n")
    assert said(returned) == [("harvest-line-broken", NAME)]
    assert returned.defects[0].problem.parameters["line"] == 4


def test_a_value_that_was_written_over_is_not_stored():
    returned = come(spoilt(2, lambda row: row["values"]["dlp_mgy_cm"].update(value=90.0)))
    assert said(returned) == [("harvest-value-unfounded", f"{NAME}:2:dlp_mgy_cm")]
    frame = returned.forms[0].frame
    assert np.isnan(frame["dlp_mgy_cm"][0])
    assert frame["scan_time_s"][0] == 100.125


def test_a_value_in_another_unit_is_not_stored():
    returned = come(spoilt(2, lambda row: row["values"]["dlp_mgy_cm"].update(unit="Gy*cm")))
    assert said(returned) == [("odm-unit-differs", f"{NAME}:2:dlp_mgy_cm")]


def test_a_field_that_the_form_does_not_have_is_told():
    forms = ["F04", "F05", "F07", {"use": "F16", "drop": ["manufacturer"]}]
    returned = come(TEXT, study(forms=forms))
    assert {kind for kind, _ in said(returned)} == {"harvest-field-unknown"}
    assert len(said(returned)) == 6


def test_subjects_and_arms_of_others_are_held_back():
    def other(row):
        row.update(subject_id="S02-001", arm="CTRL")

    returned = come(spoilt(2, other))
    assert said(returned) == [
        ("subject-of-other-site", f"{NAME}:2:subject_id"), ("key-unknown", f"{NAME}:2:arm"),
    ]  # fmt: skip
    assert returned.forms[0].frame[HELD].notna().tolist() == [True, *[False] * 5]


def test_headers_read_by_an_earlier_version_are_said_to_be():
    text = TEXT.replace('"protocol_version":"1"', '"protocol_version":"0.9"', 1)
    assert said(come(text)) == [("harvest-older", NAME)]


def test_files_that_were_refused_are_asked_about_because_sums_may_lack_them():
    returned = come(written(counts={"read": 12, "refused": 3}))
    assert said(returned) == [("harvest-files-refused", NAME)]
    assert returned.defects[0].problem.parameters["count"] == 3
    assert said(come(written(counts={"read": 12, "refused": 0}))) == []


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_change_of_a_byte_makes_it_fail(data):
    content = bytearray(TEXT.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
    returned = come(bytes(content))
    for one in returned.defects:
        assert one.problem.line("en")

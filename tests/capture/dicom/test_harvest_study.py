"""Headers in a study: taken like any return, held against what was typed, analysed and traced."""

import dataclasses

import kit
import openpyxl
import pytest
from click.testing import CliRunner
from harvest_kit import ARMS, dose, image, report, time

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.tracing import trace
from clinval.capture.dicom.devices.device import devices
from clinval.capture.dicom.instance import hash_of_uid
from clinval.capture.dicom.study.harvest_file import harvest_text
from clinval.capture.dicom.study.prefilled import prefilled
from clinval.capture.dicom.study.rows import rows_of_harvest
from clinval.capture.template import write_template
from clinval.cli.main import cli
from clinval.core.records import Results
from clinval.study.query_log import read_queries
from clinval.study.store import StudyStore

SITES = {"S01": {"planned_subjects": 8}, "S02": {"planned_subjects": 8}}
FORMS = ["F02", "F04", {"use": "F05", "drop": ["acquisition_order", "room_time_min"]}, "F07", "F16"]
CHECKS = {
    "headers": [
        {"id": "D01", "entry": "F05.scan_time_s", "header": "F16.scan_time_s", "within": 5},
        {"id": "D02", "entry": "F05.dlp_mgy_cm", "header": "F16.dlp_mgy_cm", "share": 0.05},
        {"id": "D03", "entry": "F05.device_serial", "header": "F16.device_serial"},
    ],
    "unique": ["F16.instances_sha256"],
}
TIME = {
    "id": "T1", "kind": "mean_comparison", "form": "F16", "measure": "scan_time_s",
    "estimate": "ratio", "method": "geometric_paired", "centers": "pooled",
    "direction": "lower_is_better", "comparison": "estimation",
}  # fmt: skip
DOSE = {**TIME, "id": "D1", "measure": "dlp_mgy_cm"}
PRIMARY = {
    "id": "P1", "kind": "proportion_comparison", "form": "F07", "measure": "image_quality >= 3",
    "combine": "majority", "method": "tango", "centers": "stratified",
    "direction": "higher_is_better", "comparison": "non_inferiority",
    "margin": {"value": 0.1, **kit.MARGIN},
}  # fmt: skip
SLIPS = {("S01-003", "TEST"): {"scan_time_s": 171.0}, ("S01-004", "REF"): {"dlp_mgy_cm": 600.0}}
"""What was typed otherwise than the headers say: seconds off by 60, a dose by a fifth."""


def content_of(**more):
    return kit.content(
        sites=SITES, forms=FORMS, checks=CHECKS, dicom={"arms": ARMS},
        endpoints=[PRIMARY, TIME, DOSE], **more,
    )  # fmt: skip


def seconds(number, arm):
    return (100.0 if arm == "TEST" else 300.0) + number * (1 if arm == "TEST" else 5)


def harvest(protocol, site, *, software=("V1", "SP2"), serial="70001"):
    """Return the rows of headers of a site; the last subject was scanned with other software."""
    instances, measured = [], []
    subjects = protocol.subjects_of(site)
    for number, subject in enumerate(subjects, start=1):
        last = subject == subjects[-1]
        for name, arm in (("DL", "TEST"), ("conv", "REF")):
            examination = f"{subject} {arm}"
            event = f"{examination} 1"
            about = {
                "subject": subject, "examination": examination,
                "SoftwareVersions": "V2" if last and site == "S01" else software,
                "DeviceSerialNumber": serial,
            }  # fmt: skip
            instances += [
                image(f"{examination} {at}", name, IrradiationEventUID=(event,), **about)
                for at in (1, 2)
            ]
            instances.append(report(f"{examination} report", **about))
            files = tuple(hash_of_uid(f"{examination} {at}") for at in (1, 2))
            measured.append(
                time(name, seconds(number, arm), examination=examination, instances=files)
            )
            files = (hash_of_uid(f"{examination} report"),)
            total = 10 * number + (200.0 if arm == "TEST" else 460.0)
            measured.append(dose("dlp", total, event=event, examination=examination,
                                 instances=files))  # fmt: skip
    return rows_of_harvest(measured, devices(instances), instances, protocol)


def typed(protocol, rows, site):
    """Return what a careful site types, but for the slips: what the headers say, rounded."""
    people = protocol.subjects_of(site)
    scans = []
    for row in rows:
        of_subject = {"subject_id": row.subject, "arm": row.arm}
        scans.append({
            **of_subject, "completed": "yes", "acquisition_date": "2026-04-06",
            "scan_time_s": float(row.values["scan_time_s"].value) + 2.0, "repeated": "no",
            "ctdivol_mgy": "NA", "dlp_mgy_cm": row.values["dlp_mgy_cm"].value * 1.02,
            "device_serial": "70001 ", "software_version": "1" if row.arm == "TEST" else "V1",
            **SLIPS.get((row.subject, row.arm), {}),
        })  # fmt: skip
    return {
        "F02": [{
            "device_serial": "70001", "component": "scanner", "investigational": "no",
            "manufacturer": "Maker", "model": "M1", "udi": "NA", "software_version": "V1",
            "installed_date": "2024-01-01", "replaced": "no",
        }],
        "F04": [{"subject_id": subject, "consent": "yes", "eligible": "yes", "enrolled": "yes",
                 "sex": "female", "age_years": 50, "completed": "yes"} for subject in people],
        "F05": scans,
        "F07": [{"subject_id": subject, "arm": arm, "reader_id": reader, "session": 1,
                 "read_date": "2026-05-11", "image_quality": 4, "noise": 4, "sharpness": 4,
                 "artifact": 4, "call": "positive", "confidence": 4, "reading_time_s": 60}
                for subject in people for arm in ("TEST", "REF") for reader in ("R1", "R2")],
    }  # fmt: skip


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """A study whose two sites sent a workbook and what their headers say."""
    study = StudyFolder(tmp_path_factory.mktemp("headers") / "study")
    study.inbox.mkdir(parents=True)
    study.protocol_path.write_text(kit.text(content_of()), encoding="utf-8")
    protocol = study.protocol()
    receipts = []
    for site in SITES:
        rows = harvest(protocol, site, serial="70001" if site == "S01" else "70009").of_site(site)
        write_template(
            protocol, site, study.inbox / f"{site}.xlsx",
            protocol_sha256=study.protocol_sha256(), content=typed(protocol, rows, site),
        )  # fmt: skip
        text = harvest_text(rows, site, protocol, protocol_sha256=study.protocol_sha256())
        (study.inbox / f"{site}_dicom.jsonl").write_text(text, encoding="utf-8")
    receipts += ingest(study, actor="data manager")
    return study, receipts


@pytest.fixture(scope="module")
def analysed(taken):
    study, _ = taken
    analyze(study)
    return study


def asked(study):
    with StudyStore(study.store_path, kit.STUDY) as store:
        return [query for query in read_queries(store) if query.state == "open"]


def test_headers_are_stored_beside_what_was_typed(taken):
    study, receipts = taken
    assert [(one.receipt.file_name, one.receipt.status) for one in receipts] == [
        (name, "accepted")
        for name in ("S01.xlsx", "S01_dicom.jsonl", "S02.xlsx", "S02_dicom.jsonl")
    ]
    assert [one.receipt.rows for one in receipts if "dicom" in one.receipt.file_name] == [16, 16]
    assert not any(one.receipt.absent for one in receipts)
    again = ingest(study, actor="data manager")
    assert {one.receipt.status for one in again} == {"unchanged"}


def test_what_differs_from_the_headers_beyond_the_tolerance_is_asked(taken):
    study, _ = taken
    found = {
        (query.problem.parameters["check"], query.form, query.key, query.field)
        for query in asked(study)
        if query.problem.kind == "entry-differs"
    }
    assert found == {
        ("D01", "F05", "S01-003 | TEST", "scan_time_s"),
        ("D02", "F05", "S01-004 | REF", "dlp_mgy_cm"),
        *(("D03", "F05", f"S02-{n:03d} | {arm}", "device_serial")
          for n in range(1, 9) for arm in ("TEST", "REF")),
    }  # fmt: skip


def test_a_change_of_the_scanner_or_its_software_is_asked_about(taken):
    study, _ = taken
    queries = asked(study)
    changed = {
        (query.form, query.key, query.field, query.problem.parameters["new"])
        for query in queries
        if query.problem.kind == "version-changed"
    }
    assert changed == {
        ("F16", f"S01-008 | {arm}", "scanner_software", "V2") for arm in ("TEST", "REF")
    }
    unknown = [q for q in queries if q.problem.parameters.get("check") == "X10"]
    assert {(query.site, query.field) for query in unknown} == {("S02", "device_serial")}
    assert len(unknown) == 16


def test_nothing_else_is_asked(taken):
    kinds = {query.problem.kind for query in asked(taken[0])}
    assert kinds == {"entry-differs", "version-changed", "study-check-fires"}


def test_the_same_images_under_two_subjects_are_asked_about(taken, tmp_path):
    study, _ = taken
    protocol = study.protocol()
    rows = harvest(protocol, "S01").of_site("S01")
    first = next(row for row in rows if (row.subject, row.arm) == ("S01-001", "TEST"))
    twice = [
        dataclasses.replace(row, values=first.values, instances=first.instances)
        if (row.subject, row.arm) == ("S01-002", "TEST") else row
        for row in rows
    ]  # fmt: skip
    other = StudyFolder(tmp_path / "study")
    other.inbox.mkdir(parents=True)
    other.protocol_path.write_text(study.protocol_path.read_text(encoding="utf-8"), "utf-8")
    text = harvest_text(twice, "S01", protocol, protocol_sha256="5" * 64)
    (other.inbox / "S01.jsonl").write_text(text, encoding="utf-8")
    ingest(other, actor="data manager")
    [found] = [query for query in asked(other) if query.problem.kind == "value-not-unique"]
    assert (found.form, found.key) == ("F16", "S01-002 | TEST")


def test_files_that_were_refused_are_asked_about_until_a_harvest_without_any_comes(tmp_path):
    """What else the site returns in between says nothing of them."""
    study = StudyFolder(tmp_path / "study")
    study.inbox.mkdir(parents=True)
    study.protocol_path.write_text(kit.text(content_of()), encoding="utf-8")
    protocol, sha256 = study.protocol(), study.protocol_sha256()
    rows = harvest(protocol, "S01").of_site("S01")
    headers, workbook = study.inbox / "S01_dicom.jsonl", study.inbox / "S01.xlsx"

    def still_asked(path):
        ingest(study, [path], actor="data manager")
        return [q.form for q in asked(study) if q.problem.kind == "harvest-files-refused"]

    def harvested(refused):
        text = harvest_text(
            rows, "S01", protocol, protocol_sha256=sha256, counts={"refused": refused}
        )
        headers.write_text(text, encoding="utf-8")
        return headers

    assert still_asked(harvested(2)) == ["F16"]
    content = typed(protocol, rows, "S01")
    write_template(protocol, "S01", workbook, protocol_sha256=sha256, content=content)
    assert still_asked(workbook) == ["F16"]
    assert still_asked(harvested(0)) == []


def test_endpoints_are_computed_from_headers_and_traced_to_their_files(analysed):
    study = analysed
    results = Results.load(study.results_path)
    ratio = 1.0
    for site in SITES:
        for row in harvest(study.protocol(), site).of_site(site):
            power = 1 if row.arm == "TEST" else -1
            ratio *= row.values["scan_time_s"].value ** (power / 16)
    assert results.get("T1.FAS.all.estimate").value == pytest.approx(ratio, rel=1e-12)
    assert results.get("D1.FAS.all.estimate").value is not None
    found = trace(study, "T1.FAS.all.estimate", every_row=True)
    assert found.behind.form == "F16"
    assert len(found.rows) == 32
    row = next(row for row in found.rows if row.key == "S02-004 | REF")
    assert (row.file, row.row) == ("S02_dicom.jsonl", 9)
    assert row.cells["scan_time_s"] == "9:scan_time_s"
    origin = row.origins["scan_time_s"]
    assert (origin["source"], origin["confidence"], origin["unit"]) == (
        "acquisition_duration", "high", "s",
    )  # fmt: skip
    [part] = origin["parts"]
    assert part["instances"] == [hash_of_uid(f"S02-004 REF {at}") for at in (1, 2)]
    assert part["value"] == row.values["scan_time_s"] == 320.0


def test_the_command_prints_the_files_behind_a_number(analysed):
    said = {}
    for language in ("en", "zh"):
        arguments = [
            "--lang",
            language,
            "trace",
            "D1.FAS.all.estimate",
            "--study",
            str(analysed.root),
        ]
        answer = CliRunner().invoke(cli, arguments)
        assert answer.exit_code == 0, answer.output
        said[language] = answer.output.splitlines()
    assert "From headers of images (hashes of SOPInstanceUIDs):" in said["en"]
    assert "来自图像头信息（SOPInstanceUID 哈希值）：" in said["zh"]
    at = said["en"].index("  S01 S01-001 | TEST dlp_mgy_cm = 210.0: dose_report, high")
    assert said["en"][at + 1] == (f"    210 mGy*cm (210.0): {hash_of_uid('S01-001 TEST report')}")


# ---------------------------------------------------------------------- the workbook


def test_a_workbook_has_no_sheet_for_headers_and_is_filled_from_them(tmp_path):
    protocol = kit.protocol(
        sites=SITES, forms=FORMS, dicom={"arms": ARMS}, endpoints=[PRIMARY, TIME, DOSE]
    )
    rows = harvest(protocol, "S01").rows
    content = prefilled(rows, "S01", protocol)
    path = tmp_path / "S01.xlsx"
    write_template(protocol, "S01", path, protocol_sha256="5" * 64, content=content)
    workbook = openpyxl.load_workbook(path)
    assert "F16" not in workbook.sheetnames
    head = [cell.value for cell in workbook["F05"][1]]
    first = dict(zip(head, [cell.value for cell in workbook["F05"][3]], strict=True))
    assert (first["subject_id"], first["arm"]) == ("S01-001", "TEST")
    assert first["scan_time_s"] == 101.0
    assert first["dlp_mgy_cm"] == 210.0
    assert first["device_serial"] == "70001"
    assert first["software_version"] is None  # of the software under test, which headers do not say
    devices_ = content["F02"]
    assert [row["software_version"] for row in devices_] == ["V1\\SP2", "V2"]
    assert {row["component"] for row in devices_} == {"scanner"}


def test_what_is_held_against_headers_is_not_filled_in_from_them():
    protocol = kit.protocol(
        sites=SITES, forms=FORMS, checks=CHECKS, dicom={"arms": ARMS},
        endpoints=[PRIMARY, TIME, DOSE],
    )  # fmt: skip
    content = prefilled(harvest(protocol, "S01").rows, "S01", protocol)
    reference = [row for row in content["F05"] if row["arm"] == "REF"]
    assert {tuple(row) for row in reference} == {("subject_id", "arm", "software_version")}
    assert all(row["arm"] == "REF" for row in content["F05"])

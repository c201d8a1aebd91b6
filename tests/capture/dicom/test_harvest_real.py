"""Real dose reports as the arm of a subject: the row of a study has the doses that are known."""

import dataclasses
from pathlib import Path

import pytest
from harvest_kit import study

from clinval.app.dicom import look
from clinval.capture.dicom.study.harvest_file import harvest_text
from clinval.capture.dicom.study.harvest_return import read_harvest
from clinval.capture.dicom.study.rows import rows_of_harvest

SHARED = Path(__file__).resolve().parents[4] / "shared" / "dicom" / "openrem_gplv3"
KNOWN = {
    "CT-RDSR-Siemens-Multi-*.dcm": 236.09,
    "CT-RDSR-Siemens-Continued-*.dcm": 116.61,
}
"""DLP in mGy*cm, from SOURCES.md beside the files; adding up the reports gives 320.82 for one."""


@pytest.mark.parametrize("pattern", KNOWN)
def test_reports_that_repeat_or_continue_each_other_are_one_dose_of_an_arm(pattern, tmp_path):
    files = sorted(SHARED.glob(pattern))
    if not files:
        pytest.skip("the shared DICOM files (../shared/dicom) are not on this machine")
    for path in files:
        (tmp_path / path.name).symlink_to(path)
    harvest = look(tmp_path)
    # the files are refused because they name somebody; a site would send them without the names
    own = [
        dataclasses.replace(one, subject="S01-001", folder=("fast*",), refusals=())
        for one in harvest.instances
    ]
    assert len(own) == len(files)
    protocol = study()
    rows = rows_of_harvest(harvest.measured, harvest.devices, own, protocol).rows
    assert [(row.subject, row.arm) for row in rows] == [("S01-001", "TEST")]
    dose = rows[0].values["dlp_mgy_cm"]
    assert dose.value == KNOWN[pattern]
    assert {uid for part in dose.parts for uid in part.instances} <= {one.uid for one in own}
    text = harvest_text(rows, "S01", protocol, protocol_sha256="5" * 64)
    (returned,) = read_harvest("S01_dicom.jsonl", text.encode(), protocol)
    assert [defect.problem.line("en") for defect in returned.defects] == []
    assert returned.forms[0].frame["dlp_mgy_cm"].tolist() == [KNOWN[pattern]]

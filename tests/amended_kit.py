"""A study of which the protocol is amended while it runs: two versions, and a filled workbook."""

from __future__ import annotations

import sys
from pathlib import Path

from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.capture.template import write_template
from clinval.endpoints import KINDS
from clinval.protocol.reading import load

sys.path.append(str(Path(__file__).parent / "protocol"))

from sound_study import SOUND

FIRST = (
    SOUND.replace("planned_subjects: 60", "planned_subjects: 3")
    .replace("subjects: 100", "subjects: 5")
    .replace("subjects: 40", "subjects: 5")
)

AMENDMENT = """\
amendments:
  "1.0":
    reason: {en: The coil is measured in centimetres, zh: 线圈以厘米计量}
    renamed: {F05: {start_time: scan_start}}
    converted: {F05: {coil_position_cm: coil_position_mm / 10}}
    recoded: {F05: {lesion_side: {medial: medial, lateral: outer}}}
"""

CHANGES = (
    ('version: "1.0"', 'version: "2.0"'),
    ("medial: {en: Medial, zh: 内侧}", "medial: {en: Medial compartment, zh: 内侧}"),
    ("lateral: {en: Lateral, zh: 外侧}", "outer: {en: Lateral compartment, zh: 外侧}"),
    (
        "{id: coil_position_mm, type: number, label: Position of the coil, range: [-400, 400]}",
        "{id: coil_position_cm, type: number, label: Position of the coil, range: [-30, 30]}",
    ),
    ("{id: start_time, type", "{id: scan_start, type"),
    ("drop: [ctdivol_mgy, dlp_mgy_cm]", "drop: [ctdivol_mgy, dlp_mgy_cm, device_serial]"),
    (
        "scan_time_s: {expected: [60, 1800]}",
        "scan_time_s: {expected: [60, 1800], range: [1, 3000]}",
    ),
    ("margin: {value: 0.5,", "margin: {value: 0.6,"),
)


def second(*, without=(), more=()):
    """Return the text of the second version; some changes may be left out, or others made too."""
    text = FIRST
    for old, new in (*(change for change in CHANGES if change[0] not in without), *more):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text + AMENDMENT


def content(site="S01"):
    """Return what a site fills in under the first version."""
    subjects = [f"{site}-00{number}" for number in (1, 2, 3)]
    scans = [
        {
            "subject_id": subject, "arm": arm, "completed": "yes",
            "acquisition_date": "2026-03-04", "acquisition_order": 1 + (arm == "REF"),
            "scan_time_s": 200.5 + 10 * index, "room_time_min": 25, "repeated": "no",
            "device_serial": f"SN{index}", "coil_position_mm": 100 + index * 100,
            "lesion_side": "lateral" if index else "medial",
            "start_time": f"2026-03-04 09:3{index}:00", "software_version": "2.1.0",
        }
        for index, subject in enumerate(subjects)
        for arm in ("TEST", "REF")
    ]  # fmt: skip
    scans[1]["coil_position_mm"] = "UNK"
    scans[2]["device_serial"] = "=SUM(A1)"
    people = [
        {"subject_id": subject, "consent": "yes", "eligible": "yes", "enrolled": "yes",
         "sex": "female", "age_years": 54, "indication": "knee pain", "completed": "yes"}
        for subject in subjects
    ]  # fmt: skip
    return {"F04": people, "F05": scans}


def protocol_of(root: Path, text: str):
    """Return the protocol of a text."""
    path = root / "protocol.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load(path, KINDS)


def study(root: Path) -> StudyFolder:
    """Return a study under its first version, with what one site has returned."""
    protocol = protocol_of(root, FIRST)
    folder = StudyFolder(root)
    filled(folder, protocol, "S01", root / "filled" / "S01.xlsx")
    ingest(folder, [root / "filled" / "S01.xlsx"], actor="tester")
    return folder


def filled(folder: StudyFolder, protocol, site: str, path: Path, rows=None) -> Path:
    """Write the workbook that a site returns under a protocol."""
    sha256 = folder.protocol_sha256()
    write_template(protocol, site, path, protocol_sha256=sha256, content=rows or content(site))
    return path

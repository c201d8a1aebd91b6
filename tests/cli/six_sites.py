"""A study of six small sites whose workbooks have come back, one of them with mistakes."""

from __future__ import annotations

from pathlib import Path

import kit
import numpy as np
import proof_kit

from clinval.app.folder import StudyFolder
from clinval.capture.template import write_template

SITES = tuple(f"S{number:02d}" for number in range(1, 7))
LANGUAGES = ["en", "zh"]
PEOPLE = 6
SPOILT = "S03"


def returned_study(root: Path) -> StudyFolder:
    """Return the study; its workbooks lie in the inbox, nothing has been taken in."""
    folder = StudyFolder(root)
    folder.inbox.mkdir(parents=True)
    said = kit.content(
        design="crossed_readers",
        sites=SITES,
        readers=("R1", "R2", "R3"),
        endpoints=[proof_kit.QUALITY],
        reports=[
            {"audience": "fda", "languages": ["en"]},
            {"audience": "nmpa", "languages": ["zh"]},
            {"audience": "hospital", "languages": LANGUAGES},
            {"audience": "site", "languages": LANGUAGES},
        ],
    )
    folder.protocol_path.write_text(kit.text(said), encoding="utf-8")
    protocol, sha256 = folder.protocol(), folder.protocol_sha256()
    draw = np.random.default_rng(11)
    for site in SITES:
        path = folder.inbox / f"{site}.xlsx"
        content = _content(draw, site)
        write_template(protocol, site, path, protocol_sha256=sha256, content=content)
    return folder


def _content(draw: np.random.Generator, site: str) -> dict[str, list[dict[str, object]]]:
    people = kit.enrolled({site: PEOPLE}).to_dict("records")
    scans = [
        {"subject_id": one["subject_id"], "arm": arm, "completed": "yes", "scan_time_s": seconds}
        for one in people
        for arm, seconds in (("TEST", 180), ("REF", 400))
    ]
    if site == SPOILT:
        for scan in scans[:6]:
            scan["scan_time_s"] = "three minutes"
    reads = [
        {
            "subject_id": one["subject_id"], "arm": arm, "reader_id": reader,
            "image_quality": float(np.clip(round(draw.normal(3.4, 0.8)), 1, 5)),
        }
        for one in people
        for arm in ("TEST", "REF")
        for reader in ("R1", "R2", "R3")
    ]  # fmt: skip
    return {"F04": people, "F05": scans, "F07": reads}

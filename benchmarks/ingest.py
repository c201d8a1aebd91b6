"""A returned workbook of 50,000 rows: read, checked, kept and stored, against reading alone."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import study
from ratio import Ratio, against

_SUBJECTS, _READERS = 5_000, 5  # 2 arms: 50,000 reads


def measure() -> Iterator[Ratio]:
    """Compare the whole of ``clinval ingest`` with openpyxl's read-only iteration."""
    import openpyxl

    from clinval.app.folder import StudyFolder
    from clinval.app.ingest import ingest

    with tempfile.TemporaryDirectory() as made:
        folder = StudyFolder(Path(made))
        workbook = _workbook(folder)

        def taken_in() -> None:
            folder.store_path.unlink(missing_ok=True)
            shutil.rmtree(folder.received, ignore_errors=True)
            [ingested] = ingest(folder)
            if ingested.receipt.rows != 2 * _SUBJECTS * _READERS or ingested.defects:
                raise RuntimeError(f"not what was written: {ingested}")

        def iterated() -> None:
            book = openpyxl.load_workbook(workbook, read_only=True, data_only=True)
            rows = sum(1 for sheet in book for _ in sheet.iter_rows(values_only=True))
            if rows <= 2 * _SUBJECTS * _READERS:
                raise RuntimeError(f"{rows} rows")

        taken, peer = against(taken_in, iterated, times=5)
    yield Ratio(
        task="ingest a workbook of 50,000 rows",
        peer="openpyxl, read-only iteration",
        taken=taken,
        peer_taken=peer,
        limit=1.5,
    )


def _workbook(folder: study.StudyFolder) -> Path:
    """Write a study of one site and its returned workbook; every row is filled."""
    from clinval.capture.template import write_template

    study.write_protocol(folder, sites=1, subjects=_SUBJECTS, readers=_READERS, forms=["F07"])
    protocol = folder.protocol()
    draw = random.Random(1)  # noqa: S311
    rows = []
    for subject in protocol.subjects_of("S01"):
        for arm in ("TEST", "REF"):
            for reader in protocol.readers:
                quality = draw.choice([1, 2, 3, 4, 5])
                rows.append(
                    {
                        "subject_id": subject,
                        "arm": arm,
                        "reader_id": reader.id,
                        "session": draw.choice([1, 2]),
                        "read_date": f"2026-0{draw.randint(1, 9)}-{draw.randint(10, 28)}",
                        "image_quality": quality,
                        "call": "not_evaluable" if quality == 1 else draw.choice(study.CALLS),
                        "reading_time_s": round(draw.uniform(5, 900), 1),
                    }
                )
    path = folder.inbox / "S01.xlsx"
    write_template(
        protocol,
        "S01",
        path,
        protocol_sha256=folder.protocol_sha256(),
        content={"F07": rows},
    )
    return path

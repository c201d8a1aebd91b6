"""Templates out and returns in: fifty templates, a hundred workbooks of 2,000 rows each."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import study
from ratio import Ratio, against

if TYPE_CHECKING:
    from clinval.app.folder import StudyFolder

_SITES, _TEMPLATES = 100, 50
_SUBJECTS, _READERS = 200, 3
_ROWS = _SUBJECTS * (1 + 2 + 1 + 2 * _READERS)  # subjects, scans, references, reads: 2,000
_FORMS = ("F04", "F05", "F06", "F07")


def measure() -> Iterator[Ratio]:
    """Compare the whole of ``clinval ingest`` and ``clinval templates`` with the bare libraries."""
    from clinval.app.folder import StudyFolder

    with tempfile.TemporaryDirectory() as made:
        folder = StudyFolder(Path(made))
        study.write_protocol(
            folder, sites=_SITES, subjects=_SUBJECTS, readers=_READERS, forms=_FORMS
        )
        yield _templates(folder)
        _return(folder)
        yield from _ingest(folder)


def _ingest(folder: StudyFolder) -> Iterator[Ratio]:
    import openpyxl

    from clinval.app.ingest import ingest

    def taken_in(workers: int = 1) -> None:
        folder.store_path.unlink(missing_ok=True)
        shutil.rmtree(folder.received, ignore_errors=True)
        ingested = ingest(folder, workers=workers)
        if sum(one.receipt.rows for one in ingested) != _SITES * _ROWS:
            raise RuntimeError("not what was written")
        if any(one.defects for one in ingested):
            raise RuntimeError("defects where there are none")

    def iterated() -> None:
        rows = 0
        for path in folder.returned_files():
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            rows += sum(1 for sheet in book for _ in sheet.iter_rows(values_only=True))
        if rows <= _SITES * _ROWS:
            raise RuntimeError(f"{rows} rows")

    taken, peer = against(taken_in, iterated, times=2)
    yield Ratio(
        task=f"ingest {_SITES} workbooks of {_ROWS:,} rows",
        peer="openpyxl, read-only iteration",
        taken=taken,
        peer_taken=peer,
        limit=3,
    )
    spent = {}
    for workers in (2, 1):
        start = time.perf_counter()
        taken_in(workers)
        spent[workers] = time.perf_counter() - start
    yield Ratio(
        task="the same with two processes, elapsed",
        peer="with one",
        taken=spent[2],
        peer_taken=spent[1],
        limit=1,
    )


def _templates(folder: StudyFolder) -> Ratio:
    """Compare templates of fifty sites with the same cells written by xlsxwriter and no more."""
    import openpyxl
    import xlsxwriter

    from clinval.app.templates import write_templates

    sites = [site.id for site in folder.protocol().sites[:_TEMPLATES]]
    plain = folder.root / "plain.xlsx"
    # every site has as many subjects, so one template has the cells of each
    [template] = write_templates(folder, sites[:1])
    book = openpyxl.load_workbook(template)
    cells: dict[str, list[tuple[int, int, Any]]] = {
        sheet.title: [
            (cell.row - 1, cell.column - 1, cell.value) for row in sheet.iter_rows() for cell in row
            if cell.value is not None or cell.has_style
        ]
        for sheet in book
    }  # fmt: skip

    def by_itself() -> None:
        for _ in sites:
            workbook = xlsxwriter.Workbook(plain, {"in_memory": True})
            shown = workbook.add_format({"locked": False})
            for title, content in cells.items():
                sheet = workbook.add_worksheet(title)
                for row, column, value in content:
                    sheet.write(row, column, value, shown)
            workbook.close()

    taken, peer = against(lambda: write_templates(folder, sites), by_itself, times=2)
    return Ratio(
        task=f"templates of {_TEMPLATES} sites",
        peer="xlsxwriter, the same cells",
        taken=taken,
        peer_taken=peer,
        limit=2,
    )


def _return(folder: StudyFolder) -> None:
    """Fill the workbook of every site in, without a mistake, and put it into the inbox."""
    from clinval.capture.template import write_template

    protocol, sha256 = folder.protocol(), folder.protocol_sha256()
    for number, site in enumerate(protocol.sites):
        draw = random.Random(number)  # noqa: S311
        content: dict[str, list[dict[str, object]]] = {form: [] for form in _FORMS}
        for subject in protocol.subjects_of(site.id):
            content["F04"].append({"subject_id": subject, **_enrolled(draw)})
            content["F06"].append({"subject_id": subject, **_reference(draw)})
            day = _day(draw, 1)
            for order, arm in enumerate(("TEST", "REF"), start=1):
                key = {"subject_id": subject, "arm": arm}
                content["F05"].append(key | _scan(draw, order, day))
                content["F07"] += [
                    key | {"reader_id": r.id} | _read(draw) for r in protocol.readers
                ]
        path = folder.inbox / f"{site.id}.xlsx"
        write_template(protocol, site.id, path, protocol_sha256=sha256, content=content)


def _day(draw: random.Random, first: int) -> str:
    return f"2026-0{draw.randint(first, first + 2)}-{draw.randint(10, 28)}"


def _enrolled(draw: random.Random) -> dict[str, object]:
    return {
        "consent": "yes", "eligible": "yes", "enrolled": "yes", "completed": "yes",
        "sex": draw.choice(("female", "male")), "age_years": draw.randint(18, 88),
        "indication": draw.choice(("knee pain", "膝关节疼痛", "follow-up", "swelling after sport")),
    }  # fmt: skip


def _scan(draw: random.Random, order: int, day: str) -> dict[str, object]:
    seconds = round(draw.lognormvariate(5.8, 0.25), 1)
    return {
        "completed": "yes", "acquisition_date": day, "acquisition_order": order,
        "scan_time_s": seconds, "room_time_min": round(seconds / 60 + draw.uniform(9, 15), 1),
        "repeated": "no", "ctdivol_mgy": "NA", "dlp_mgy_cm": "NA", "software_version": "1",
    }  # fmt: skip


def _reference(draw: random.Random) -> dict[str, object]:
    return {
        "reference_result": draw.choice(study.CALLS), "reference_method": "expert_panel",
        "reference_version": "1.0", "panel_size": 3, "adjudicated": draw.choice(("yes", "no")),
        "blinded": "yes", "days_to_reference": "NA",
    }  # fmt: skip


def _read(draw: random.Random) -> dict[str, object]:
    return {
        "session": 1, "read_date": _day(draw, 6), "image_quality": draw.randint(3, 5),
        "noise": draw.randint(2, 5), "sharpness": draw.randint(2, 5),
        "artifact": draw.randint(2, 5), "call": draw.choice(study.CALLS),
        "confidence": draw.randint(2, 5), "reading_time_s": round(draw.lognormvariate(4.5, 0.4), 1),
    }  # fmt: skip

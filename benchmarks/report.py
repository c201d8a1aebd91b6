"""A report of some 50 pages, tagged and archival, beside plain reportlab and WeasyPrint."""

from __future__ import annotations

import importlib.util
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator

from ratio import Ratio, child

_SECTIONS = 40  # 40 tables, 30 charts, some 50 pages
_TIMES = 3
_PAGES = (50, 125, 250, 500)


def measure() -> Iterator[Ratio]:
    """Compare seconds and memory, in turns; each report is written by a process of its own."""
    peers = ["reportlab"]
    if importlib.util.find_spec("weasyprint"):
        peers.append("weasyprint")
    else:
        print("report: WeasyPrint is not installed (the extra named bench) and left out")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ("clinval", *peers)}
    for _ in range(_TIMES):
        for name, found in runs.items():
            found.append(child("report", "write", name, str(_SECTIONS)))
    taken = {
        name: {unit: min(run[unit] for run in found) for unit in ("seconds", "megabytes")}
        for name, found in runs.items()
    }
    pages = round(runs["clinval"][0]["pages"])
    for peer, words, limit in (
        ("reportlab", "reportlab, multiBuild, untagged", 2.0),
        ("weasyprint", "WeasyPrint, pdf/ua-1", 0.25),
    ):
        if peer in taken:
            yield Ratio(
                task=f"tagged, archival report of {pages} pages", peer=words,
                taken=taken["clinval"]["seconds"], peer_taken=taken[peer]["seconds"], limit=limit,
            )  # fmt: skip
    if "weasyprint" in taken:
        yield Ratio(
            task="memory of that report at its peak", peer="WeasyPrint, pdf/ua-1",
            taken=taken["clinval"]["megabytes"], peer_taken=taken["weasyprint"]["megabytes"],
            limit=0.5, unit="MB",
        )  # fmt: skip
    yield from _growth()


def _growth() -> Iterator[Ratio]:
    """Compare what a page of a long report takes with one of 50 pages."""
    cost: dict[int, list[float]] = {pages: [] for pages in _PAGES}
    for _ in range(_TIMES):
        for pages, found in cost.items():
            run = child("report", "write", "clinval", str(_SECTIONS * pages // 50))
            found.append(1000 * run["seconds"] / run["pages"])
    for pages in _PAGES[1:]:
        yield Ratio(
            task=f"a page of a report of some {pages}", peer=f"a page of one of {_PAGES[0]}",
            taken=min(cost[pages]), peer_taken=min(cost[_PAGES[0]]), limit=1.3, unit="ms",
        )  # fmt: skip


def write(name: str, sections: str) -> dict[str, float]:
    """Write a report; imports and the making of its content are not counted."""
    import pypdfium2
    import report_content
    import report_writers

    parts = list(report_content.sections(int(sections)))
    writer = getattr(report_writers, name)
    with tempfile.TemporaryDirectory() as made:
        os.chdir(made)
        writer([])  # imports what it needs, and loads the fonts it keeps
        start = time.process_time()
        content = writer(parts)
        seconds = time.process_time() - start
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    return {
        "seconds": seconds,
        "megabytes": most * unit / 1e6,
        "pages": float(len(pypdfium2.PdfDocument(content))),
    }

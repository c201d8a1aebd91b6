"""Prove one PDF of a pack: hashes, numbers, figures, drawing, attachments, signatures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from clinval import __version__
from clinval.app.checks import Check
from clinval.app.expected import Expected, ReportName, Reports, named
from clinval.app.signing import check_signatures
from clinval.app.unpacking import RESULTS, Opened
from clinval.core.errors import ClinvalError
from clinval.core.files import sha256_of_file
from clinval.core.problems import Place, Problem, Problems
from clinval.core.records import Results
from clinval.report.proof.comparing import (
    Difference,
    differing_figures,
    differing_numbers,
    differing_words,
    drawings,
)
from clinval.report.proof.extras import Extras, extras
from clinval.report.proof.reading import Reading, bare, read

__all__ = ["check_report"]

_NOTHING = "–"
_LONGEST = 120  # characters of a text that differs, in a message


def check_report(
    pack: Opened, name: str, called: str, reports: Reports | None, roots: Sequence[Any]
) -> Iterator[Check]:
    """Yield the checks of a PDF.

    Parameters
    ----------
    pack
        Where it is.
    name
        Its name there.
    called
        The name that says which report it is.
    reports
        What reports of these results should be, ``None`` where that cannot be known.
    roots
        Certificates whose signatures are trusted.
    """
    path = pack.files[name]
    try:
        found, more = read(path, name), extras(path, name)
    except ClinvalError as error:
        yield Check.of("readable", name, error.problems)
        return
    which = named(called)
    if reports is None or which is None:
        yield Check.skipped("numbers", name, "unknown" if which is None else "unmade")
    else:
        try:
            expected = reports.of(which)
            yield from _against(path, name, which, reports.results, expected, found)
        except ClinvalError as error:
            yield Check.of("composed", name, error.problems)
    yield _over(name, more)
    if RESULTS in more.attached and RESULTS in pack.files:
        yield _attached(pack, name, more)
    yield from check_signatures(path.read_bytes(), name, roots)


def _against(
    path: Path, name: str, which: ReportName, results: Results, expected: Expected, found: Reading
) -> Iterator[Check]:
    content = path.read_bytes()
    should = found if content == expected.content else expected.reading
    yield _hashes(name, results, should, found)
    place = Place(file=name)
    differing = [
        _differs("number-differs", place, each)
        for each in differing_numbers(expected.document, found)
    ]
    yield Check.of("numbers", name, differing, numbers=len(found.numbers), report=str(which))
    figures = [_differs("figure-differs", place, each) for each in differing_figures(should, found)]
    yield Check.of("figures", name, figures, figures=len(found.figures))
    yield _drawing(content, name, results, expected, found)


def _differs(kind: str, place: Place, difference: Difference) -> Problem:
    said = {
        "page": difference.page or _NOTHING,
        "record": difference.record,
        "printed": difference.printed[:_LONGEST] or _NOTHING,
        "expected": difference.expected[:_LONGEST] or _NOTHING,
    }
    return Problem(kind=kind, place=place, parameters=said)


def _hashes(name: str, results: Results, expected: Reading, found: Reading) -> Check:
    """Check that it prints the hashes of these results wherever it should print them."""
    provenance = results.provenance
    known = {
        "results": results.sha256,
        "protocol": provenance["protocol"]["sha256"],
        "data": provenance["data"]["sha256"],
        "audit": provenance["audit"]["head"],
    }
    should, does = (bare("".join(reading.pages)) for reading in (expected, found))
    printed = {what: sha256 for what, sha256 in known.items() if sha256 in should}
    short = results.sha256[:8]
    problems = Problems()
    place = Place(file=name)
    for what, sha256 in {**printed, "footer": short}.items():
        if should.count(sha256) > does.count(sha256):
            problems.report("hash-not-printed", place, what=what, expected=sha256)
    return Check.of("hashes", name, problems, printed=", ".join(printed) or short)


def _drawing(
    content: bytes, name: str, results: Results, expected: Expected, found: Reading
) -> Check:
    """Draw the report again and compare it: byte for byte, then page by page."""
    made_with = results.provenance["software"]["clinval"]
    if made_with != __version__:
        return Check.skipped("drawing", name, version=made_with, own=__version__)
    if content == expected.content:
        return Check.of("drawing", name)
    place = Place(file=name)
    problems = [
        _differs("text-differs", place, part) for part in differing_words(expected.reading, found)
    ]
    told = {problem.parameters["page"] for problem in problems}
    pages = zip_longest(expected.drawings, drawings(content, name))
    problems += [
        Problem(kind="page-differs", place=place, parameters={"page": page})
        for page, (should, does) in enumerate(pages, start=1)
        if should != does and page not in told
    ]
    if problems:
        return Check.of("drawing", name, problems)
    return Check.of("before" if content.startswith(expected.content) else "packing", name)


def _over(name: str, more: Extras) -> Check:
    """Check that nothing but links lies over the pages; a seal that can be seen is named."""
    place = Place(file=name)
    problems = Problems()
    for over in more.over:
        kind = "page-sealed" if over.signature else "page-covered"
        if over.seen or not over.signature:
            problems.report(kind, place, page=over.page, what=over.kind)
    return Check.of("over", name, problems)


def _attached(pack: Opened, name: str, more: Extras) -> Check:
    """Check that the results that a PDF carries are those of the pack."""
    expected, found = sha256_of_file(pack.files[RESULTS]), more.attached[RESULTS]
    problems = Problems()
    if found != expected:
        problems.report("attached-differs", Place(file=name), expected=expected, found=found)
    return Check.of("attached", name, problems)

"""The gate before the store: what in a file may identify a patient, or names who wrote it.

It goes through what no form asks for: the name of the file, its properties, comments, hidden
sheets, pictures, further columns and sheets; the texts of a CSV or XML file; the header of a DICOM
file. What is found is told by kind, place and number, never shown.
"""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.capture.phi_file_name import kinds_in_name
from clinval.capture.phi_found import Found, Look
from clinval.capture.reading.package import RefusedError, look_through, read_bytes, shown_file_name
from clinval.capture.writing.words import word
from clinval.core.archives import DAMAGED
from clinval.core.problems import Place, Problem
from clinval.study.returns import Defect

if TYPE_CHECKING:
    from clinval.capture.query_answers import Answers
    from clinval.protocol.model import Protocol
    from clinval.protocol.privacy import Privacy
    from clinval.study.returns import WorkbookReturn

__all__ = ["Screened", "gated", "gated_answers", "screen"]

_SHOWN = 6  # places that a message names
_DICOM_AT = 128
_HEAD = 4096  # bytes within which a text says what it is
_NAME = "file name"
_AUTHORS = {
    "clean": "file-names-author-clean",
    "keep": "file-names-author-keep",
    "refuse": "file-names-author-refuse",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What the gate found in a file.

    Attributes
    ----------
    file
        Name of the file as it may be shown: without what may identify somebody.
    found
        What was found, in the order of the file.
    readable
        Whether the content could be looked through; an encrypted file cannot.
    """

    file: str
    found: tuple[Found, ...] = ()
    readable: bool = True

    @property
    def identifying(self) -> tuple[Found, ...]:
        """What in the content may identify a patient, or cannot be looked through."""
        beside = ("author", "hidden_sheet")
        return tuple(f for f in self.found if f.kind not in beside and f.place != _NAME)

    @property
    def authors(self) -> tuple[Found, ...]:
        """Where the file names who wrote it."""
        return tuple(found for found in self.found if found.kind == "author")

    @property
    def named(self) -> tuple[Found, ...]:
        """What the name of the file held."""
        return tuple(found for found in self.found if found.place == _NAME)

    def defects(self, privacy: Privacy) -> tuple[Defect, ...]:
        """Return what is said of the file, given what the study does with such files."""
        hidden = sum(found.count for found in self.found if found.kind == "hidden_sheet")
        refuses = bool(self.identifying) and privacy.identifying == "refuse"
        said: list[tuple[str, bool, dict[str, object]]] = [
            ("file-name-identifies", bool(self.named), _told(self.named)),
            ("file-identifies", bool(self.identifying) and not refuses, _told(self.identifying)),
            ("file-identifies-refused", refuses, _told(self.identifying)),
            (_AUTHORS[privacy.metadata], bool(self.authors), _told(self.authors)),
            ("sheets-hidden", hidden > 0, {"count": hidden}),
        ]
        place = Place(file=self.file)
        return tuple(
            Defect(problem=Problem(kind=kind, place=place, parameters=parameters))
            for kind, there, parameters in said
            if there
        )

    def refuses(self, privacy: Privacy) -> bool:
        """Whether nothing of the file may be stored, given what the study does with such files."""
        return bool(
            (self.identifying and privacy.identifying == "refuse")
            or (self.authors and privacy.metadata == "refuse")
        )


def screen(path: Path, protocol: Protocol | None = None) -> Screened:
    """Look through a file; nothing in it makes this fail, and nothing of it is kept.

    Parameters
    ----------
    path
        The file as it came.
    protocol
        The study; what it names itself (sponsor, contact, hospitals) does not count.
    """
    look = Look(protocol)
    name = shown_file_name(path)
    found = list(_in_name(path, look))
    readable = True
    try:
        found += _merged(_in_content(read_bytes(path), look))
    except (RefusedError, KeyError, *DAMAGED):  # whoever reads it says why
        readable = False
    return Screened(file=name, found=tuple(found), readable=readable)


def gated(returned: WorkbookReturn, screened: Screened, privacy: Privacy) -> WorkbookReturn:
    """Return what was read with what the gate says of it: without any row where it refuses."""
    defects = screened.defects(privacy)
    if screened.refuses(privacy):
        return dataclasses.replace(returned, refused=True, forms=(), defects=defects)
    return dataclasses.replace(returned, defects=(*defects, *returned.defects))


def gated_answers(answers: Answers, screened: Screened, privacy: Privacy) -> Answers:
    """Return answers to queries with what the gate says of their file: none where it refuses."""
    problems = tuple(defect.problem for defect in screened.defects(privacy))
    if screened.refuses(privacy):
        return dataclasses.replace(answers, refused=True, found=(), problems=problems)
    return dataclasses.replace(answers, problems=(*problems, *answers.problems))


def _in_content(content: bytes, look: Look) -> Iterator[Found]:
    if content[_DICOM_AT : _DICOM_AT + 4] == b"DICM":
        from clinval.capture.phi_dicom import look_through_dicom

        return look_through_dicom(content)
    if content.startswith(b"PK"):
        return _in_archive(content, look)
    from clinval.capture.dicom.study.harvest_return import is_harvest, without_hashes
    from clinval.capture.phi_text import look_through_text

    if is_harvest(content[:_HEAD]):
        content = without_hashes(content)
    return look_through_text(content, look)


def _in_archive(content: bytes, look: Look) -> Iterator[Found]:
    """Yield what a workbook holds, or each file of an archive of texts."""
    try:
        look_through(content)
    except RefusedError as refusal:
        if refusal.kind != "file-without-workbook":
            raise
    else:
        from clinval.capture.phi_workbook import look_through_workbook

        yield from look_through_workbook(content, look)
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:  # what it declares has been looked at
        for number, part in enumerate(archive.infolist(), start=1):
            if part.is_dir():
                continue
            inner = archive.read(part)
            if inner.startswith(b"PK"):
                raise RefusedError("file-part-names")  # an archive in an archive
            for found in (*_in_name(Path(part.filename), look), *_in_content(inner, look)):
                yield dataclasses.replace(found, place=f"file {number}, {found.place}")


def _in_name(path: Path, look: Look) -> Iterator[Found]:
    return Found.all_of(kinds_in_name(look.unknown(path.stem)), _NAME)


def _merged(found: Iterator[Found]) -> list[Found]:
    """Return what was found with what is alike counted."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in found:
        counts[one.kind, one.place] += one.count
    return [Found(kind=kind, place=place, count=n) for (kind, place), n in counts.items()]


def _told(found: Sequence[Found]) -> dict[str, object]:
    """Return what a message says: kinds with their numbers, and the first places."""
    counts: Counter[str] = Counter()
    for one in found:
        counts[one.kind] += one.count
    names = {kind: word(f"privacy.{kind}") for kind in counts}
    places = list(dict.fromkeys(one.place for one in found))
    more = ", …" if len(places) > _SHOWN else ""
    return {
        "kinds": ", ".join(f"{names[kind].en} ({n})" for kind, n in counts.items()),
        "kinds_zh": "、".join(f"{names[kind].in_('zh')}（{n}）" for kind, n in counts.items()),
        "places": ", ".join(places[:_SHOWN]) + more,
    }

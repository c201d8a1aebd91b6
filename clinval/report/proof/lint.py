"""Hold a PDF against what those who take submissions ask of it; the rules are data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinval.core.i18n import LANGUAGES, catalogue, pick
from clinval.core.resources import folder
from clinval.report.proof.facts import Facts, facts_of
from clinval.report.proof.reading import bare
from clinval.report.texts import Texts

__all__ = ["Finding", "destination_of", "destinations", "lint"]

_MARKS = ("mark.synthetic", "mark.interim", "plan.mark.draft")
_PAPER = ((595.28, 841.89), (612.0, 792.0))  # A4, US Letter
_TOLERANCE = 2.0  # points
_SIDES = {"left": "左", "right": "右", "top": "上", "bottom": "下"}

Met = tuple[int, dict[str, object]]  # the page, 0 for the file, and what is said of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a destination would object to.

    Attributes
    ----------
    destination, rule
        Where the rule holds, and its name in ``reports/submission.yaml``.
    file
        The file.
    pages
        Where it was met, none where it is about the whole file.
    level
        ``error``, or ``advice`` for good practice.
    source, status
        Where the rule comes from (a key of ``sources``), and whether that was seen
        (``verified``) or is from memory.
    facts
        What is set into its words, of the first place where it was met.
    """

    destination: str
    rule: str
    file: str
    pages: tuple[int, ...]
    level: str
    source: str
    status: str
    facts: dict[str, object] = field(default_factory=dict)

    def line(self, language: str) -> str:
        """Return what was found and what to do, on one line."""
        words = _content()["rules"][self.rule][language]
        texts = Texts(language)
        more = texts("lint.pages", count=len(self.pages) - 1) if len(self.pages) > 1 else ""
        return texts(
            "lint.line",
            file=self.file,
            rule=f"{self.destination}/{self.rule}",
            level=texts(f"lint.{self.level}"),
            says=words["says"].format_map(self.facts) + more,
            do=words["do"].format_map(self.facts),
            source=pick(_content()["sources"][self.source], language),
            status=texts(f"lint.{self.status}"),
        )

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for machines."""
        words = _content()["rules"][self.rule]["en"]
        source = _content()["sources"][self.source]["en"]
        return {
            "destination": self.destination, "rule": self.rule, "file": self.file,
            "pages": list(self.pages), "level": self.level, "source": source,
            "status": self.status, "says": words["says"].format_map(self.facts),
            "do": words["do"].format_map(self.facts),
        }  # fmt: skip


def destinations() -> list[str]:
    """Return where rules are known for."""
    return sorted(_content()["destinations"])


def destination_of(report: str) -> str:
    """Return where a report is sent to by its name (``fda.en``), empty where to nobody."""
    audience = report.split(".", 1)[0]
    return audience if audience in _content()["destinations"] else ""


def lint(path: Path, destination: str, name: str = "") -> list[Finding]:
    """Return what a destination would object to in a PDF.

    Parameters
    ----------
    path
        The file.
    destination
        One of :func:`destinations`.
    name
        What the file is called there, its own name where nothing is said.

    Raises
    ------
    ReportError
        When it cannot be read; one that asks for a password is an error too.
    """
    shown = name or path.name
    facts = facts_of(path, shown)
    found = []
    for rule, setting in _content()["destinations"][destination].items():
        met = list(_RULES[rule](facts, setting))
        if not met:
            continue
        found.append(
            Finding(
                destination=destination,
                rule=rule,
                file=shown,
                pages=tuple(dict.fromkeys(page for page, _ in met if page)),
                level=setting.get("level", "error"),
                source=setting["source"],
                status=setting["status"],
                facts={"page": met[0][0], **met[0][1]},
            )
        )
    return found


def _content() -> Mapping[str, Any]:
    return catalogue(folder("reports") / "submission.yaml")


# ---------------------------------------------------------------------- the file


def _size(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    if facts.size > setting["most_mb"] * 1_000_000:
        yield 0, {"found": f"{facts.size / 1e6:.1f}", "most": setting["most_mb"]}


def _name(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    if not re.fullmatch(setting["pattern"], facts.name):
        yield 0, {"found": facts.name, "example": setting["example"]}


def _version(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    numbers = [
        tuple(map(int, version.split(".")))
        for version in (setting["least"], facts.version, setting["most"])
    ]
    if numbers != sorted(numbers):
        yield 0, {"found": facts.version, "least": setting["least"], "most": setting["most"]}


def _archive(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    if facts.archive and int(facts.archive) not in setting["parts"]:
        yield 0, {"found": facts.archive, "parts": ", ".join(map(str, setting["parts"]))}


def _encryption(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    if facts.encrypted:
        yield 0, {}


def _bookmarks(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    if not facts.bookmarks and len(facts.inks) >= setting["pages"]:
        yield 0, {}


def _opening(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    if facts.bookmarks and facts.mode != "UseOutlines":
        yield 0, {}


def _contents(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    if not facts.linked and len(facts.inks) >= setting["pages"]:
        yield 0, {}


def _attachments(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    if facts.attached:
        yield 0, {"what": ", ".join(facts.attached)}


def _javascript(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    if facts.scripts:
        yield 0, {"what": ", ".join(facts.scripts)}


def _signature(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    if facts.signatures:
        yield 0, {}


def _marks(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    words = [Texts(language)(key) for key in _MARKS for language in LANGUAGES]
    pages = [bare(page) for page in facts.pages]
    found = [word for word in words if pages and all(bare(word) in page for page in pages)]
    if found:
        yield 0, {"what": ", ".join(found)}


# ---------------------------------------------------------------------- the pages


def _fonts(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    for page, ink in enumerate(facts.inks, start=1):
        for font, embedded in ink.fonts.items():
            if not embedded:
                yield page, {"what": font}


def _letters(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    for page, ink in enumerate(facts.inks, start=1):
        if ink.smallest is not None and ink.smallest[0] < setting["least"] - 0.05:
            size, text = ink.smallest
            yield page, {"found": f"{size:.1f}", "what": text, "least": setting["least"]}


def _searchable(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    for page, text in enumerate(facts.pages, start=1):
        if not bare(text):
            yield page, {}


def _margins(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    """Yield where ink stands in a margin; the wide one is at the top of a page on its side."""
    for page, ink in enumerate(facts.inks, start=1):
        bound = "left" if ink.height >= ink.width else "top"
        for side, edge in ink.edges.items():
            least = setting["left"] if side == bound else setting["other"]
            if edge.distance < least - 0.05:
                yield page, {
                    "what": edge.what, "found": f"{edge.distance:.0f}", "side": side,
                    "side_zh": _SIDES[side], "least": least,
                }  # fmt: skip


def _page_size(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    for page, ink in enumerate(facts.inks, start=1):
        short, long = sorted((ink.width, ink.height))
        if not any(
            abs(short - width) <= _TOLERANCE and abs(long - height) <= _TOLERANCE
            for width, height in _PAPER
        ):
            yield page, {"found": f"{ink.width:.0f} × {ink.height:.0f}"}


def _page_numbers(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    """Yield pages that have their number nowhere: as clinval prints it, or by itself in a line."""
    for page, text in enumerate(facts.pages, start=1):
        if page == 1 and not setting["first"]:
            continue
        lines = {line.strip(" -–/") for line in text.split("\n")}
        printed = re.search(rf"(?:Page|第){page}(?!\d)", bare(text))
        if str(page) not in lines and printed is None:
            yield page, {}


def _annotations(facts: Facts, setting: Mapping[str, Any]) -> Iterator[Met]:
    del setting
    for over in facts.over:
        yield over.page, {"what": over.kind}


_RULES = {
    "size": _size,
    "name": _name,
    "version": _version,
    "archive": _archive,
    "encryption": _encryption,
    "fonts": _fonts,
    "letters": _letters,
    "searchable": _searchable,
    "bookmarks": _bookmarks,
    "opening": _opening,
    "contents": _contents,
    "margins": _margins,
    "page-size": _page_size,
    "page-numbers": _page_numbers,
    "attachments": _attachments,
    "javascript": _javascript,
    "annotations": _annotations,
    "signature": _signature,
    "marks": _marks,
}

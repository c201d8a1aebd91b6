"""A report's definition (``reports/<audience>.yaml``) and the document that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clinval.core.i18n import catalogue, pick
from clinval.core.records import Results
from clinval.core.resources import folder
from clinval.protocol.model import Protocol
from clinval.report.blocks import (
    Block,
    Contents,
    Cover,
    Document,
    Heading,
    PageBreak,
    Rich,
    numbers,
)
from clinval.report.pieces import piece
from clinval.report.pieces.records import cited
from clinval.report.view import View

__all__ = ["Profile", "audiences", "compose"]


@dataclass(frozen=True, slots=True)
class Profile:
    """The definition of one audience's report."""

    audience: str
    content: Mapping[str, Any]

    @classmethod
    def load(cls, audience: str) -> Profile:
        """Read the definition of an audience."""
        return cls(audience, catalogue(_path(audience)))


def audiences() -> list[str]:
    """Return the audiences that there are reports for."""
    return sorted(path.stem for path in folder("reports").glob("*.yaml"))


def _path(audience: str) -> Path:
    return folder("reports") / f"{audience}.yaml"


def compose(profile: Profile, protocol: Protocol, results: Results, language: str) -> Document:
    """Return the report of an audience as blocks, in one language."""
    view = View(protocol=protocol, results=results, language=language)
    title = pick(profile.content["title"], language)
    blocks: list[Block] = [_cover(view, title), *_front(profile, view)]
    for number, section in enumerate(profile.content["sections"], start=1):
        blocks += _section(section, str(number), view)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for letter, section in zip(letters, profile.content.get("appendices", ()), strict=False):
        prefix = view.texts("appendix", letter=letter)
        blocks += _appendix(section, prefix, view, blocks)
    data = results.provenance["data"]
    return Document(
        language=language,
        title=f"{protocol.study.id}: {title}",
        author=protocol.study.sponsor,
        header=f"{protocol.study.id}  {title}",
        footer=view.texts(
            "footer",
            version=protocol.study.version,
            data=data["version"],
            hash=results.sha256[:8],
        ),
        marks=view.marks,
        blocks=tuple(blocks),
    )


def _cover(view: View, title: str) -> Cover:
    study = view.protocol.study
    provenance = view.results.provenance
    facts: list[tuple[str, Rich]] = [
        (view.texts("cover.study"), study.id),
        (
            view.texts("cover.product"),
            f"{view.protocol.product.name} {view.protocol.product.version}",
        ),
        (view.texts("cover.sponsor"), study.sponsor),
        (
            view.texts("cover.protocol"),
            view.texts("integrity.version", version=study.version, date=study.date.isoformat()),
        ),
        (
            view.texts("cover.data"),
            view.texts(
                "integrity.state",
                version=provenance["data"]["version"],
                state=view.texts(f"state.{provenance['data']['state']}"),
            ),
        ),
        (view.texts("cover.results"), view.results.sha256[:16]),
    ]
    if study.registration:
        facts.insert(1, (view.texts("cover.registration"), study.registration))
    if study.contact:
        facts.insert(-3, (view.texts("cover.contact"), study.contact))
    notices = []
    if provenance["synthetic"]:
        notices.append(view.texts("notice.synthetic"))
    if provenance["data"]["state"] == "interim":
        notices.append(view.texts("notice.interim"))
    return Cover(
        kicker=study.sponsor,
        title=title,
        subtitle=view.say(study.title),
        facts=tuple(facts),
        notices=tuple(notices),
    )


def _front(profile: Profile, view: View) -> list[Block]:
    """Return what stands before the contents (a one-page summary), then the contents.

    A report that begins with its summary is short, and goes on below its contents.
    """
    blocks: list[Block] = []
    front = profile.content.get("front")
    if front is not None:
        blocks.append(Heading(level=1, text=pick(front["title"], view.language), anchor="front"))
        for name in front["pieces"]:
            blocks += piece(name)(view)
        blocks.append(PageBreak())
    blocks.append(Contents(view.texts("contents")))
    return blocks if front is not None else [*blocks, PageBreak()]


def _section(section: Mapping[str, Any], number: str, view: View) -> list[Block]:
    depth = number.count(".")
    title = f"{number} {pick(section['title'], view.language)}"
    blocks: list[Block] = [
        Heading(level=2 if depth else 1, text=title, anchor=f"section.{section['id']}")
    ]
    for name in section.get("pieces", ()):
        blocks += _lowered(piece(name)(view)) if depth else piece(name)(view)
    for index, part in enumerate(section.get("sections", ()), start=1):
        blocks += _section(part, f"{number}.{index}", view)
    return blocks


def _lowered(blocks: list[Block]) -> list[Block]:
    """Return blocks whose headings stand below that of a section within a chapter."""
    return [replace(block, level=3) if isinstance(block, Heading) else block for block in blocks]


def _appendix(
    section: Mapping[str, Any], prefix: str, view: View, before: list[Block]
) -> list[Block]:
    title = f"{prefix} {pick(section['title'], view.language)}"
    blocks: list[Block] = [Heading(level=1, text=title, anchor=f"appendix.{section['id']}")]
    for name in section["pieces"]:
        if name in ("records", "records_in_words"):
            drawn = name == "records"
            shown = numbers((*before, *blocks), drawn=drawn)
            used = {number.record for number in shown}
            found = [record for record in view.results.records if record.id in used]
            blocks += cited(view, found, drawn=drawn)
        else:
            blocks += piece(name)(view)
    return blocks

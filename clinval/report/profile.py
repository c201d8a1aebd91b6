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
)
from clinval.report.composed import Composed
from clinval.report.pieces import closing_piece, piece
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


def compose(
    profile: Profile, protocol: Protocol, results: Results, language: str, site: str = ""
) -> Document:
    """Return the report of an audience as blocks, in one language."""
    view = View(protocol=protocol, results=results, language=language, site=site)
    title = pick(profile.content["title"], language)
    composed = Composed(
        [_cover(view, title)], checklists=tuple(profile.content.get("checklists", ()))
    )
    _front(profile, view, composed)
    for number, section in enumerate(profile.content["sections"], start=1):
        _section(section, str(number), view, composed)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for letter, section in zip(letters, profile.content.get("appendices", ()), strict=False):
        heading = f"{view.texts('appendix', letter=letter)} {pick(section['title'], language)}"
        _chapter(section, f"appendix.{section['id']}", heading, view, composed)
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
        blocks=tuple(composed.blocks),
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


def _front(profile: Profile, view: View, composed: Composed) -> None:
    """Add what stands before the contents (a one-page summary), then the contents.

    A report that begins with its summary is short, and goes on below its contents.
    """
    front = profile.content.get("front")
    if front is not None:
        _chapter(front, "front", pick(front["title"], view.language), view, composed)
        composed.blocks.append(PageBreak())
    composed.blocks.append(Contents(view.texts("contents")))
    if front is None:
        composed.blocks.append(PageBreak())


def _section(section: Mapping[str, Any], number: str, view: View, composed: Composed) -> None:
    title = f"{number} {pick(section['title'], view.language)}"
    _chapter(section, f"section.{section['id']}", title, view, composed, depth=number.count("."))
    for index, part in enumerate(section.get("sections", ()), start=1):
        _section(part, f"{number}.{index}", view, composed)


def _chapter(
    section: Mapping[str, Any],
    anchor: str,
    title: str,
    view: View,
    composed: Composed,
    depth: int = 0,
) -> None:
    """Add a heading and the pieces below it."""
    composed.blocks.append(Heading(level=2 if depth else 1, text=title, anchor=anchor))
    for name in section.get("pieces", ()):
        closing = closing_piece(name)
        blocks = closing(view, composed) if closing else piece(name)(view)
        lowered = _lowered(blocks) if depth else blocks
        composed.add(lowered, name, anchor, title, section.get("neutral", ""))


def _lowered(blocks: list[Block]) -> list[Block]:
    """Return blocks whose headings stand below that of a section within a chapter."""
    return [replace(block, level=3) if isinstance(block, Heading) else block for block in blocks]

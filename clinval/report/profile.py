"""The document that a report's definition gives for a study."""

from __future__ import annotations

from dataclasses import replace

from clinval.core.i18n import pick
from clinval.core.records import Results
from clinval.protocol.audiences import audiences
from clinval.protocol.finance_form import KEPT, with_answers
from clinval.protocol.model import Protocol
from clinval.report.blocks import (
    Archive,
    Attachment,
    Block,
    Contents,
    Cover,
    Document,
    Heading,
    PageBreak,
    Rich,
    numbers,
)
from clinval.report.composed import Composed
from clinval.report.definition import Part, Profile, Title
from clinval.report.pieces import closing_piece, cover_fact, piece, slot_of
from clinval.report.pieces.narrative import fact, unfilled
from clinval.report.site_view import masked, only_site
from clinval.report.texts import Texts
from clinval.report.view import View

__all__ = ["Profile", "attached", "audiences", "compose"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def compose(
    profile: Profile, protocol: Protocol, results: Results, language: str, site: str = ""
) -> Document:
    """Return the report of an audience as blocks, in one language.

    ``site`` is the hospital that a report is made for, where there is one for each. Such a report
    is composed twice: what it would print decides what of it has to be masked.
    """
    protocol = with_answers(protocol, results.provenance.get(KEPT, {}))
    view = View(protocol=protocol, results=results, language=language, site=site)
    title = _say(profile.title, language)
    if site:
        view = only_site(view)
        open_ = _composed(profile, view, title).blocks
        view = masked(view, {number.record for number in numbers(tuple(open_))})
    composed = _composed(profile, view, title)
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
        archive=Archive(part=profile.file.archive),
        type_sizes=profile.type,
    )


def attached(document: Document, profile: Profile, results_json: bytes) -> Document:
    """Return a document with the results in it, where its audience takes attachments."""
    if not profile.file.attach_results:
        return document
    texts = Texts(document.language)
    results = Attachment(
        name="results.json",
        media_type="application/json",
        content=results_json,
        description=texts("attachment.results"),
    )
    return replace(document, archive=replace(document.archive, attachments=(results,)))


def _composed(profile: Profile, view: View, title: str) -> Composed:
    """Return cover, contents, sections and appendices."""
    composed = Composed(checklists=_checklists(profile, view.protocol))
    _cover(profile, view, title, composed)
    _front(profile, view, composed)
    _sections(profile, profile.sections, (), view, composed)
    for number, part in enumerate(profile.appendices, start=1):
        pattern = _say(profile.appendix, view.language) if profile.appendix else ""
        heading = (pattern or view.texts("appendix.pattern")).format(
            letter=_LETTERS[number - 1], number=number, title=_say(part.title, view.language)
        )
        _chapter(part, f"appendix.{part.id}", heading, view, composed)
    return composed


def _checklists(profile: Profile, protocol: Protocol) -> tuple[str, ...]:
    """Return the checklists of the audience, then those that the protocol asks for, each once."""
    asked = [
        name
        for request in protocol.reports
        if request.audience == profile.audience
        for name in request.checklists
    ]
    return tuple(dict.fromkeys([*profile.checklists, *asked]))


def _say(title: Title, language: str) -> str:
    return pick({"en": title.en, "zh": title.zh}, language)


def _cover(profile: Profile, view: View, title: str, composed: Composed) -> None:
    study = view.protocol.study
    provenance = view.results.provenance
    facts: list[tuple[str, Rich]] = []
    for name in profile.cover:
        slot = slot_of(name)
        if slot is None:
            facts += cover_fact(name)(view)
        else:
            facts.append(fact(view, slot))
            if slot not in view.protocol.narrative:
                composed.unfilled.append(unfilled(view, slot))
    notices = []
    if provenance["synthetic"]:
        notices.append(view.texts("notice.synthetic"))
    if provenance["data"]["state"] == "interim":
        notices.append(view.texts("notice.interim"))
    cover = Cover(
        kicker=study.sponsor,
        title=title,
        subtitle=view.say(study.title),
        facts=tuple(facts),
        notices=tuple(notices),
    )
    composed.blocks.append(cover)


def _front(profile: Profile, view: View, composed: Composed) -> None:
    """Add what stands before the contents, then the contents.

    A report that may not be longer than so many pages goes on below its contents; one without
    contents goes on below what stands before them.
    """
    if profile.front is not None:
        heading = _say(profile.front.title, view.language)
        composed.blocks.append(Heading(level=1, text=heading, anchor="front"))
        _pieces(profile.front.pieces, "front", heading, "", view, composed, depth=0)
    if not profile.contents:
        return
    if profile.front is not None:
        composed.blocks.append(PageBreak())
    composed.blocks.append(Contents(view.texts("contents")))
    if profile.file.page_limit is None:
        composed.blocks.append(PageBreak())


def _sections(
    profile: Profile,
    parts: tuple[Part, ...],
    above: tuple[int, ...],
    view: View,
    composed: Composed,
) -> None:
    """Add sections that stand side by side, numbered but for those that are not."""
    number = 0
    for part in parts:
        heading, place = _say(part.title, view.language), above
        if part.numbered:
            number += 1
            place = (*above, number)
            heading = profile.headed(view.language, place, heading)
        _chapter(part, f"section.{part.id}", heading, view, composed, depth=len(above))
        _sections(profile, part.sections, place, view, composed)


def _chapter(
    part: Part, anchor: str, title: str, view: View, composed: Composed, depth: int = 0
) -> None:
    """Add a heading and the pieces below it."""
    composed.blocks.append(Heading(level=2 if depth else 1, text=title, anchor=anchor))
    _pieces(part.pieces, anchor, title, " ".join(part.neutral), view, composed, depth=depth)


def _pieces(
    names: tuple[str, ...],
    anchor: str,
    title: str,
    neutral: str,
    view: View,
    composed: Composed,
    *,
    depth: int,
) -> None:
    for name in names:
        closing = closing_piece(name)
        blocks = closing(view, composed) if closing else piece(name)(view)
        composed.add(_lowered(blocks) if depth else blocks, name, anchor, title, neutral)


def _lowered(blocks: list[Block]) -> list[Block]:
    """Return blocks whose headings stand below that of a section within a chapter."""
    return [replace(block, level=3) if isinstance(block, Heading) else block for block in blocks]

"""A report's definition (``reports/<audience>.yaml``): sections, the pieces in them, its file.

A definition orders, titles and adds; what is said comes from pieces. Every mistake in a file is
named with its place, so that an audience is added by adding a file.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.core.errors import ReportError
from clinval.core.problems import Problems
from clinval.core.resources import folder
from clinval.protocol.audiences import checklists
from clinval.protocol.base import Section, Text, Words
from clinval.protocol.parts import PartReader
from clinval.protocol.source import Path, Source, read
from clinval.report.pieces import known_fact, known_piece, similar

__all__ = ["FileRules", "Part", "Profile", "Title"]

Names = Annotated[tuple[str, ...], Setting(strict=False)]
Letters = Annotated[
    tuple[Annotated[str, Setting(pattern=r"^[A-Z]\d?$", examples=["P"])], ...],
    Setting(strict=False),
]


class Title(Text):
    """A title, in both languages."""

    zh: Words


class FileRules(Section):
    """What the file of a report has to be like.

    ``name`` is its name without the ending; a report whose name has ``{site}`` is made once for
    each site. ``archive`` is the part of PDF/A; only part 3 may hold attachments.
    """

    name: Annotated[
        str, Setting(pattern=r"^[\w.{}-]*\{language\}[\w.{}-]*$", examples=["fda.{language}"])
    ]
    archive: Literal[2, 3] = 2
    attach_results: bool = False
    signature: bool = False
    size_limit_mb: Annotated[int, Setting(ge=1)] | None = None
    page_limit: Annotated[int, Setting(ge=1)] | None = None


class Part(Section):
    """A section or an appendix; ``neutral`` names its letters in the neutral content model."""

    id: Annotated[str, Setting(pattern=r"^[a-z][a-z0-9_]*$", examples=["primary"])]
    title: Title
    neutral: Letters = ()
    numbered: bool = True
    pieces: Names = ()
    sections: Annotated[tuple[Part, ...], Setting(strict=False)] = ()


class Front(Section):
    """What stands before the contents: a summary on one page, or notes on how to read."""

    title: Title
    pieces: Names


class Numbering(Section):
    """How sections are numbered in a language: one pattern for each depth.

    A pattern may hold ``{number}``, ``{path}`` (1.2), ``{numeral}`` (of ``numerals``) and has to
    hold ``{title}``.
    """

    numerals: Names = ()
    patterns: Annotated[
        tuple[Annotated[str, Setting(pattern=r"\{title\}", examples=["{path} {title}"])], ...],
        Setting(strict=False, min_length=1),
    ] = ("{path} {title}",)


class Profile(Section):
    """The definition of one audience's report.

    With ``contents: false`` it has no table of contents, and its sections go on below what stands
    before them: for a report of a few pages.
    """

    audience: str
    title: Title
    file: FileRules
    type: Literal["ordinary", "regulatory"] = "ordinary"
    cover: Names
    front: Front | None = None
    contents: bool = True
    numbering: Mapping[Annotated[str, Setting(pattern="^(en|zh)$", examples=["zh"])], Numbering] = (
        Setting(default_factory=dict)
    )
    appendix: Title | None = Setting(
        default=None, description="pattern of an appendix's heading: {letter}, {number}, {title}"
    )
    sections: Annotated[tuple[Part, ...], Setting(strict=False, min_length=1)]
    appendices: Annotated[tuple[Part, ...], Setting(strict=False, max_length=26)] = ()
    checklists: Names = ()

    @classmethod
    @functools.cache
    def load(cls, audience: str) -> Profile:
        """Read the definition of an audience.

        Raises
        ------
        ReportError
            With every mistake in the file.
        """
        path = folder("reports") / f"{audience}.yaml"
        return cls.parse(path.read_text(encoding="utf-8"), audience)

    @classmethod
    def parse(cls, text: str, audience: str) -> Profile:
        """Read a definition from its text; see :meth:`load`."""
        problems = Problems()
        source = read(text, f"{audience}.yaml", problems)
        content = source.content
        found: Profile | None = None
        if isinstance(content, dict):
            content.setdefault("audience", audience)
            found = PartReader(source, problems).read(cls, content, ())
        if found is not None:
            _check(found, source, problems)
        if found is None or list(problems):
            raise ReportError(problems)
        return found

    @property
    def each_site(self) -> bool:
        """Whether there is one report for each site."""
        return "{site}" in self.file.name

    def file_name(self, language: str, site: str = "") -> str:
        """Return the name of a file without its ending."""
        return self.file.name.format(language=language, site=site)

    def headed(self, language: str, place: tuple[int, ...], title: str) -> str:
        """Return the heading of a numbered section; ``place`` counts from 1 at each depth."""
        numbering = self.numbering.get(language) or Numbering()
        depth = min(len(place), len(numbering.patterns)) - 1
        number = place[-1]
        return numbering.patterns[depth].format(
            number=number,
            path=".".join(map(str, place)),
            numeral=numbering.numerals[number - 1] if numbering.numerals else number,
            title=title,
        )

    def parts(self) -> Iterator[tuple[Path, Part]]:
        """Yield every section and appendix with its place in the file."""
        for key in ("sections", "appendices"):
            yield from _within(getattr(self, key), (key,))


def _within(parts: tuple[Part, ...], path: Path) -> Iterator[tuple[Path, Part]]:
    for index, part in enumerate(parts):
        here = (*path, index)
        yield here, part
        yield from _within(part.sections, (*here, "sections"))


def _check(profile: Profile, source: Source, problems: Problems) -> None:
    """Report what does not fit together."""

    def report(kind: str, path: Path, **parameters: Any) -> None:
        problems.report(kind, source.place(path), **parameters)

    seen: set[str] = set()
    for path, part in profile.parts():
        if part.id in seen:
            report("section-id-twice", (*path, "id"), id=part.id)
        seen.add(part.id)
        if not part.pieces and not part.sections:
            report("section-empty", path, id=part.id)
        _pieces(part.pieces, (*path, "pieces"), report)
    if profile.front is not None:
        _pieces(profile.front.pieces, ("front", "pieces"), report)
    for index, name in enumerate(profile.cover):
        if not known_fact(name):
            report("cover-fact-unknown", ("cover", index), name=name, names=similar(name))
    for index, name in enumerate(profile.checklists):
        lists = checklists()
        if name not in lists:
            close = get_close_matches(name, lists, n=1) or lists
            report("checklist-unknown", ("checklists", index), name=name, names=", ".join(close))
    if profile.file.attach_results and profile.file.archive != 3:
        report("attachment-not-allowed", ("file", "attach_results"))
    _numbering(profile, report)


def _pieces(names: tuple[str, ...], path: Path, report: Any) -> None:
    for index, name in enumerate(names):
        if not known_piece(name):
            report("piece-unknown", (*path, index), name=name, names=similar(name))


def _numbering(profile: Profile, report: Any) -> None:
    """Report numbering that has fewer numerals than there are sections side by side."""
    most = max(
        sum(part.numbered for part in parts)
        for parts in (profile.sections, *(part.sections for _, part in profile.parts()))
    )
    for language, numbering in profile.numbering.items():
        if numbering.numerals and len(numbering.numerals) < most:
            report("numerals-too-few", ("numbering", language, "numerals"), most=most)

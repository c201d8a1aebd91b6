"""Reporting checklists (``reports/checklists/<id>.yaml``): their items, and where each is answered.

A checklist is data. Topics are in the project's own words; an item whose number or topic was not
yet compared with the official table is ``unverified``, and a list that has not been loaded at all
says so and has no items.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field as Setting, ValidationError, model_validator

from clinval.core.errors import ReportError
from clinval.core.problems import Problems
from clinval.core.resources import folder
from clinval.protocol.base import Section, Words
from clinval.protocol.model import Design, Product, Protocol
from clinval.protocol.source import Path as Location, Source, read
from clinval.report.pieces import kinds, known_piece, similar

__all__ = ["NEUTRAL", "Applicability", "Checklist", "Item", "load"]

NEUTRAL = (*"ABCDEFGHIJKLMNOPQRSTUVWXY", "Z1", "Z2", "Z3", "Z4")
"""Letters of the sections of the neutral content model."""

Names = Annotated[tuple[Words, ...], Setting(strict=False)]

_DESIGNS = get_args(Design.model_fields["type"].annotation)
_PRODUCTS = get_args(Product.model_fields["kind"].annotation)


class Both(Section):
    """A text in every language of reports."""

    en: Words
    zh: Words


class Applicability(Section):
    """Which studies something is for; what is empty does not restrict.

    Attributes
    ----------
    endpoints
        Kinds, one of which the study has.
    products, designs
        Kinds of products and types of designs, one of which is the study's.
    reference_standard
        True for what asks about a reference standard.
    """

    endpoints: Names = ()
    products: Names = ()
    designs: Names = ()
    reference_standard: bool = False

    def unmet(self, protocol: Protocol) -> str:
        """Return the first restriction that a study does not meet; empty where it meets all."""
        studied = {endpoint.kind for endpoint in protocol.endpoints}
        if self.endpoints and not studied & set(self.endpoints):
            return "endpoints"
        if self.products and protocol.product.kind not in self.products:
            return "products"
        if self.designs and protocol.design.type not in self.designs:
            return "designs"
        if self.reference_standard and protocol.design.reference_standard is None:
            return "reference_standard"
        return ""


class Item(Section):
    """An item: its number, its topic, and the pieces and sections that may answer it.

    ``records`` are statistics, one of which has to have a value: a section whose numbers are all
    undefined says that they are, and answers nothing.
    """

    number: Words
    topic: Both
    status: Literal["verified", "unverified"]
    applies: Applicability = Applicability()
    pieces: Names = ()
    neutral: Names = ()
    records: Names = ()


class Checklist(Section):
    """A checklist; one that is still ``to_load`` from its official table has no items."""

    id: Words
    name: Words
    year: int
    reference: Both
    applies: Applicability = Applicability()
    to_load: bool = False
    items: Annotated[tuple[Item, ...], Setting(strict=False)]

    @model_validator(mode="after")
    def _has_items(self) -> Checklist:
        if self.to_load == bool(self.items):
            raise ValueError("a list has items, or to_load: true and none")
        return self


@functools.cache
def load(name: str, path: Path | None = None) -> Checklist:
    """Read a checklist; ``path`` is for one that does not stand with the others.

    Raises
    ------
    ReportError
        With every mistake of the file.
    """
    path = path or folder("reports") / "checklists" / f"{name}.yaml"
    problems = Problems()
    source = read(path.read_text(encoding="utf-8"), path.name, problems)
    checklist = _validated(source, problems)
    if checklist is not None:
        _check(checklist, name, source, problems)
    if checklist is None or problems.errors:
        raise ReportError(problems)
    return checklist


def _validated(source: Source, problems: Problems) -> Checklist | None:
    try:
        return Checklist.model_validate(source.content)
    except ValidationError as error:
        for mistake in error.errors():
            path: Location = tuple(mistake["loc"])
            detail = f"{'.'.join(map(str, path)) or 'checklist'}: {mistake['msg']}"
            problems.report("checklist-broken", source.place(path), detail=detail)
        return None


def _check(checklist: Checklist, name: str, source: Source, problems: Problems) -> None:
    """Report names that do not exist, and numbers that stand twice."""

    def known(path: Location, names: Iterable[str], allowed: Iterable[str]) -> None:
        choice = list(allowed)
        for index, found in enumerate(names):
            if found not in choice:
                problems.report(
                    "checklist-name-unknown", source.place((*path, index)), name=found,
                    key=str(path[-1]), allowed=", ".join(choice),
                )  # fmt: skip

    if checklist.id != name:
        place = source.place(("id",))
        problems.report("checklist-broken", place, detail=f"id: the file is called {name}")
    _check_applies(checklist.applies, ("applies",), known)
    numbers: set[str] = set()
    for index, item in enumerate(checklist.items):
        path: Location = ("items", index)
        if item.number in numbers:
            place = source.place((*path, "number"))
            problems.report("checklist-item-twice", place, number=item.number)
        numbers.add(item.number)
        for position, piece in enumerate(item.pieces):
            if not known_piece(piece):
                problems.report(
                    "checklist-name-unknown", source.place((*path, "pieces", position)), name=piece,
                    key="pieces", allowed=similar(piece),
                )  # fmt: skip
        known((*path, "neutral"), item.neutral, NEUTRAL)
        _check_applies(item.applies, (*path, "applies"), known)


def _check_applies(
    applies: Applicability, path: Location, known: Callable[[Location, Any, Any], None]
) -> None:
    known((*path, "endpoints"), applies.endpoints, kinds())
    known((*path, "products"), applies.products, _PRODUCTS)
    known((*path, "designs"), applies.designs, _DESIGNS)

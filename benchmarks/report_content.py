"""What the report benchmark prints: the same words, tables and charts for every writer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["CAPTION", "HEADERS", "TITLE", "Bars", "Dots", "Section", "sections"]

TITLE = "Report of a benchmark"
HEADERS = ("Endpoint", "n", "Events", "Estimate", "Low", "High", "p value")
CAPTION = "Results by endpoint"
_ROWS = 26
_SITES = tuple(f"Center {number:02d}" for number in range(1, 9))
_DOTS = 120
_PROSE = (
    "The estimate and its limits are those of the full analysis set. Subjects whose reference "
    "standard is missing are left out of the denominator and listed with their reasons; readers "
    "were blinded to the arm and to each other. The limits are two-sided, and the margin is the "
    "one that the protocol declared before the first subject was enrolled. "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Reference and test value of each site."""

    labels: tuple[str, ...]
    reference: tuple[float, ...]
    test: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """Differences against means, with the bias and its limits."""

    mean: tuple[float, ...]
    difference: tuple[float, ...]
    lines: tuple[float, float, float] = (-1.45, 0.31, 2.07)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, prose, a table, and in three sections of four a chart."""

    number: int
    title: str
    prose: str
    rows: tuple[tuple[str, ...], ...]
    chart: Bars | Dots | None


def sections(count: int) -> Iterator[Section]:
    """Yield so many sections: 40 of them have 40 tables, 30 charts and some 50 pages."""
    draw = random.Random(20)  # noqa: S311 - nothing is secret
    for number in range(1, count + 1):
        charts = (None, _bars(draw), _dots(draw), _bars(draw))
        yield Section(
            number=number,
            title=f"Section {number} of the results",
            prose=_PROSE * 2,
            rows=tuple(_row(draw, row) for row in range(1, _ROWS + 1)),
            chart=charts[number % 4],
        )


def _row(draw: random.Random, number: int) -> tuple[str, ...]:
    n, share = draw.randint(40, 1400), draw.uniform(0.6, 0.99)
    return (
        f"Endpoint {number}", str(n), str(round(n * share)), f"{100 * share:.1f}",
        f"{98 * share:.1f}", f"{min(101 * share, 100):.1f}", f"{draw.random():.3f}",
    )  # fmt: skip


def _bars(draw: random.Random) -> Bars:
    reference = tuple(round(draw.uniform(16, 24), 1) for _ in _SITES)
    return Bars(
        labels=_SITES,
        reference=reference,
        test=tuple(round(value * draw.uniform(0.5, 0.75), 1) for value in reference),
    )


def _dots(draw: random.Random) -> Dots:
    return Dots(
        mean=tuple(draw.uniform(4, 31) for _ in range(_DOTS)),
        difference=tuple(draw.gauss(0.31, 0.9) for _ in range(_DOTS)),
    )

"""Which clock readings were used for times, and why the others were not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Paragraph, Rich, Row, Table
from clinval.report.figures import Waterfall, WaterfallStep
from clinval.report.numbers import printed
from clinval.report.pieces.common import in_parts
from clinval.report.view import View

__all__ = ["in_words", "pictures", "table"]

_TIMES = ("scan", "room", "time")
_COUNTS = (
    "rows", "used", "missing", "negative", "skipped", "too_long", "midnight", "clock_change",
)  # fmt: skip
_OUT = ("missing", "negative", "skipped", "too_long")
_ENTERED = ("missing", "negative")  # the rest cannot be of a number that was entered


def in_words(endpoint: Endpoint, view: View, group: Mapping[str, str] | None = None) -> list[Block]:
    """Return how many rows were used and why the others were not, a sentence a time.

    Where they are those of a group, they stand apart from the endpoint, which they name.
    """
    blocks: list[Block] = []
    for time in _recorded(endpoint, view, group):
        clock = _clock(endpoint, time)
        parts = []
        for name in _OUT if clock else _ENTERED:
            longest = f"{clock['longest_minutes']:g}" if clock else ""
            key = "below_zero" if name == "negative" and not clock else name
            n = view.statistic(endpoint, f"{time}.{name}", group, suffix=False)
            parts.append(view.texts.rich(f"clock.out.{key}", n=n, longest=longest))
        what = view.texts(f"clock.time.{time}")
        if group:
            what = view.texts("label.variant", name=view.say(endpoint.label), variant=what)
        text = view.texts.rich(
            "clock.used",
            time=what,
            used=view.statistic(endpoint, f"{time}.used", group, suffix=False),
            rows=view.statistic(endpoint, f"{time}.rows", group, suffix=False),
            out=in_parts(view, parts),
        )
        blocks.append(Paragraph(text=text))
    return blocks


def table(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the counts by center and by arm, where clocks were read."""
    rows = [
        row
        for time in _recorded(endpoint, view)
        if _clock(endpoint, time)
        for row in _rows(endpoint, view, time)
    ]
    if not rows:
        return []
    names = ("time", "place", *_COUNTS)
    columns = tuple(
        Column(
            header=view.texts(f"clock.column.{name}"),
            share=1.7 if name in ("time", "place") else 1,
            align="left" if name in ("time", "place") else "right",
        )
        for name in names
    )
    caption = view.texts("table.clock", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("clock.note"),)
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]


def pictures(endpoint: Endpoint, view: View) -> list[Block]:
    """Return from the rows to those that are used, step by step, where readings were left out."""
    blocks: list[Block] = []
    for time in _recorded(endpoint, view):
        steps = tuple(_steps(endpoint, view, time)) if _clock(endpoint, time) else ()
        if len(steps) <= 2:  # nothing was left out
            continue
        what = view.texts(f"clock.time.{time}")
        rows = (view.texts("label.value", name=step.label, value=step.text) for step in steps)
        drawn = (
            view.record(endpoint.id, endpoint.set, f"{time}.{name}")
            for name in ("rows", *_OUT, "used")
        )
        blocks.append(
            Figure(
                caption=view.texts("figure.clock", endpoint=view.say(endpoint.label), time=what),
                chart=Waterfall(steps=steps, axis=view.texts("clock.axis")),
                alternative=view.texts(
                    "figure.clock.alternative", time=what, rows=view.listed(rows, parts=True)
                ),
                anchor=f"fig.{endpoint.id}.clock.{time}",
                records=tuple(record.id for record in drawn if record is not None),
            )
        )
    return blocks


def _steps(endpoint: Endpoint, view: View, time: str) -> Iterator[WaterfallStep]:
    """Yield the rows, what was left out of them and why, and what is used."""
    for name in ("rows", *_OUT, "used"):
        value = view.value(endpoint, f"{time}.{name}")
        total = name not in _OUT
        if value is not None and (value or total):
            yield WaterfallStep(
                label=view.texts(f"clock.column.{name}"),
                value=value if total else -value,
                text=printed(int(value if total else -value), "rows"),
                total=total,
            )


def _recorded(endpoint: Endpoint, view: View, group: Mapping[str, str] | None = None) -> list[str]:
    """Return the times of which it is recorded what was used."""
    return [
        time
        for time in _TIMES
        if view.record(endpoint.id, endpoint.set, f"{time}.rows", group) is not None
    ]


def _clock(endpoint: Endpoint, time: str) -> Mapping[str, float]:
    """Return what the protocol says of the readings of a time; nothing of one that was entered."""
    said = getattr(endpoint, "clock" if time == "time" else f"{time}_clock", None)
    return said.model_dump() if said is not None else {}


def _rows(endpoint: Endpoint, view: View, time: str) -> Iterator[Row]:
    places: list[tuple[str, dict[str, str]]] = [
        *((site.id, {"site": site.id}) for site in view.protocol.sites),
        *((view.say(arm.label), {"arm": arm.id}) for arm in view.protocol.arms),
        (view.texts("clock.all"), {}),
    ]
    for place, group in places:
        if not view.value(endpoint, f"{time}.rows", group):
            continue
        cells: list[Rich] = [
            (view.statistic(endpoint, f"{time}.{name}", group, suffix=False),) for name in _COUNTS
        ]
        yield Row(cells=(view.texts(f"clock.time.{time}"), place, *cells))

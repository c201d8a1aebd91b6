"""Small things that several pieces say in the same way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Number, Rich, Row, Tone, runs
from clinval.report.view import View

__all__ = [
    "method_note",
    "printed_text",
    "set_label",
    "tone",
    "undefined_notes",
    "unit_words",
    "verdict_words",
    "with_reasons",
]

_TONES: dict[str, Tone] = {
    "met": "good", "shown": "good", "not_met": "bad", "not_shown": "bad",
}  # fmt: skip


def tone(verdict: str) -> Tone:
    """Return the tone of a verdict; what is undecided is neutral."""
    return _TONES.get(verdict, "neutral")


def verdict_words(view: View, verdict: str) -> str:
    """Return a verdict in words."""
    return view.texts(f"verdict.{verdict}")


def printed_text(number: Number | str) -> str:
    """Return a number's printed form, for words that are drawn or read aloud."""
    return number if isinstance(number, str) else number.text


def unit_words(view: View, unit: str) -> str:
    """Return a unit's name as it follows a number: set apart in English, joined in Chinese."""
    key = f"unit.{unit or 'none'}"
    name = view.texts(key) if view.texts.has(key) else unit
    return f" {name}" if name and view.language == "en" else name


def set_label(view: View, set_id: str) -> str:
    """Return an analysis set's id and name."""
    return f"{set_id} ({view.say(view.protocol.analysis_sets[set_id].label)})"


def method_note(endpoint: Endpoint, view: View) -> list[Rich]:
    """Return how the result was computed: method, variant and level, and the test if any."""
    notes: list[Rich] = []
    record = view.record(endpoint.id, endpoint.set, "estimate")
    if record is None or not record.method:
        # agreement is recorded by readers, throughput by site: take the first that has a method
        record = next(
            (r for r in view.results.where(endpoint=endpoint.id) if r.method and not r.undefined),
            None,
        )
    if record is not None and record.method:
        words = view.texts.method(record.method)
        notes.append(
            view.texts(
                "method.note",
                name=words["name"],
                variant=words["variant"],
                level=f"{endpoint.level:.0%}",
            )
        )
    p_value = view.record(endpoint.id, endpoint.set, "p_value")
    if p_value is not None and p_value.method:
        words = view.texts.method(p_value.method)
        notes.append(
            with_reasons(
                view,
                view.texts.rich(
                    "method.p", p=view.number(p_value), name=words["name"], variant=words["variant"]
                ),
            )
        )
    return notes


def undefined_notes(view: View, rows: Iterable[Row], key: str = "undefined.rows") -> list[Rich]:
    """Return a note for each reason why numbers are undefined, with the rows that it holds for."""
    places: dict[str, list[str]] = {}
    for row in rows:
        first = runs(row.cells[0])[0]
        label = first if isinstance(first, str) else first.text
        for cell in row.cells:
            for record in _undefined(view, cell):
                # the id of a site stands for its row: names of many sites would fill the page
                where = places.setdefault(view.reason(record), [])
                where.append(record.group.get("site", label))
    return [
        view.texts(key, rows=", ".join(dict.fromkeys(where)), reason=reason)
        for reason, where in places.items()
    ]


def with_reasons(view: View, text: Rich) -> Rich:
    """Return a text and, behind it, why numbers in it are undefined."""
    reasons = dict.fromkeys(view.reason(record) for record in _undefined(view, text))
    if not reasons:
        return text
    return (*runs(text), view.texts("undefined.text", reasons="; ".join(reasons)))


def _undefined(view: View, text: Rich) -> Iterator[Record]:
    for run in runs(text):
        record = view.results.get(run.record) if isinstance(run, Number) else None
        if record is not None and record.undefined:
            yield record

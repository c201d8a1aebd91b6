"""Small things that several pieces say in the same way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Number, Rich, Row, Run, Tone, runs
from clinval.report.numbers import printed
from clinval.report.pieces import of_kind
from clinval.report.view import View

__all__ = [
    "MONEY",
    "endpoint_label",
    "in_parts",
    "interval_words",
    "joined",
    "method_names",
    "method_note",
    "printed_text",
    "readers_words",
    "results_of",
    "sample_size",
    "set_label",
    "tone",
    "undefined_notes",
    "unit_words",
    "verdict_of",
    "verdict_words",
    "with_reasons",
    "word",
]

_TONES: dict[str, Tone] = {
    "met": "good", "shown": "good", "not_met": "bad", "not_shown": "bad",
}  # fmt: skip

MONEY = ("budget_impact", "cost_effectiveness", "ownership", "return_on_investment")
"""Kinds of endpoints that are money, with limits that are of random draws."""

_BY_SITE = ("ownership", "return_on_investment")  # added up over hospitals

_NAMED = 6  # readers that are named one by one
_SOFTWARE = (("SAS", "sas"), ("R", "r"))


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
    name = view.texts(key) if view.texts.has(key) else unit.replace("*", "·")
    return f" {name}" if name and view.language == "en" else name


def set_label(view: View, set_id: str) -> str:
    """Return an analysis set's id and name."""
    name = view.say(view.protocol.analysis_sets[set_id].label)
    return view.texts("label.set", id=set_id, name=name)


def endpoint_label(endpoint: Endpoint, view: View, group: Mapping[str, str] | None = None) -> str:
    """Return an endpoint's name, with the readers that a result is restricted to."""
    label, readers = view.say(endpoint.label), (group or {}).get("readers")
    if readers is None:
        return label
    return view.texts("label.readers", endpoint=label, readers=readers_words(view, readers))


def readers_words(view: View, readers: str) -> str:
    """Return readers as they are named: by their ids, many of them by their number."""
    names = readers.split("+")
    if len(names) > _NAMED:
        return view.texts("readers.many", n=len(names), first=names[0], last=names[-1])
    return "/".join(names)


def verdict_of(endpoint: Endpoint, view: View) -> str:
    """Return the verdict on an endpoint, the worst of several pairs of readers.

    ``none`` where nothing was to be shown. What other methods, models and assumptions say does
    not decide.
    """
    found = {
        str(record.value)
        for record in view.results.where(
            endpoint=endpoint.id, analysis_set=endpoint.set, statistic="verdict"
        )
        if set(record.group) <= {"readers"}
    }
    return next((word for word in ("undefined", "not_met", "met") if word in found), "none")


def interval_words(endpoint: Endpoint, view: View, limits: Rich) -> Rich:
    """Return limits with what they are: of a confidence interval, or of random draws."""
    key = "interval.draws" if endpoint.kind in MONEY else "interval.ci"
    return view.texts.rich(key, level=f"{endpoint.level:.0%}", interval=limits)


def in_parts(view: View, parts: Iterable[Rich]) -> Rich:
    """Return parts of a sentence in one text, numbers kept."""
    found: list[Run] = []
    for part in parts:
        found += [view.texts("join.parts")] if found else []
        found += runs(part)
    return tuple(found)


def sample_size(endpoint: Endpoint, view: View, estimate: Rich) -> Rich:
    """Return the set and how many stand behind an estimate, named unless they are subjects."""
    [first, *_] = runs(estimate)
    record = view.results.get(first.record) if isinstance(first, Number) else None
    if record is None or record.n is None:
        return endpoint.set
    unit = "sites" if endpoint.kind in _BY_SITE else "subjects"
    for statistic in ("cases", "trials", "n"):
        counted = view.record(endpoint.id, endpoint.set, statistic, record.group)
        if counted is not None and counted.unit in ("images", "rows"):
            unit = counted.unit
    number = Number(printed(record.n, "subjects"), record.id)
    size = view.texts.rich(f"count.{unit}", n=number)
    return view.texts.rich("label.set_n", set=endpoint.set, n=size)


def joined(endpoint: Endpoint, view: View, headline: tuple[Rich, Rich, Rich]) -> Rich:
    """Return a headline in one line: what, estimate, interval, set and n."""
    what, estimate, limits = headline
    interval = interval_words(endpoint, view, limits)
    sample = sample_size(endpoint, view, estimate)
    return view.texts.rich(
        "result.joined", what=what, estimate=estimate, interval=interval, sample=sample
    )


def results_of(view: View, role: str) -> Rich:
    """Return the results of a role in one text, each with its interval; that there are none."""
    found = []
    for endpoint in view.protocol.endpoints:
        if endpoint.role == role:
            result = joined(endpoint, view, of_kind(endpoint.kind).headline(endpoint, view))
            name = view.say(endpoint.label)
            found.append(view.texts.rich("copy.result", endpoint=name, result=result))
    return in_parts(view, found) if found else view.texts("results.none")


def word(view: View, record: Record | None, prefix: str) -> Rich:
    """Return a record that is a word (yes, met, agrees) in the report's language."""
    if record is None or record.undefined:
        return (view.number(record),)
    return (Number(view.texts(f"{prefix}.{record.value}"), record.id),)


def method_names(view: View, call: str) -> str:
    """Return what a method is called in SAS and in R, empty where that is not known."""
    words = view.texts.method(call)
    return view.listed(
        (f"{name} {words[key]}" for name, key in _SOFTWARE if words[key]), parts=True
    )


def method_note(endpoint: Endpoint, view: View, *, names: bool = False) -> list[Rich]:
    """Return how the result was computed: method, variant and level, and the test if any.

    ``names`` adds what the method is called elsewhere, where that is known.
    """
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
        elsewhere = method_names(view, record.method) if names else ""
        if elsewhere:
            notes.append(view.texts("method.elsewhere", names=elsewhere))
    p_value = view.record(endpoint.id, endpoint.set, "p_value")
    if p_value is not None and record is not None and p_value.method == record.method:
        text = view.texts.rich("method.p.inverted", p=view.number(p_value))
        notes.append(with_reasons(view, text))
    elif p_value is not None and p_value.method:
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
        view.texts(key, rows=view.listed(dict.fromkeys(where)), reason=reason)
        for reason, where in places.items()
    ]


def with_reasons(view: View, text: Rich) -> Rich:
    """Return a text and, behind it, why numbers in it are undefined."""
    reasons = dict.fromkeys(view.reason(record) for record in _undefined(view, text))
    if not reasons:
        return text
    return (*runs(text), view.texts("undefined.text", reasons=view.listed(reasons, parts=True)))


def _undefined(view: View, text: Rich) -> Iterator[Record]:
    for run in runs(text):
        record = view.results.get(run.record) if isinstance(run, Number) else None
        if record is not None and record.undefined:
            yield record

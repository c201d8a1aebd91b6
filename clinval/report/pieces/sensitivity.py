"""What a result rests on where results are missing: the analyses, and the tipping-point map."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.core.records import Record, Series
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Paragraph, Rich, Row, Strong, Table
from clinval.report.figures import TippingMap
from clinval.report.pieces.common import in_parts, undefined_notes, verdict_words, word
from clinval.report.pieces.effect import arm_labels, scale_of, unit_name, unit_of
from clinval.report.view import View

__all__ = ["analyses", "analysis_words", "missing_data"]

_MAP = {"sensitivity": "tipping_map"}
_DELTAS = ("delta_test", "delta_reference")


def analyses(endpoint: Endpoint, view: View) -> list[str]:
    """Return the sensitivity analyses that give an estimate, in their order."""
    found = view.results.where(
        endpoint=endpoint.id, analysis_set=endpoint.set, statistic="estimate"
    )
    return [r.group["sensitivity"] for r in found if set(r.group) == {"sensitivity"}]


def analysis_words(view: View, analysis: str) -> str:
    """Return what a sensitivity analysis assumes, in a few words."""
    key = f"sensitivity.{analysis}"
    return view.texts(key) if view.texts.has(key) else analysis


def missing_data(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the table of sensitivity analyses and the map of what it takes to tip the result."""
    return [*_table(endpoint, view), *_map(endpoint, view)]


def _table(endpoint: Endpoint, view: View) -> list[Block]:
    names = analyses(endpoint, view)
    if not names:
        return []
    groups = [{"sensitivity": name} for name in names]
    fractions = any(_record(endpoint, view, "fraction_missing", group) for group in groups)
    declared = (Strong(view.texts("sensitivity.declared")),)
    rule = view.texts(f"missing.rule.{getattr(endpoint, 'missing', 'exclude')}")
    main = Row(cells=_cells(endpoint, view, declared, rule, {}, fractions=fractions))
    rows = [main]
    for name, group in zip(names, groups, strict=True):
        what = _assumption(endpoint, view, name)
        label = analysis_words(view, name)
        rows.append(Row(cells=_cells(endpoint, view, label, what, group, fractions=fractions)))
    missing = [Column(header=view.texts("sensitivity.fraction"), share=1.3, align="right")]
    columns = (
        Column(header=view.texts("sensitivity.analysis"), share=2),
        Column(header=view.texts("sensitivity.assumption"), share=3.2),
        Column(header=view.texts("table.estimate"), share=1.2, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2,
            align="right",
        ),
        *(missing if fractions else ()),
        Column(header=view.texts("table.decision"), share=1.3),
    )
    notes: list[Rich] = []
    if fractions:
        notes.append(view.texts("sensitivity.fraction.what"))
    notes += undefined_notes(view, rows)
    caption = view.texts("table.sensitivity", endpoint=view.say(endpoint.label), set=endpoint.set)
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes))]


def _cells(
    endpoint: Endpoint,
    view: View,
    label: Rich,
    what: Rich,
    group: Mapping[str, str],
    *,
    fractions: bool,
) -> tuple[Rich, ...]:
    fraction = (view.statistic(endpoint, "fraction_missing", group),)
    return (
        label,
        what,
        (view.statistic(endpoint, "estimate", group, suffix=False),),
        view.limits(endpoint, group),
        *((fraction,) if fractions else ()),
        word(view, _record(endpoint, view, "verdict", group), "verdict"),
    )


def _assumption(endpoint: Endpoint, view: View, analysis: str) -> Rich:
    """Return what is assumed of the missing results, with its shifts and number of imputations."""
    key, group = f"sensitivity.{analysis}.what", {"sensitivity": analysis}
    parts: list[Rich] = [view.texts(key)] if view.texts.has(key) else []
    for statistic in (*_DELTAS, "imputations"):
        record = _record(endpoint, view, statistic, group)
        if record is not None:
            factor = ".factor" if statistic in _DELTAS and _by_factors(endpoint, view) else ""
            key = f"sensitivity.{statistic}{factor}"
            parts.append(view.texts.rich(key, n=view.number(record)))
    return in_parts(view, parts)


def _map(endpoint: Endpoint, view: View) -> list[Block]:
    series = view.results.points(f"{endpoint.id}.{endpoint.set}.tipping_map")
    if series is None or set(series.columns["shown"]) <= {None}:
        shown = _record(endpoint, view, "n_shown", _MAP)
        if shown is None or not shown.undefined:
            return []
        return [Paragraph(text=view.texts("tipping.none", reason=view.reason(shown)))]
    # what is missing of a proportion is a number of successes, of a score the shift of its values
    counts = _record(endpoint, view, "proportion_test") is not None
    kind = "counts" if counts else "factors" if _by_factors(endpoint, view) else "shifts"
    chart = _chart(endpoint, view, series, kind)
    names = ("n_cells", "n_shown", "missing_test", "missing_reference")
    records = [r for name in names if (r := _record(endpoint, view, name, _MAP)) is not None]
    n_cells, n_shown, test, reference = (view.statistic(endpoint, name, _MAP) for name in names)
    notes = (
        view.texts.rich("tipping.held", shown=n_shown, all=n_cells),
        view.texts.rich("tipping.missing", test=test, reference=reference),
        view.texts(f"tipping.note.{kind}"),
    )
    name = view.say(endpoint.label)
    return [
        Figure(
            caption=view.texts("figure.tipping", endpoint=name, set=endpoint.set),
            chart=chart,
            alternative=_alternative(view, name, chart),
            notes=notes,
            anchor=f"fig.{endpoint.id}.tipping",
            records=tuple(record.id for record in records),
        )
    ]


def _chart(endpoint: Endpoint, view: View, series: Series, kind: str) -> TippingMap:
    columns = {name: _values(series, name) for name in ("test", "reference")}
    values = {name: tuple(sorted(set(found))) for name, found in columns.items()}
    verdicts = dict(
        zip(
            zip(columns["test"], columns["reference"], strict=True),
            series.columns["shown"],
            strict=True,
        )
    )
    shown = tuple(
        tuple(_verdict(verdicts.get((test, reference))) for reference in values["reference"])
        for test in values["test"]
    )
    arms = arm_labels(endpoint, view)
    unit = unit_name(view, unit_of(endpoint, view)) if kind == "shifts" else ""
    return TippingMap(
        reference=values["reference"],
        test=values["test"],
        shown=shown,
        x_axis=view.texts(f"tipping.{kind}", arm=arms["reference"], unit=unit),
        y_axis=view.texts(f"tipping.{kind}", arm=arms["test"], unit=unit),
        shown_label=verdict_words(view, "met"),
        not_shown_label=verdict_words(view, "not_met"),
        boundary_label=view.texts("tipping.boundary"),
        point=_point(endpoint, view, values, kind),
        point_label=view.texts(f"tipping.point.{_declared(endpoint, kind)}"),
    )


def _by_factors(endpoint: Endpoint, view: View) -> bool:
    """Whether imputed values are multiplied rather than shifted: the effect is a ratio."""
    return scale_of(endpoint, view).kind == "log"


def _values(series: Series, name: str) -> list[float]:
    return [float(value) for value in series.columns[name] if isinstance(value, float | int)]


def _verdict(shown: object) -> bool | None:
    return None if shown is None else bool(shown)


def _declared(endpoint: Endpoint, kind: str) -> str:
    """Return what the marked point of the map stands for."""
    if kind != "counts":
        return "shifts"
    return "failure" if getattr(endpoint, "missing", "") == "failure" else "exclude"


def _point(
    endpoint: Endpoint, view: View, values: Mapping[str, tuple[float, ...]], kind: str
) -> tuple[float, float] | None:
    """Return where the declared analysis lies on the map: reference, test.

    Subjects that are left out are taken to succeed as often as the others of their arm.
    """
    declared = _declared(endpoint, kind)
    if declared == "shifts":
        none = 1.0 if kind == "factors" else 0.0
        return none, none
    if declared == "failure":
        lower = getattr(endpoint, "direction", "") == "lower_is_better"
        edge = -1 if lower else 0  # where a success is what must not happen, failures succeed
        return values["reference"][edge], values["test"][edge]
    found = []
    for arm in ("reference", "test"):
        missing = view.value(endpoint, f"missing_{arm}", _MAP)
        rate = view.value(endpoint, f"proportion_{arm}")
        if missing is None or rate is None:
            return None
        found.append(missing * rate)
    return found[0], found[1]


def _alternative(view: View, name: str, chart: TippingMap) -> str:
    """Say in words how much of the map is held, row by row of what the reference arm may be."""
    size = len(chart.test)
    rows = (
        view.texts(
            "figure.tipping.row",
            reference=f"{reference:g}",
            held=sum(row[column] is True for row in chart.shown),
            all=size,
        )
        for column, reference in enumerate(chart.reference)
    )
    return view.texts(
        "figure.tipping.alternative",
        endpoint=name,
        x=chart.x_axis,
        y=chart.y_axis,
        rows=view.listed(rows, parts=True),
    )


def _record(
    endpoint: Endpoint, view: View, statistic: str, group: Mapping[str, str] | None = None
) -> Record | None:
    return view.record(endpoint.id, endpoint.set, statistic, group)

"""ROC curves with their operating points, of one test or of two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clinval.core.records import Record, Series
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Rich, Row, Table
from clinval.report.figures import Roc, RocCurve, RocPoint
from clinval.report.numbers import interval, printed
from clinval.report.pieces.common import printed_text, undefined_notes
from clinval.report.pieces.effect import arm_labels
from clinval.report.view import View

__all__ = ["curves", "operating_points"]

_RATES = ("sensitivity", "specificity", "ppv", "npv")
_LIMITS = ("estimate", "ci_low", "ci_high")


def curves(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the figure of the curves that the analysis gave points of."""
    found = [
        (group, _curve(endpoint, view, group, label, series))
        for group, label in _tests(endpoint, view)
        if (series := _series(endpoint, view, group)) is not None
    ]
    if not found:
        return []
    chart = Roc(
        curves=tuple(curve for _, curve in found),
        x_axis=view.texts("roc.x_axis"),
        y_axis=view.texts("roc.y_axis"),
        chance_label=view.texts("roc.chance"),
    )
    said = (
        view.texts(
            "label.value",
            name=curve.label,
            value=view.listed((curve.area, *(point.label for point in curve.points)), parts=True),
        )
        for _, curve in found
    )
    name = view.say(endpoint.label)
    records = [record.id for group, _ in found for record in _drawn(endpoint, view, group)]
    return [
        Figure(
            caption=view.texts("figure.roc", endpoint=name, set=endpoint.set),
            chart=chart,
            alternative=view.texts(
                "figure.roc.alternative", endpoint=name, rows=view.listed(said, parts=True)
            ),
            notes=(view.texts("figure.roc.note", level=f"{endpoint.level:.0%}"),),
            anchor=f"fig.{endpoint.id}.roc",
            records=tuple(records),
        )
    ]


def operating_points(endpoint: Endpoint, view: View) -> list[Block]:
    """Return sensitivity, specificity and predictive values at each operating point."""
    rows = []
    for group, label in _tests(endpoint, view):
        for threshold in _thresholds(endpoint):
            at = {**group, "threshold": threshold}
            if view.record(endpoint.id, endpoint.set, "sensitivity", at) is None:
                continue
            name = view.texts("roc.from", threshold=threshold)
            if group:
                name = view.texts("label.value", name=label, value=name)
            cells: list[Rich] = [name]
            for rate in _RATES:
                estimate = view.statistic(endpoint, rate, at)
                ends = (f"{rate}_ci_low", f"{rate}_ci_high")
                limits = view.limits(endpoint, at, names=ends)
                cells.append(view.texts.rich("result.interval", estimate=estimate, interval=limits))
            rows.append(Row(cells=tuple(cells)))
    blocks: list[Block] = []
    if rows:
        columns = (
            Column(header=view.texts("roc.point"), share=2.4),
            *(
                Column(header=view.texts(f"statistic.{rate}"), share=2.2, align="right")
                for rate in _RATES
            ),
        )
        caption = view.texts("table.operating", endpoint=view.say(endpoint.label), set=endpoint.set)
        note = view.texts("roc.points.note", level=f"{endpoint.level:.0%}")
        notes = (note, *undefined_notes(view, rows))
        blocks.append(
            Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)
        )
    return blocks + _parts(endpoint, view)


def _parts(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the area under the declared part of the curve, of each test and their difference."""
    part = getattr(endpoint, "partial", None)
    if part is None:
        return []
    rows = []
    of_all = [*_tests(endpoint, view)]
    two = len(of_all) > 1
    if two:
        of_all.append(({}, view.texts("roc.difference")))
    for group, label in of_all:
        at = {**group, "area": "partial"}
        record = view.record(endpoint.id, endpoint.set, "estimate", at)
        if record is not None:
            p: tuple[Rich, ...] = ((view.statistic(endpoint, "p_value", at),),)
            number = view.methods.get(record.method, "")
            cells = (label, (view.number(record),), view.limits(endpoint, at), *(p if two else ()))
            rows.append(Row(cells=(*cells, number)))
    tested = Column(header=view.texts("accuracy.p_two_sided"), share=1.4, align="right")
    columns = (
        Column(header=view.texts("table.statistic"), share=3),
        Column(header=view.texts("table.estimate"), share=1.5, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2.2,
            align="right",
        ),
        *((tested,) if two else ()),
        Column(header=view.texts("table.method"), share=0.9),
    )
    caption = view.texts(
        "table.partial",
        endpoint=view.say(endpoint.label),
        focus=view.texts(f"statistic.{part.focus}"),
        low=printed(part.low, "proportion"),
        high=printed(part.high, "proportion"),
    )
    notes = (view.texts("roc.partial.note"), *undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def _tests(endpoint: Endpoint, view: View) -> list[tuple[Mapping[str, str], str]]:
    """Return the group of records of each test, and its name; one test has none."""
    if endpoint.kind == "roc":
        return [({}, view.say(endpoint.label))]
    return [({"test": role}, label) for role, label in arm_labels(endpoint, view).items()]


def _series(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> Series | None:
    name = ".".join(["roc", *group.values()])
    return view.results.points(f"{endpoint.id}.{endpoint.set}.{name}")


def _thresholds(endpoint: Endpoint) -> list[str]:
    return [f"{value:g}" for value in getattr(endpoint, "operating_points", ())]


def _curve(
    endpoint: Endpoint, view: View, group: Mapping[str, str], label: str, series: Series
) -> RocCurve:
    def column(name: str) -> tuple[float, ...]:
        return tuple(float(str(value)) for value in series.columns[name])

    points = []
    for threshold in _thresholds(endpoint):
        point = _point(endpoint, view, {**group, "threshold": threshold}, threshold)
        points += [point] if point is not None else []
    return RocCurve(
        false_positive=column("false_positive"),
        true_positive=column("true_positive"),
        label=label,
        area=_area(endpoint, view, group),
        points=tuple(points),
    )


def _area(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> str:
    record = view.record(endpoint.id, endpoint.set, "estimate", group)
    estimate, low, high = (printed_text(view.statistic(endpoint, name, group)) for name in _LIMITS)
    n = printed(record.n, "subjects") if record is not None else ""
    limits = interval(low, high, view.language)
    return view.texts("roc.area.said", estimate=estimate, interval=limits, n=n)


def _point(
    endpoint: Endpoint, view: View, at: Mapping[str, str], threshold: str
) -> RocPoint | None:
    def triple(name: str) -> tuple[float | None, float | None, float | None]:
        of = view.value(endpoint, name, at)
        return (
            of,
            view.value(endpoint, f"{name}_ci_low", at),
            view.value(endpoint, f"{name}_ci_high", at),
        )

    true, true_low, true_high = triple("sensitivity")
    spared, spared_low, spared_high = triple("specificity")
    if true is None or spared is None:
        return None
    words = view.texts(
        "roc.point.said",
        threshold=threshold,
        sensitivity=printed_text(view.statistic(endpoint, "sensitivity", at)),
        specificity=printed_text(view.statistic(endpoint, "specificity", at)),
    )
    return RocPoint(
        false_positive=1 - spared,
        true_positive=true,
        false_positive_limits=(
            None if spared_high is None else 1 - spared_high,
            None if spared_low is None else 1 - spared_low,
        ),
        true_positive_limits=(true_low, true_high),
        label=words,
    )


def _drawn(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> Iterator[Record]:
    """Yield the records behind a curve and its operating points."""
    groups = [dict(group)] + [{**group, "threshold": value} for value in _thresholds(endpoint)]
    names = (*_LIMITS, *(f"{rate}{end}" for rate in _RATES[:2] for end in ("", "_ci_low",
             "_ci_high")))  # fmt: skip
    for at in groups:
        for name in names:
            record = view.record(endpoint.id, endpoint.set, name, at)
            if record is not None:
                yield record

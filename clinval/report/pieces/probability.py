"""What a score that is a probability tells: calibration, and net benefit by threshold."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Rich, Row, Table
from clinval.report.figures import Calibration, CalibrationGroup, DecisionCurve, DecisionLine
from clinval.report.numbers import printed
from clinval.report.pieces.common import printed_text, undefined_notes
from clinval.report.view import View

__all__ = ["calibration", "decision_curve"]

# Measures of calibration; those with an interval, and what is ideal.
_MEASURES = {
    "calibration_in_the_large": (True, "0"),
    "slope": (True, "1"),
    "observed_expected": (False, "1"),
    "brier": (False, "0"),
}


def calibration(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the calibration plot and its measures, where the score is a probability."""
    series = view.results.points(f"{endpoint.id}.{endpoint.set}.calibration")
    if series is None:
        return []
    columns = series.columns
    nothing = [None] * len(columns["n"])
    rows = zip(
        columns["predicted"], columns["observed"], columns.get("low", nothing),
        columns.get("high", nothing), columns["n"], strict=True,
    )  # fmt: skip
    groups = tuple(
        CalibrationGroup(
            predicted=_number(predicted),
            observed=_number(observed),
            low=None if low is None else _number(low),
            high=None if high is None else _number(high),
            n=int(_number(n)),
        )
        for predicted, observed, low, high, n in rows
    )
    said = []
    for name in _MEASURES:
        value = printed_text(view.statistic(endpoint, name))
        said.append(view.texts("label.value", name=view.texts(f"statistic.{name}"), value=value))
    name = view.say(endpoint.label)
    words = (
        view.texts(
            "calibration.group",
            n=group.n,
            predicted=printed(group.predicted, "proportion"),
            observed=printed(group.observed, "proportion"),
        )
        for group in groups
    )
    figure = Figure(
        caption=view.texts("figure.calibration", endpoint=name, set=endpoint.set),
        chart=Calibration(
            groups=groups,
            x_axis=view.texts("calibration.x_axis"),
            y_axis=view.texts("calibration.y_axis"),
            ideal_label=view.texts("calibration.ideal"),
            groups_label=view.texts("calibration.groups", level=f"{endpoint.level:.0%}"),
            said=tuple(said),
        ),
        alternative=view.texts(
            "figure.calibration.alternative",
            endpoint=name,
            rows=view.listed((*words, *said), parts=True),
        ),
        anchor=f"fig.{endpoint.id}.calibration",
        records=tuple(
            record.id
            for measure in _MEASURES
            if (record := view.record(endpoint.id, endpoint.set, measure)) is not None
        ),
    )
    return [figure, _measures(endpoint, view)]


def _measures(endpoint: Endpoint, view: View) -> Block:
    rows = []
    for name, (has_limits, ideal) in _MEASURES.items():
        limits: Rich = view.texts("value.none")
        if has_limits:
            limits = view.limits(endpoint, names=(f"{name}_ci_low", f"{name}_ci_high"))
        record = view.record(endpoint.id, endpoint.set, name)
        number = view.methods.get(record.method, "") if record is not None else ""
        cells = (view.texts(f"statistic.{name}"), (view.number(record),), limits, ideal, number)
        rows.append(Row(cells=cells))
    columns = (
        Column(header=view.texts("table.measure"), share=3),
        Column(header=view.texts("table.estimate"), share=1.4, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2.2,
            align="right",
        ),
        Column(header=view.texts("calibration.best"), share=1, align="right"),
        Column(header=view.texts("table.method"), share=0.9),
    )
    caption = view.texts("table.calibration", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = tuple(undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)


def decision_curve(endpoint: Endpoint, view: View) -> list[Block]:
    """Return net benefit by threshold, and at the thresholds that the protocol names."""
    series = view.results.points(f"{endpoint.id}.{endpoint.set}.net_benefit")
    if series is None:
        return []
    columns = series.columns
    thresholds = tuple(map(_number, columns["threshold"]))
    named = (("test", view.say(endpoint.label)), ("all", view.texts("net_benefit.all")))
    lines = [
        DecisionLine(
            label=label,
            benefit=tuple(None if value is None else _number(value) for value in columns[name]),
        )
        for name, label in named
    ]
    nobody = DecisionLine(label=view.texts("net_benefit.none"), benefit=(0.0,) * len(thresholds))
    name = view.say(endpoint.label)
    rows, said, drawn = [], [], []
    for threshold in getattr(endpoint, "thresholds", ()):
        at = {"threshold_probability": f"{threshold:g}"}
        of, everyone = (view.statistic(endpoint, s, at) for s in ("net_benefit", "treat_all"))
        share = printed(threshold, "proportion")
        rows.append(Row(cells=(share, (of,), (everyone,))))
        said.append(
            view.texts(
                "net_benefit.said",
                threshold=share, test=printed_text(of), everyone=printed_text(everyone),
            )
        )  # fmt: skip
        drawn += [
            record.id
            for s in ("net_benefit", "treat_all")
            if (record := view.record(endpoint.id, endpoint.set, s, at)) is not None
        ]
    blocks: list[Block] = [
        Figure(
            caption=view.texts("figure.benefit", endpoint=name, set=endpoint.set),
            chart=DecisionCurve(
                thresholds=thresholds,
                lines=(*lines, nobody),
                x_axis=view.texts("net_benefit.x_axis"),
                y_axis=view.texts("net_benefit.y_axis"),
            ),
            alternative=view.texts(
                "figure.benefit.alternative",
                endpoint=name,
                rows=view.listed(said, parts=True) or view.texts("value.none"),
            ),
            notes=(view.texts("net_benefit.note"),),
            anchor=f"fig.{endpoint.id}.net_benefit",
            records=tuple(drawn),
        )
    ]
    if rows:
        header = (
            Column(header=view.texts("net_benefit.x_axis"), share=2),
            Column(header=view.texts("net_benefit.test"), share=2, align="right"),
            Column(header=view.texts("net_benefit.all"), share=2, align="right"),
        )
        caption = view.texts("table.benefit", endpoint=name, set=endpoint.set)
        blocks.append(Table(caption=caption, columns=header, rows=tuple(rows)))
    return blocks


def _number(value: object) -> float:
    return float(str(value))

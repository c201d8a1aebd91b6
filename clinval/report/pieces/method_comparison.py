"""Two methods of measuring: limits of agreement against a clinical limit, and what is beside."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Table, runs
from clinval.report.pieces import Aspect
from clinval.report.pieces.centers import Scale, forest, heterogeneity, site_label, without_each
from clinval.report.pieces.common import (
    method_note,
    set_label,
    tone,
    undefined_notes,
    with_reasons,
)
from clinval.report.pieces.difference_plot import difference_plot
from clinval.report.pieces.effect import unit_name, unit_of
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_LOWER = ("loa_low_ci_low", "loa_low_ci_high")
_UPPER = ("loa_high_ci_low", "loa_high_ci_high")
_COMPONENTS = (
    "variance_mean_difference", "variance_within_test", "variance_within_reference",
    "variance_between", "variance_within", "variance_site", "variance_residual",
)  # fmt: skip


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the bias and its interval."""
    return _bias(endpoint, view), (view.statistic(endpoint, "estimate"),), view.limits(endpoint)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    low, high = (view.record(endpoint.id, endpoint.set, f"limit_{side}") for side in
                 ("low", "high"))  # fmt: skip
    if low is None or high is None:
        return view.texts("hypothesis.none")
    return view.texts.rich(
        "hypothesis.limits",
        coverage=_coverage(endpoint),
        level=f"{endpoint.level:.0%}",
        low=view.number(low, suffix=False),
        high=view.number(high, suffix=False),
    )


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the limits against the clinical limit and their picture."""
    return [_decision(endpoint, view), *_plot(endpoint, view)]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return limits and what stands beside them, how they vary across centers, or the counts."""
    if which == "decision":
        notes = method_note(endpoint, view, names=True)
        return [
            _decision(endpoint, view),
            *(Paragraph(text=note, style="note") for note in notes),
            *_plot(endpoint, view),
            *_beside(endpoint, view),
        ]
    if which == "counts":
        return [_counts(endpoint, view)]
    if which == "sites":
        unit = unit_of(endpoint, view)
        null = 1.0 if unit == "ratio" else 0.0
        scale = Scale(
            axis=_bias(endpoint, view),
            unit=unit,
            null=null,
            kind="log" if unit == "ratio" else "linear",
        )
        return [
            *forest(endpoint, view, scale),
            *heterogeneity(endpoint, view),
            *without_each(endpoint, view, scale),
        ]
    return []


def _coverage(endpoint: Endpoint) -> str:
    return f"{getattr(endpoint, 'coverage', 0.95):.0%}"


def _bias(endpoint: Endpoint, view: View) -> str:
    unit = unit_of(endpoint, view)
    key = "method.bias.ratio" if unit == "ratio" else "method.bias"
    return view.texts(key, unit=unit_name(view, unit))


def _decision(endpoint: Endpoint, view: View) -> Block:
    """Return bias and limits in a sentence, and whether they keep within the clinical limit."""
    text = view.texts.rich(
        "method.decision",
        what=_bias(endpoint, view),
        estimate=view.statistic(endpoint, "estimate"),
        interval=_interval(endpoint, view, ("ci_low", "ci_high")),
        coverage=_coverage(endpoint),
        lower=(view.statistic(endpoint, "loa_low"),),
        lower_interval=_interval(endpoint, view, _LOWER),
        upper=(view.statistic(endpoint, "loa_high"),),
        upper_interval=_interval(endpoint, view, _UPPER),
        n=view.statistic(endpoint, "n"),
        pairs=view.statistic(endpoint, "pairs"),
        set=set_label(view, endpoint.set),
    )
    verdict = view.word(endpoint, "verdict")
    if view.record(endpoint.id, endpoint.set, "limit_low") is None:
        return Paragraph(text=with_reasons(view, text))
    shown = view.texts.rich("method.to_be_shown", hypothesis=hypothesis(endpoint, view))
    text = (*runs(text), *runs(shown))
    title = view.texts(f"verdict.goal.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=with_reasons(view, text), tone=tone(verdict))


def _interval(endpoint: Endpoint, view: View, names: tuple[str, str]) -> Rich:
    """Return the interval of a limit in brackets; nothing where the method gives none."""
    if view.record(endpoint.id, endpoint.set, names[0]) is None:
        return ""
    limits = view.limits(endpoint, names=names)
    return view.texts.rich("method.interval", level=f"{endpoint.level:.0%}", interval=limits)


def _plot(endpoint: Endpoint, view: View) -> list[Block]:
    test, reference = (view.texts(f"method.{arm}") for arm in ("test", "reference"))
    return difference_plot(endpoint, view, "limits", {}, test, reference)


def _beside(endpoint: Endpoint, view: View) -> list[Block]:
    """Return concordance, deviation, proportional bias, the line, repeatability, variances."""
    rows = [row for rows in _LINES.values() for row in _rows(endpoint, view, rows)]
    rows += [
        Row(cells=(view.texts(f"statistic.{name}"), (view.statistic(endpoint, name),), ""))
        for name in _COMPONENTS
        if view.record(endpoint.id, endpoint.set, name) is not None
    ]
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.statistic"), share=4),
        Column(header=view.texts("table.value"), share=2.6, align="right"),
        Column(header=view.texts("table.method"), share=4),
    )
    caption = view.texts("table.method_beside", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("method.beside"), *undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]


_CI = ("ci_low", "ci_high")
_Line = tuple[str, Mapping[str, str], str, tuple[str, str] | None]
_LINES: dict[str, tuple[_Line, ...]] = {
    "concordance": (
        ("concordance", {"analysis": "concordance"}, "estimate", _CI),
        ("correlation", {"analysis": "concordance"}, "correlation", None),
        ("bias_correction", {"analysis": "concordance"}, "bias_correction", None),
    ),
    "deviation": (
        ("total_deviation", {"analysis": "total_deviation"}, "estimate", None),
        ("coverage_probability", {"analysis": "coverage_probability"}, "estimate", None),
    ),
    "bias": (
        ("proportional_bias", {"analysis": "proportional_bias"}, "estimate", None),
        ("proportional_bias_p", {"analysis": "proportional_bias"}, "p_value", None),
        ("pitman", {"analysis": "proportional_bias"}, "pitman_p_value", None),
        ("spearman_absolute", {"analysis": "proportional_bias"}, "spearman_absolute", None),
    ),
    "line": (
        ("slope", {"analysis": "regression"}, "slope", ("slope_ci_low", "slope_ci_high")),
        (
            "intercept", {"analysis": "regression"}, "intercept",
            ("intercept_ci_low", "intercept_ci_high"),
        ),
    ),
    "repeatability": tuple(
        (f"{name}.{arm}", {"analysis": "repeatability", "arm": arm}, statistic, limits)
        for arm in ("test", "reference")
        for name, statistic, limits in (
            ("within_sd", "estimate", _CI),
            (
                "repeatability", "repeatability_coefficient",
                ("repeatability_coefficient_ci_low", "repeatability_coefficient_ci_high"),
            ),
        )
    ),
}  # fmt: skip
"""What is shown: the name of a row, the group of its records, the statistic and its limits."""


def _rows(endpoint: Endpoint, view: View, lines: tuple[_Line, ...]) -> list[Row]:
    rows = []
    for name, group, statistic, limits in lines:
        record = view.record(endpoint.id, endpoint.set, statistic, group)
        if record is None:
            continue
        value: Rich = (view.number(record),)
        low = view.record(endpoint.id, endpoint.set, limits[0], group) if limits else None
        if limits and low is not None and not record.undefined:
            value = view.texts.rich(
                "result.interval",
                estimate=value,
                interval=view.limits(endpoint, group, names=limits),
            )
        method = view.texts.method(record.method)
        words = view.texts("label.variant", name=method["name"], variant=method["variant"])
        unit = unit_name(view, record.unit)
        rows.append(Row(cells=(view.texts(f"method.line.{name}", unit=unit), value, words)))
    return rows


def _counts(endpoint: Endpoint, view: View) -> Block:
    """Return subjects, pairs and limits by center."""
    names = ("n", "pairs", "missing", "estimate", "sd", "loa_low", "loa_high")
    rows = [
        Row(
            cells=(
                site_label(view, site.id),
                *((view.statistic(endpoint, name, {"site": site.id}),) for name in names),
            )
        )
        for site in view.protocol.sites
    ]
    total = tuple((view.statistic(endpoint, name),) for name in names)
    rows.append(Row(cells=(view.texts("forest.all"), *total), summary=True))
    unit = unit_of(endpoint, view)
    headers = {name: view.texts(f"method.column.{name}", unit=unit_name(view, unit))
               for name in names}  # fmt: skip
    if unit == "ratio":
        headers |= {"estimate": _bias(endpoint, view), "sd": view.texts("method.column.sd.log")}
    columns = (
        Column(header=view.texts("table.site"), share=3.4),
        *(Column(header=headers[name], share=1.2, align="right") for name in names),
    )
    caption = view.texts("table.method_sites", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = tuple(undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)

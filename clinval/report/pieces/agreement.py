"""Agreement between readers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Number, Paragraph, Rich, Row, Table
from clinval.report.figures import AgreementMatrix, BlandAltman
from clinval.report.numbers import printed
from clinval.report.pieces import Aspect
from clinval.report.pieces.centers import Scale, forest, heterogeneity, without_each
from clinval.report.pieces.common import (
    method_note,
    printed_text,
    set_label,
    undefined_notes,
    unit_words,
)
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_MINUS = "\N{MINUS SIGN}"
_IMAGES = {  # the images that a method uses
    "kappa.cohen": "complete", "icc.shrout_fleiss": "complete", "agreement.observed": "partial",
}  # fmt: skip


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the coefficient of the readers; of several pairs, the lowest."""
    groups = _groups(endpoint, view)
    if not groups:
        return _coefficient(endpoint, view), view.texts("value.none"), ""

    def key(readers: str) -> float:
        value = view.value(endpoint, "estimate", {"readers": readers})
        return 2.0 if value is None else value

    lowest = min(groups, key=key)
    group = {"readers": lowest}
    what = _coefficient(endpoint, view)
    if len(groups) > 1:
        readers = lowest.replace("+", "/")
        what = view.texts("agreement.lowest", coefficient=what, readers=readers)
    return what, (view.statistic(endpoint, "estimate", group),), view.limits(endpoint, group)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    for readers in _groups(endpoint, view):
        goal = view.record(endpoint.id, endpoint.set, "goal", {"readers": readers})
        if goal is not None:
            level = f"{endpoint.level:.0%}"
            return view.texts.rich(
                "hypothesis.above", level=level, bound=view.number(goal), unit=""
            )
    return view.texts("hypothesis.none")


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the coefficients."""
    return _coefficients(endpoint, view, _groups(endpoint, view), brief=True)


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the coefficients and their pictures, or how they hold across centers."""
    groups = _groups(endpoint, view)
    if which == "decision":
        pictures = (block for readers in groups for block in _picture(endpoint, view, readers))
        return [*_coefficients(endpoint, view, groups, brief=False), *pictures]
    blocks: list[Block] = []
    for readers in groups if which == "sites" else ():
        group = {"readers": readers}
        scale = Scale(axis=_coefficient(endpoint, view), unit="", null=0.0)
        sites = [{**group, "site": site.id} for site in view.protocol.sites]
        blocks += forest(endpoint, view, scale, group, _width_note(endpoint, view, sites))
        blocks += heterogeneity(endpoint, view, group)
        blocks += without_each(endpoint, view, scale, group)
    return blocks


def _coefficients(endpoint: Endpoint, view: View, groups: list[str], *, brief: bool) -> list[Block]:
    what = view.texts(
        "agreement.what", set=set_label(view, endpoint.set), images=_images(endpoint, view)
    )
    return [Paragraph(text=what), _table(endpoint, view, groups, brief=brief)]


def _images(endpoint: Endpoint, view: View) -> str:
    """Return which images are not used."""
    call = f"{getattr(endpoint, 'coefficient', '')}.{getattr(endpoint, 'method', '')}"
    return view.texts(f"agreement.{_IMAGES.get(call, 'all')}")


def _groups(endpoint: Endpoint, view: View) -> list[str]:
    found = (
        record.group["readers"]
        for record in view.results.where(
            endpoint=endpoint.id, analysis_set=endpoint.set, statistic="estimate"
        )
        if set(record.group) == {"readers"}
    )
    return list(dict.fromkeys(found))


def _coefficient(endpoint: Endpoint, view: View) -> str:
    record = next(
        (r for r in view.results.where(endpoint=endpoint.id, statistic="estimate") if r.method),
        None,
    )
    name = view.texts.method(record.method)["name"] if record else ""
    coefficient = getattr(endpoint, "coefficient", "")
    weights = getattr(endpoint, "weights", "unweighted")
    if coefficient == "icc":
        return view.texts("label.variant", name=name, variant=getattr(endpoint, "icc_form", ""))
    if weights != "unweighted":
        return view.texts("label.variant", name=name, variant=view.texts(f"weights.{weights}"))
    return name


def _table(endpoint: Endpoint, view: View, groups: list[str], *, brief: bool) -> Block:
    icc = getattr(endpoint, "coefficient", "") == "icc"
    rows = []
    for readers in groups:
        group = {"readers": readers}
        cells: list[Rich] = [
            readers.replace("+", "/"),
            _used(view, view.record(endpoint.id, endpoint.set, "estimate", group)),
            (view.statistic(endpoint, "estimate", group),),
            view.limits(endpoint, group),
        ]
        if not icc:
            cells.append((view.statistic(endpoint, "observed_agreement", group),))
        rows.append(Row(cells=tuple(cells)))
    columns = [
        Column(header=view.texts("table.readers"), share=2.5),
        Column(header=view.texts("table.rated_by_all"), share=1.6, align="right"),
        Column(header=_coefficient(endpoint, view), share=2.4, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2,
            align="right",
        ),
    ]
    if not icc:
        columns.append(
            Column(header=view.texts("statistic.observed_agreement"), share=2, align="right")
        )
    caption = view.texts("table.agreement", endpoint=view.say(endpoint.label), set=endpoint.set)
    widths = _width_note(endpoint, view, [{"readers": readers} for readers in groups])
    methods = method_note(endpoint, view, names=not brief)
    notes = (*methods, *undefined_notes(view, rows), *widths)
    return Table(caption=caption, columns=tuple(columns), rows=tuple(rows), notes=notes)


def _used(view: View, estimate: Record | None) -> Rich:
    """Return how many images an estimate was computed from."""
    if estimate is None or estimate.n is None:
        return view.texts("value.none")
    return (Number(printed(estimate.n, "images"), estimate.id),)


def _width_note(
    endpoint: Endpoint, view: View, groups: Iterable[Mapping[str, str]]
) -> tuple[Rich, ...]:
    """Return what an interval of width zero means, where one is printed."""
    if getattr(endpoint, "coefficient", "") == "icc":
        return ()  # its interval does not come from a standard error
    for group in groups:
        low, high = (view.value(endpoint, name, group) for name in ("ci_low", "ci_high"))
        if low is not None and high is not None and math.isclose(low, high, abs_tol=1e-9):
            return (view.texts("agreement.no_width"),)
    return ()


def _picture(endpoint: Endpoint, view: View, readers: str) -> list[Block]:
    group = {"readers": readers}
    if getattr(endpoint, "coefficient", "") != "icc":
        return _matrix(endpoint, view, readers, group)
    pairs = dict.fromkeys(
        record.group["readers"]
        for record in view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set)
        if record.group.get("analysis") == "limits"
    )
    return [block for pair in pairs for block in _bland_altman(endpoint, view, pair)]


def _matrix(endpoint: Endpoint, view: View, readers: str, group: Mapping[str, str]) -> list[Block]:
    records = [
        record
        for record in view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set)
        if record.statistic.startswith("count.") and record.group == group
    ]
    if not records:
        return []
    counts = {tuple(record.statistic.split(".")[1:]): int(record.value or 0) for record in records}
    categories = tuple(dict.fromkeys(row for row, _ in counts))
    first, second = readers.split("+")
    chart = AgreementMatrix(
        categories=tuple(name.replace("-", _MINUS, 1) for name in categories),
        counts=tuple(tuple(counts[row, column] for column in categories) for row in categories),
        row_title=first,
        column_title=second,
    )
    same = sum(counts[name, name] for name in categories)
    words = view.texts(
        "figure.matrix.alternative", first=first, second=second, same=same, all=sum(counts.values())
    )
    caption = view.texts(
        "figure.matrix", endpoint=view.say(endpoint.label), first=first, second=second
    )
    return [
        Figure(
            caption=caption,
            chart=chart,
            alternative=words,
            anchor=f"fig.{endpoint.id}.{readers}.matrix",
            records=tuple(record.id for record in records),
        )
    ]


def _refused(
    endpoint: Endpoint, view: View, first: str, second: str, group: Mapping[str, str]
) -> list[Block]:
    """Return why two readers have no picture of their differences."""
    reasons = dict.fromkeys(
        view.reason(record)
        for record in view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set)
        if record.group == group and record.undefined
    )
    if not reasons:
        return []
    reason = view.listed(reasons, parts=True)
    text = view.texts("limits.refused", first=first, second=second, reason=reason)
    return [Paragraph(text=text, style="note")]


def _bland_altman(endpoint: Endpoint, view: View, readers: str) -> list[Block]:
    points = view.results.points(f"{endpoint.id}.{endpoint.set}.limits.{readers}")
    group = {"readers": readers, "analysis": "limits"}
    names: dict[str, tuple[str, str, str]] = {
        "bias": ("estimate", "ci_low", "ci_high"),
        "lower": ("loa_low", "loa_low_ci_low", "loa_low_ci_high"),
        "upper": ("loa_high", "loa_high_ci_low", "loa_high_ci_high"),
    }
    lines = {
        key: tuple(view.value(endpoint, name, group) for name in statistics)
        for key, statistics in names.items()
    }
    first, second = readers.split("+")
    if points is None or any(None in line for line in lines.values()):
        return _refused(endpoint, view, first, second, group)
    record = view.record(endpoint.id, endpoint.set, "estimate", group)
    unit = unit_words(view, record.unit if record else "").strip()
    labels = {
        key: view.texts(
            f"limits.{key}",
            value=printed_text(view.statistic(endpoint, statistics[0], group)),
        )
        for key, statistics in names.items()
    }
    chart = BlandAltman(
        mean=tuple(points.columns["mean"]),  # type: ignore[arg-type]
        difference=tuple(points.columns["difference"]),  # type: ignore[arg-type]
        bias=lines["bias"],  # type: ignore[arg-type]
        lower=lines["lower"],  # type: ignore[arg-type]
        upper=lines["upper"],  # type: ignore[arg-type]
        x_axis=view.texts("limits.mean", first=first, second=second, unit=unit),
        y_axis=view.texts("limits.difference", first=first, second=second, unit=unit),
        bias_label=labels["bias"],
        lower_label=labels["lower"],
        upper_label=labels["upper"],
    )
    caption = view.texts(
        "figure.limits", endpoint=view.say(endpoint.label), first=first, second=second
    )
    words = view.texts(
        "figure.limits.alternative",
        first=first, second=second, **labels,
    )  # fmt: skip
    numbers = view.texts.rich(
        "limits.note",
        bias=view.statistic(endpoint, "estimate", group),
        interval=view.limits(endpoint, group),
        lower=view.statistic(endpoint, "loa_low", group),
        lower_interval=view.limits(endpoint, group, names=names["lower"][1:]),
        upper=view.statistic(endpoint, "loa_high", group),
        upper_interval=view.limits(endpoint, group, names=names["upper"][1:]),
        level=f"{endpoint.level:.0%}",
        unit=unit,
    )
    return [
        Figure(
            caption=caption,
            chart=chart,
            alternative=words,
            notes=(numbers,),
            anchor=f"fig.{endpoint.id}.{readers}.limits",
        )
    ]

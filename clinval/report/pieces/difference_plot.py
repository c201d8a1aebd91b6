"""Bland-Altman plots: of two readers, and of two methods against a clinical limit."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure, Paragraph, Rich
from clinval.report.figures import BlandAltman
from clinval.report.numbers import printed
from clinval.report.pieces.common import printed_text, unit_words
from clinval.report.view import View

__all__ = ["difference_plot"]

_NAMES: dict[str, tuple[str, str, str]] = {
    "bias": ("estimate", "ci_low", "ci_high"),
    "lower": ("loa_low", "loa_low_ci_low", "loa_low_ci_high"),
    "upper": ("loa_high", "loa_high_ci_low", "loa_high_ci_high"),
}


def difference_plot(
    endpoint: Endpoint,
    view: View,
    series: str,
    group: Mapping[str, str],
    first: str,
    second: str,
) -> list[Block]:
    """Return the plot of differences against means, or why there is none.

    Parameters
    ----------
    endpoint, view
        The endpoint and what the report looks at.
    series
        Name of the points within the endpoint and set.
    group
        The group of the limits' records.
    first, second
        What is compared: the first minus (or over) the second.
    """
    points = view.results.points(f"{endpoint.id}.{endpoint.set}.{series}")
    lines = {
        key: tuple(view.value(endpoint, name, group) for name in names)
        for key, names in _NAMES.items()
    }
    if points is None or any(line[0] is None for line in lines.values()):
        return _refused(endpoint, view, first, second, group)
    record = view.record(endpoint.id, endpoint.set, "estimate", group)
    ratio = record is not None and record.unit == "ratio"
    kind = ".ratio" if ratio else ""
    unit = unit_words(view, record.unit if record and not ratio else "").strip()
    level = f"{getattr(endpoint, 'coverage', 0.95):.0%}"
    labels = {
        key: view.texts(
            f"limits.{key}",
            value=printed_text(view.statistic(endpoint, names[0], group)),
            coverage=level,
        )
        for key, names in _NAMES.items()
    }
    low, high = (view.value(endpoint, name, group) for name in ("limit_low", "limit_high"))
    bounds = None if low is None or high is None else (low, high)
    accepted = "" if bounds is None else view.texts("limits.accepted")
    columns = points.columns
    chart = BlandAltman(
        mean=tuple(columns["mean"]),  # type: ignore[arg-type]
        difference=tuple(columns["difference"]),  # type: ignore[arg-type]
        bias=lines["bias"],  # type: ignore[arg-type]
        lower=lines["lower"],  # type: ignore[arg-type]
        upper=lines["upper"],  # type: ignore[arg-type]
        x_axis=view.texts(f"limits.mean{kind}", first=first, second=second, unit=unit),
        y_axis=view.texts(f"limits.difference{kind}", first=first, second=second, unit=unit),
        bias_label=labels["bias"],
        lower_label=labels["lower"],
        upper_label=labels["upper"],
        subject=_links(columns.get("subject", [])),
        accepted=bounds,
        accepted_label=accepted,
        null=1.0 if ratio else 0.0,
    )
    caption = view.texts(
        f"figure.limits{kind}", endpoint=view.say(endpoint.label), first=first, second=second
    )
    words = view.texts("figure.limits.alternative", first=first, second=second, **labels)
    if bounds is not None and record is not None:
        ends = [printed(value, record.unit, suffix=False) for value in bounds]
        words += view.texts("figure.limits.accepted", low=ends[0], high=ends[1])
    notes: list[Rich] = [_numbers(endpoint, view, group, unit)]
    if chart.subject:
        notes.append(view.texts("limits.links"))
    anchor = ".".join(["fig", endpoint.id, *reversed(series.split(".", 1))])
    return [
        Figure(caption=caption, chart=chart, alternative=words, notes=tuple(notes), anchor=anchor)
    ]


def _links(subject: list[float | int | str | None]) -> tuple[int, ...]:
    """Return whose points they are, where somebody has several."""
    owners = tuple(int(str(owner)) for owner in subject)
    return owners if len(set(owners)) < len(owners) else ()


def _numbers(endpoint: Endpoint, view: View, group: Mapping[str, str], unit: str) -> Rich:
    """Return bias and limits with their intervals, where they have some, in one sentence."""
    key = "limits.note" if unit else "limits.note.pure"
    if view.record(endpoint.id, endpoint.set, "loa_low_ci_low", group) is None:
        key = "limits.note.bare" if unit else "limits.note.bare.pure"
        return view.texts.rich(
            key,
            bias=view.statistic(endpoint, "estimate", group),
            lower=view.statistic(endpoint, "loa_low", group),
            upper=view.statistic(endpoint, "loa_high", group),
            unit=unit,
            coverage=f"{getattr(endpoint, 'coverage', 0.95):.0%}",
        )
    return view.texts.rich(
        key,
        bias=view.statistic(endpoint, "estimate", group),
        interval=view.limits(endpoint, group),
        lower=view.statistic(endpoint, "loa_low", group),
        lower_interval=view.limits(endpoint, group, names=_NAMES["lower"][1:]),
        upper=view.statistic(endpoint, "loa_high", group),
        upper_interval=view.limits(endpoint, group, names=_NAMES["upper"][1:]),
        level=f"{endpoint.level:.0%}",
        unit=unit,
        coverage=f"{getattr(endpoint, 'coverage', 0.95):.0%}",
    )


def _refused(
    endpoint: Endpoint, view: View, first: str, second: str, group: Mapping[str, str]
) -> list[Block]:
    """Return why two readers or methods have no picture of their differences."""
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

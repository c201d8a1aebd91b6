"""The pictures of agreement: counts of pairs of ratings, differences, coefficients by pair."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure, Paragraph
from clinval.report.figures import AgreementMatrix
from clinval.report.pieces.agreement_groups import (
    coefficient_name,
    groups_of,
    shown,
    together,
)
from clinval.report.pieces.centers import (
    Scale,
    drawn,
    forest_chart,
    forest_row,
    gaps,
    rows_in_words,
)
from clinval.report.pieces.common import readers_words, unit_words, with_reasons
from clinval.report.pieces.difference_plot import difference_plot
from clinval.report.view import View

__all__ = ["by_pair", "pictures"]

_MINUS = "\N{MINUS SIGN}"
_DRAWN = 6  # pictures of pairs; beyond, those that agree least


def pictures(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the matrices of ratings, or the differences of measurements, pair by pair."""
    blocks: list[Block] = _with_mean(endpoint, view)
    every = list(_pictured(endpoint, view))
    for readers in every[:_DRAWN]:
        if getattr(endpoint, "coefficient", "") == "icc":
            first, second = _two(endpoint, view, readers)
            group = {"readers": readers, "analysis": "limits"}
            blocks += difference_plot(endpoint, view, f"limits.{readers}", group, first, second)
        else:
            blocks += _matrix(endpoint, view, readers, {"readers": readers})
    if len(every) > _DRAWN:
        text = view.texts("agreement.pictures.cut", shown=_DRAWN, all=len(every))
        blocks.append(Paragraph(text=text, style="note"))
    return blocks


def _with_mean(endpoint: Endpoint, view: View) -> list[Block]:
    """Return how far a reader lies from the mean of all readers, in a sentence."""
    for readers in groups_of(endpoint, view):
        group = {"readers": readers, "analysis": "with_mean"}
        record = view.record(endpoint.id, endpoint.set, "loa_high", group)
        if record is not None:
            names = ("loa_high_ci_low", "loa_high_ci_high")
            text = view.texts.rich(
                "limits.with_mean",
                limit=(view.number(record, suffix=False),),
                unit=unit_words(view, record.unit),
                level=f"{endpoint.level:.0%}",
                interval=view.limits(endpoint, group, names=names),
            )
            return [Paragraph(text=with_reasons(view, text))]
    return []


def _pictured(endpoint: Endpoint, view: View) -> dict[str, None]:
    """Return the pairs that have a picture, those that agree least first."""
    records = view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set)
    if getattr(endpoint, "coefficient", "") == "icc":
        return dict.fromkeys(
            r.group["readers"] for r in records if r.group.get("analysis") == "limits"
        )
    counted = {
        r.group["readers"]
        for r in records
        if r.statistic.startswith("count.") and set(r.group) == {"readers"}
    }
    return dict.fromkeys(name for name in shown(endpoint, view) if name in counted)


def _two(endpoint: Endpoint, view: View, readers: str) -> tuple[str, str]:
    """Return what is compared: two readers, or two sessions of a reader."""
    first, _, second = readers.partition("+")
    if second:
        return first, second
    sessions = view.word(endpoint, "sessions", {"readers": readers}).split("+")
    one, two = (view.texts("agreement.session", reader=readers, session=s) for s in sessions[:2])
    return one, two


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
    first, second = _two(endpoint, view, readers)
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


def by_pair(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the forest of the coefficient by pair, or by reader, those that agree least first."""
    names = shown(endpoint, view)
    if len(names) < 2:
        return []
    scale = Scale(axis=coefficient_name(endpoint, view), unit="", null=0.0)
    groups: dict[str, Mapping[str, str]] = {
        readers_words(view, readers): {"readers": readers} for readers in names
    }
    rows = [forest_row(endpoint, view, scale, group, label) for label, group in groups.items()]
    everybody = together(endpoint, view)
    if everybody is not None:
        name = coefficient_name(endpoint, view, everybody)
        label = view.texts("forest.together", coefficient=name)
        rows.append(forest_row(endpoint, view, scale, everybody, label, summary=True))
        groups[label] = everybody
    chart = forest_chart(endpoint, view, scale, tuple(rows), view.texts("table.readers"))
    label = view.say(endpoint.label)
    words = view.texts("figure.forest.alternative", endpoint=label, rows=rows_in_words(view, rows))
    return [
        Figure(
            caption=view.texts("figure.by_pair", endpoint=label, set=endpoint.set),
            chart=chart,
            alternative=words,
            anchor=f"fig.{endpoint.id}.pairs",
            notes=tuple(gaps(endpoint, view, scale, groups)),
            records=drawn(endpoint, view, scale, groups.values()),
        )
    ]

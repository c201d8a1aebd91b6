"""What stands behind a reader study: inference targets, other methods, components of variance."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Heading, Paragraph, Rich, Row, Strong, Table
from clinval.report.pieces.common import undefined_notes
from clinval.report.pieces.mrmc_methods import method_paragraph
from clinval.report.pieces.mrmc_tables import declared, groups_with, tested, tested_columns
from clinval.report.pieces.mrmc_words import inference, negative_note, studies, worded
from clinval.report.view import View

__all__ = ["inference_targets", "reader_study_methods"]

_COMPONENTS = (
    "ms_modality", "ms_reader", "ms_reader_modality", "var_reader", "var_reader_modality",
    "var_reader_observed", "var_error", "cov1", "cov2", "cov3", "variance",
)  # fmt: skip
_ROCKETTE = "obuchowski_rockette"
_OF_T = ("mrmc.u_statistic", "mrmc.v_statistic", "mrmc.ai_versus_readers")
Group = Mapping[str, str]


def reader_study_methods(view: View) -> list[Block]:
    """Return how each reader study was computed, in words; nothing where there is none."""
    return [
        Paragraph(text=view.texts.rich(
            "copy.result",
            endpoint=Strong(f"{endpoint.id} {view.say(endpoint.label)}"),
            result=method_paragraph(endpoint, view),
        ))
        for endpoint in studies(view)
    ]  # fmt: skip


def inference_targets(view: View) -> list[Block]:
    """Return, for each reader study, all inference targets, other methods and the components."""
    blocks: list[Block] = []
    for endpoint in studies(view):
        found = [*_targets(endpoint, view), *_methods(endpoint, view), *_components(endpoint, view)]
        if found:
            name = f"{endpoint.id} {view.say(endpoint.label)}"
            title = view.texts("mrmc.heading.targets", endpoint=name)
            blocks += [Heading(level=2, text=title, anchor=f"targets.{endpoint.id}"), *found]
    return blocks


def _targets(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the result inferred to each of the three, the declared one marked."""
    groups = groups_with(endpoint, view, "target")
    if not groups:
        return []
    rows, other = [], []
    for group in groups:
        name = view.texts(f"mrmc.target.name.{group['target']}")
        own = group["target"] == inference(endpoint)
        label: Rich = (
            (Strong(name), declared(endpoint, view, "mrmc.target.declared")) if own else name
        )
        rows.append(Row(cells=(label, *_errors(endpoint, view, group)), summary=own))
        other += [] if own or _agrees(endpoint, view, group) else [name]
    notes: list[Rich] = [view.texts(worded(endpoint, view, "mrmc.target.note"))]
    if other:
        targets = view.listed(other, parts=True)
        notes.insert(0, view.texts("mrmc.target.differs", targets=targets))
    return [_table(endpoint, view, "targets", "mrmc.target", rows, notes)]


def _methods(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the result by other methods and covariances."""
    groups = groups_with(endpoint, view, "method")
    if not groups:
        return []
    own = _named(view, str(getattr(endpoint, "method", "")), view.word(endpoint, "covariance"))
    label: Rich = (Strong(own), declared(endpoint, view, "mrmc.target.declared"))
    rows = [Row(cells=(label, *_errors(endpoint, view, {})), summary=True)]
    other = []
    for group in groups:
        name = _named(view, group["method"])
        rows.append(Row(cells=(name, *_errors(endpoint, view, group))))
        other += [] if _agrees(endpoint, view, group) else [name]
    notes: list[Rich] = [view.texts("mrmc.methods.note")]
    if other:
        methods = view.listed(other, parts=True)
        notes.insert(0, view.texts("mrmc.methods.differs", methods=methods))
    return [_table(endpoint, view, "methods", "table.method", rows, notes)]


def _agrees(endpoint: Endpoint, view: View, group: Group) -> bool:
    """Whether a group shows what the declared analysis shows."""
    found = view.record(endpoint.id, endpoint.set, "verdict", group)
    return found is None or found.value == view.word(endpoint, "verdict")


def _named(view: View, name: str, covariance: str = "") -> str:
    """Return a method by its name; a covariance is one of the method that takes several."""
    if view.texts.has(f"mrmc.covariance.{name}"):
        name, covariance = _ROCKETTE, name
    named = view.texts(f"mrmc.method.name.{name}")
    if name != _ROCKETTE:
        return named
    return view.texts(
        "label.variant", name=named, variant=view.texts(f"mrmc.covariance.{covariance}")
    )


def _errors(endpoint: Endpoint, view: View, group: Group) -> list[Rich]:
    """Return standard error, statistic, degrees of freedom and what follows, of a group."""
    estimate, *rest = tested(endpoint, view, group)
    record = view.record(endpoint.id, endpoint.set, "statistic", group)
    degrees = "df" if record is not None and record.method in _OF_T else "df2"
    errors: list[Rich] = [
        (view.statistic(endpoint, name, group, suffix=False),)
        for name in ("se", "statistic", degrees)
    ]
    return [estimate, *errors, *rest]


def _table(
    endpoint: Endpoint, view: View, key: str, first: str, rows: list[Row], notes: list[Rich]
) -> Block:
    estimate, *rest = tested_columns(endpoint, view)
    columns = (
        Column(header=view.texts(first), share=3),
        estimate,
        Column(header=view.texts("mrmc.se"), share=1.1, align="right"),
        Column(header=view.texts("mrmc.statistic"), share=1.2, align="right"),
        Column(header=view.texts("mrmc.df"), share=1, align="right"),
        *rest,
    )
    caption = view.texts(f"table.mrmc.{key}", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = [*notes, *undefined_notes(view, rows)]
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes), dense=True)


def _components(endpoint: Endpoint, view: View) -> list[Block]:
    """Return mean squares, components of variance and covariances, each with what it is."""
    rows = [
        Row(
            cells=(
                view.texts(f"mrmc.{name}"),
                view.texts(worded(endpoint, view, f"mrmc.{name}.what")),
                (view.number(record, suffix=False),),
            )
        )
        for name in _COMPONENTS
        if (record := view.record(endpoint.id, endpoint.set, name)) is not None
    ]
    if not rows:
        return []
    columns = (
        Column(header=view.texts("mrmc.component"), share=2.4),
        Column(header=view.texts("mrmc.component.what"), share=4.4),
        Column(header=view.texts("table.value"), share=1.6, align="right"),
    )
    caption = view.texts(
        "table.mrmc.components", endpoint=view.say(endpoint.label), set=endpoint.set
    )
    notes = (*negative_note(endpoint, view), *undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]

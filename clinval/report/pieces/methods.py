"""How it was analysed: endpoints, methods with their variants, abbreviations."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Facts, Paragraph, Rich, Row, Strong, Table
from clinval.report.pieces.common import method_names
from clinval.report.pieces.effect import metric_name
from clinval.report.pieces.mrmc_words import inference, studies
from clinval.report.view import View

__all__ = [
    "abbreviations",
    "endpoints_and_methods",
    "methods_used",
]


def endpoints_and_methods(view: View) -> list[Block]:
    """Return each endpoint: its role, set, what is measured and how centers enter."""
    rows = []
    for endpoint in view.protocol.endpoints:
        measured = getattr(endpoint, "measure", "") or ""
        where = getattr(endpoint, "where", None)
        rule = view.texts(f"kind.{endpoint.kind}")
        if measured and hasattr(endpoint, "form"):
            rule = f"{endpoint.form}: {measured}"
        if where:
            rule += f" [{where}]"
        metric = metric_name(endpoint, view)
        if metric:
            rule = view.listed((rule, metric), parts=True)
        centers = getattr(endpoint, "centers", None)
        missing = getattr(endpoint, "missing", None)
        handling = [
            _method(endpoint, view),
            view.texts(f"centers.{centers}") if centers else "",
            view.texts(f"missing.rule.{missing}") if missing else "",
            _combined(endpoint, view),
        ]
        rows.append(
            Row(
                cells=(
                    (Strong(endpoint.id), " " + view.say(endpoint.label)),
                    view.texts(f"role.{endpoint.role}"),
                    view.listed([endpoint.set, *endpoint.also_sets]),
                    rule,
                    view.listed((part for part in handling if part), parts=True),
                )
            )
        )
    columns = (
        Column(header=view.texts("table.endpoint"), share=2.6),
        Column(header=view.texts("table.role"), share=1.2),
        Column(header=view.texts("table.set"), share=1),
        Column(header=view.texts("table.measured"), share=2.8),
        Column(header=view.texts("table.handling"), share=3.2),
    )
    return [Table(caption=view.texts("table.endpoints"), columns=columns, rows=tuple(rows))]


def _method(endpoint: Endpoint, view: View) -> str:
    """Return the name of the method that the estimate was computed by."""
    records = (
        record
        for statistic in ("estimate", "saved", "npv")
        for record in view.results.where(endpoint=endpoint.id, statistic=statistic)
        if record.method and record.analysis_set == endpoint.set
    )
    whole = sorted(records, key=lambda record: "site" in record.group)
    return view.texts.method(whole[0].method)["name"] if whole else ""


def _combined(endpoint: Endpoint, view: View) -> str:
    how = getattr(endpoint, "combine", "only")
    target = inference(endpoint)
    if target:  # the model knows whose reads they are
        return view.texts(f"mrmc.target.name.{target}")
    return "" if how == "only" else view.texts(f"combine.{how}")


def methods_used(view: View) -> list[Block]:
    """Return every statistical method behind a record, with its variant and its source."""
    rows = []
    for call, number in view.methods.items():
        words = view.texts.method(call)
        cells = (number, words["name"], words["variant"], words["reference"], call)
        rows.append(Row(cells=(*cells, method_names(view, call))))
    columns = (
        Column(header=view.texts("table.number"), share=0.6),
        Column(header=view.texts("table.method"), share=2.2),
        Column(header=view.texts("table.variant"), share=2.8),
        Column(header=view.texts("table.reference"), share=2.3),
        Column(header=view.texts("table.function"), share=2.2),
        Column(header=view.texts("table.elsewhere"), share=1.9),
    )
    versions = view.results.provenance["software"]
    software = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    caption = view.texts("table.methods")
    notes = (view.texts("methods.elsewhere"),)
    return [
        Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True),
        Paragraph(text=view.texts("methods.software", software=software), style="note"),
        Paragraph(
            text=view.texts("methods.seed", seed=view.results.provenance["seed"]), style="note"
        ),
    ]


def abbreviations(view: View) -> list[Block]:
    """Return the abbreviations of this report."""
    rows: list[tuple[str, Rich]] = [
        (name, view.say(declared.label)) for name, declared in view.protocol.analysis_sets.items()
    ]
    kinds = {endpoint.kind for endpoint in view.protocol.endpoints}
    methods = [view.texts.method(call)["variant"] for call in view.methods]
    reader_study = bool(studies(view))
    used = {
        "AUC": reader_study or not kinds.isdisjoint({"roc", "roc_comparison"}),
        "CI": True,
        "df": reader_study,
        "ICC": any(call.startswith("icc.") for call in view.methods),
        "n": True,
        "REML": any("REML" in variant for variant in methods),
        "SD": "mean_comparison" in kinds,
        "SE": reader_study,
    }
    rows += [
        (name, view.texts(f"abbreviation.{name}")) for name, is_used in used.items() if is_used
    ]
    return [Facts(rows=tuple(rows))]

"""The plan of a study as blocks: sizes, what they rest on, power curves, other assumptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clinval.core.records import Record, Results
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.model import Protocol
from clinval.report.blocks import (
    Block,
    Callout,
    Column,
    Document,
    Facts,
    Figure,
    Heading,
    Number,
    Paragraph,
    Rich,
    Row,
    Run,
    Strong,
    Table,
    runs,
)
from clinval.report.figures import Panel, Panels, PowerCurve
from clinval.report.numbers import factor, printed
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import printed_text, undefined_notes, unit_words
from clinval.report.simulated_studies import simulated_studies
from clinval.report.view import View

__all__ = ["compose"]

_DESIGN = "design"
_BESIDE = 3  # curves in a row


def compose(protocol: Protocol, results: Results, language: str) -> Document:
    """Return the plan as a document of a few pages, in one language."""
    view = View(protocol=protocol, results=results, language=language)
    provenance, study = results.provenance, protocol.study
    marks = []
    if provenance["synthetic"]:
        marks.append(view.texts("mark.synthetic"))
    if provenance["protocol"]["to_come"]:
        marks.append(view.texts("plan.mark.draft"))
    title = view.texts("plan.title")
    blocks: list[Block] = [Heading(level=1, text=title, anchor="plan")]
    blocks += [*_front(view), _sizes(view), _basis(view), *_curves(view), *_tables(view)]
    blocks += [*simulated_studies(view), *_centers(view)]
    return Document(
        language=language,
        title=f"{study.id}: {title}",
        author=study.sponsor,
        header=view.texts("plan.header", study=study.id),
        footer=view.texts("plan.footer", version=study.version, hash=results.sha256[:8]),
        marks=tuple(marks),
        blocks=tuple(blocks),
    )


def _front(view: View) -> list[Block]:
    study, protocol = view.protocol.study, view.results.provenance["protocol"]
    rows: list[tuple[str, Rich]] = [
        (view.texts("cover.study"), f"{study.id}  {view.say(study.title)}"),
        (
            view.texts("cover.protocol"),
            view.texts(
                "integrity.version", version=protocol["version"], date=protocol["date"]
            ),
        ),
        (view.texts("integrity.protocol_hash"), protocol["sha256"]),
        (view.texts("plan.hash"), view.results.sha256),
        (view.texts("plan.planned"), (view.number(_of_study(view, "planned")),)),
    ]  # fmt: skip
    most = _of_study(view, "most_demanding")
    if most is not None:
        label = view.texts("plan.to_enrol", endpoint=most.value)
        rows.append((label, (view.number(_of_study(view, "to_enrol")),)))
    together = _of_study(view, "power_together")
    if together is not None:
        rows.append((view.texts("plan.together"), (view.number(together),)))
    blocks: list[Block] = [Paragraph(text=view.texts("plan.what")), Facts(rows=tuple(rows))]
    if protocol["to_come"]:
        text = view.texts("plan.draft", n=protocol["to_come"])
        blocks.append(Callout(title=view.texts("plan.draft.title"), text=text))
    return blocks


def _of_study(view: View, statistic: str) -> Record | None:
    return view.record(_DESIGN, "", statistic)


def _of(view: View, endpoint: Endpoint, statistic: str) -> Record | None:
    return view.record(_DESIGN, "", statistic, {"endpoint": endpoint.id})


def _word(view: View, endpoint: Endpoint, statistic: str) -> str:
    record = _of(view, endpoint, statistic)
    return "" if record is None else str(record.value)


def _name(view: View, endpoint: Endpoint) -> Rich:
    return (Strong(endpoint.id), " " + view.say(endpoint.label))


# ---------------------------------------------------------------------- the two main tables


def _sizes(view: View) -> Block:
    numbers = ("subjects", "design_effect", "dropout", "to_enrol", "declared", "planned")
    rows = [
        Row(
            cells=(
                _name(view, endpoint),
                _shown(view, endpoint),
                *((view.number(_of(view, endpoint, name)),) for name in numbers),
                (view.number(_of(view, endpoint, "power_planned")),),
            )
        )
        for endpoint in view.protocol.endpoints
    ]
    names = (
        "plan.column.subjects", "plan.column.effect", "size.dropout", "plan.column.to_enrol",
        "plan.column.declared", "plan.column.planned", "plan.column.power",
    )  # fmt: skip
    columns = (
        Column(header=view.texts("table.endpoint"), share=2.7),
        Column(header=view.texts("table.has_to_be_shown"), share=2.6),
        *(Column(header=view.texts(name), share=1.15, align="right") for name in names),
    )
    notes = (view.texts("plan.sizes.note"), *undefined_notes(view, rows))
    caption = view.texts("plan.table.sizes")
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)


def _shown(view: View, endpoint: Endpoint) -> Rich:
    """Return what has to be shown of an endpoint, in words."""
    found: list[Run] = []
    for statistic, key in (("bound_low", "hypothesis.above"), ("bound_high", "hypothesis.below")):
        record = _of(view, endpoint, statistic)
        if record is not None:
            share = record.unit == "proportion"  # whose sign stands with the number
            bound = Number(printed(record.value, record.unit, suffix=share), record.id)
            unit, level = "" if share else unit_words(view, record.unit), f"{endpoint.level:.0%}"
            found += [view.texts("hypothesis.and")] if found else []
            found += runs(view.texts.rich(key, level=level, bound=bound, unit=unit))
    status = _word(view, endpoint, "status")
    return tuple(found) or view.texts(f"plan.status.{status}")


def _basis(view: View) -> Block:
    rows = []
    for endpoint in view.protocol.endpoints:
        notes = list(_notes(view, endpoint))
        call = _sized_by(view, endpoint)
        sized = view.texts("plan.sized", **view.texts.method(call)) if call else ""
        expected = _expected(view, endpoint)
        if expected or notes:
            rows.append(
                Row(
                    cells=(
                        endpoint.id,
                        expected or view.texts("value.none"),
                        sized or view.texts("value.none"),
                        _sentences(view, notes),
                    )
                )
            )
    columns = (
        Column(header=view.texts("table.endpoint"), share=1),
        Column(header=view.texts("plan.column.expected"), share=3.2),
        Column(header=view.texts("plan.column.sized"), share=3),
        Column(header=view.texts("plan.column.notes"), share=4),
    )
    caption = view.texts("plan.table.basis")
    return Table(caption=caption, columns=columns, rows=tuple(rows), dense=True)


def _sentences(view: View, sentences: list[Rich]) -> Rich:
    """Return sentences one after the other, set apart by a space in English only."""
    found: list[Run] = []
    for sentence in sentences:
        found += [" "] if found and view.language == "en" else []
        found += runs(sentence)
    return tuple(found) or ""


def _sized_by(view: View, endpoint: Endpoint) -> str:
    """Return the function that sizes an endpoint: in its plan, or under other assumptions."""
    n = _of(view, endpoint, "n")
    if n is not None:
        return n.method
    others = view.results.where(endpoint=_DESIGN, statistic="to_enrol")
    return next((r.method for r in others if r.group.get("endpoint") == endpoint.id), "")


def _expected(view: View, endpoint: Endpoint) -> Rich:
    """Return the planning assumptions and the levels, as a list."""
    parts: list[Rich] = []
    start = "assumption."
    for record in view.results.where(endpoint=_DESIGN, group={"endpoint": endpoint.id}):
        if record.statistic.startswith(start):
            name = view.texts(f"plan.key.{record.statistic.removeprefix(start)}")
            parts.append((f"{name} ", _value(view, record), *_unit(view, record)))
    size = _of(view, endpoint, "cluster_size")
    if size is not None and not {"assumption.cluster_size"} & set(_statistics(view, endpoint)):
        cv = _of(view, endpoint, "cluster_size_cv")
        parts.append(
            view.texts.rich("plan.clusters", size=_value(view, size), cv=view.number(cv))
        )  # fmt: skip
    alpha, power = _of(view, endpoint, "alpha"), _of(view, endpoint, "power")
    if parts and alpha is not None:
        levels = view.texts.rich(
            "plan.levels", alpha=_value(view, alpha), power=view.number(power)
        )  # fmt: skip
        parts.append(levels)
    declared, reached = _of(view, endpoint, "declared"), _of(view, endpoint, "power_declared")
    if reached is not None:
        parts.append(
            view.texts.rich(
                "plan.levels.declared", n=view.number(declared), power=view.number(reached)
            )
        )
    found: list[Run] = []
    for part in parts:
        found += [view.texts("join.parts")] if found else []
        found += runs(part)
    return tuple(found)


def _statistics(view: View, endpoint: Endpoint) -> Iterator[str]:
    group = {"endpoint": endpoint.id}
    return (record.statistic for record in view.results.where(endpoint=_DESIGN, group=group))


def _value(view: View, record: Record | None) -> Number | str:
    """Return a number as it was written, where its unit has no decimals of its own."""
    if record is not None and isinstance(record.value, str):
        return record.value
    if record is not None and not record.unit and isinstance(record.value, float):
        return Number(f"{record.value:.4g}", record.id)
    if record is not None and record.unit == "proportion_difference":
        return view.number(record, suffix=False)
    return view.number(record)


def _unit(view: View, record: Record) -> tuple[str, ...]:
    """Return the unit that does not stand with the number already."""
    return () if record.unit == "proportion" else (unit_words(view, record.unit),)


def _notes(view: View, endpoint: Endpoint) -> Iterator[Rich]:
    status = _word(view, endpoint, "status")
    n = _of(view, endpoint, "n")
    if status in ("open_margin", "open_both"):
        shown = _of(view, endpoint, "otherwise") is not None
        yield view.texts("plan.note.margin" if shown else "plan.note.margin.alone")
    missing = _of(view, endpoint, "missing")
    if missing is not None:
        yield view.texts("plan.note.missing", keys=missing.value)
        if _of(view, endpoint, "dropout") is None:
            power = _of(view, endpoint, "power")
            yield view.texts.rich("plan.note.usual", power=view.number(power))
    if n is not None and n.undefined:
        yield view.texts("plan.note.undefined", reason=view.reason(n))
    if n is not None and _word(view, endpoint, "agrees") == "no":
        words = view.texts.method(_word(view, endpoint, "analysis"))
        yield view.texts("plan.note.analysis", name=words["name"], variant=words["variant"])
    if n is not None and n.method == "sample_size.exact_binomial":
        yield view.texts("plan.note.exact")
    dropout = _of(view, endpoint, "dropout")
    if (
        n is not None
        and getattr(endpoint, "missing", "exclude") == "failure"
        and dropout is not None
        and dropout.value
    ):
        yield view.texts("plan.note.failure")
    low, high = _of(view, endpoint, "expected_low"), _of(view, endpoint, "expected_high")
    if low is not None and high is not None:
        yield view.texts.rich(
            "plan.note.interval", level=f"{endpoint.level:.0%}", n=f"{low.n}",
            low=_value(view, low), high=_value(view, high),
        )  # fmt: skip


# ---------------------------------------------------------------------- curves


def _curves(view: View) -> list[Block]:
    panels, records, spoken = [], [], []
    for endpoint in view.protocol.endpoints:
        points = view.results.points(f"design.endpoint={endpoint.id}.power")
        if points is None:
            continue
        names = ("planned", "to_enrol", "power", "power_planned")
        found = {name: _of(view, endpoint, name) for name in names}
        records += [record.id for record in found.values() if record is not None]
        curve = _curve(view, found, points.columns)
        panels.append(Panel(title=f"{endpoint.id} {view.say(endpoint.label)}", chart=curve))
        marks = view.listed((label for *_, label in curve.marks), parts=True)
        spoken.append(view.texts("plan.figure.curve", endpoint=endpoint.id, marks=marks))
    if not panels:
        return []
    return [
        Figure(
            caption=view.texts("plan.figure"),
            chart=Panels(panels=tuple(panels), columns=min(_BESIDE, len(panels))),
            alternative=view.texts(
                "plan.figure.alternative", curves=view.listed(spoken, parts=True)
            ),
            records=tuple(records),
        )
    ]


def _curve(
    view: View,
    found: Mapping[str, Record | None],
    columns: Mapping[str, list[float | int | str | None]],
) -> PowerCurve:
    value = {
        name: float(record.value)
        for name, record in found.items()
        if record is not None and isinstance(record.value, float | int)
    }
    words = {name: printed_text(view.number(record)) for name, record in found.items()}
    planned = view.texts("plan.figure.planned", n=words["planned"], power=words["power_planned"])
    needed = view.texts("plan.figure.needed", n=words["to_enrol"])
    return PowerCurve(
        subjects=tuple(_numbers(columns["enrolled"])),
        power=tuple(_numbers(columns["power"])),
        wanted=value["power"],
        wanted_label=view.texts("plan.figure.wanted", power=words["power"]),
        marks=(
            (value["planned"], value["power_planned"], planned),
            (value["to_enrol"], value["power"], needed),
        ),
        x_axis=view.texts("plan.figure.x"),
        y_axis=view.texts("plan.figure.y"),
    )


def _numbers(values: Sequence[object]) -> Iterator[float]:
    return (float(value) for value in values if isinstance(value, float | int))


# ---------------------------------------------------------------------- other assumptions, centers


def _tables(view: View) -> list[Block]:
    blocks: list[Block] = []
    for endpoint in view.protocol.endpoints:
        if _of(view, endpoint, "otherwise") is not None:
            blocks.append(_otherwise(view, endpoint))
        blocks += _clusters(view, endpoint)
    return blocks


def _otherwise(view: View, endpoint: Endpoint) -> Block:
    names = [_word(view, endpoint, f"otherwise.{axis}") for axis in ("rows", "columns")]
    units = [_word(view, endpoint, f"otherwise.{axis}.unit") for axis in ("rows", "columns")]
    keys = ["endpoint", *names]
    cells = {
        (record.group[names[0]], record.group[names[1]]): record
        for record in view.results.where(endpoint=_DESIGN, statistic="to_enrol")
        if list(record.group) == keys and record.group["endpoint"] == endpoint.id
    }
    down = list(dict.fromkeys(row for row, _ in cells))
    across = list(dict.fromkeys(column for _, column in cells))
    rows = tuple(
        Row(
            cells=(
                _heading(row, units[0]),
                *((view.number(cells[row, column]),) for column in across),
            )
        )
        for row in down
    )
    called = [view.texts(f"plan.key.{name}") for name in names]
    headed = [
        f"{name} [{_unit_of_axis(view, unit)}]" if _unit_of_axis(view, unit) else name
        for name, unit in zip(called, units, strict=True)
    ]
    columns = (
        Column(header=view.texts("join.words").join(headed), share=2.2),
        *(Column(header=_heading(column, units[1]), align="right") for column in across),
    )
    basis = view.texts(f"plan.otherwise.{_word(view, endpoint, 'otherwise')}")
    caption = view.texts(
        "plan.table.otherwise", endpoint=endpoint.id, rows=called[0], columns=called[1]
    )
    notes = (basis, *undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=rows, notes=notes, dense=True)


def _unit_of_axis(view: View, unit: str) -> str:
    return "%" if unit == "proportion" else unit_words(view, unit).strip()


def _heading(value: str, unit: str) -> str:
    """Return a value of an axis, no longer than it was chosen."""
    shown = f"{float(value) * factor(unit):.4g}"
    return shown.replace("-", "−")


def _clusters(view: View, endpoint: Endpoint) -> list[Block]:
    found = [
        record
        for record in view.results.where(endpoint=_DESIGN, statistic="to_enrol")
        if list(record.group) == ["endpoint", "icc"] and record.group["endpoint"] == endpoint.id
    ]
    if not found:
        return []
    rows = tuple(
        Row(
            cells=(
                record.group["icc"],
                (view.number(view.record(_DESIGN, "", "design_effect", record.group)),),
                (view.number(record),),
            )
        )
        for record in found
    )
    columns = (
        Column(header=view.texts("plan.key.icc"), share=2.2),
        Column(header=view.texts("plan.column.effect"), align="right"),
        Column(header=view.texts("plan.column.to_enrol"), align="right"),
    )
    caption = view.texts("plan.table.clusters", endpoint=endpoint.id)
    return [Table(caption=caption, columns=columns, rows=rows, dense=True)]


def _centers(view: View) -> list[Block]:
    most = _of_study(view, "most_demanding")
    if most is None:
        return []
    names = ("planned", "to_enrol")
    rows = [
        Row(
            cells=(
                site_label(view, site.id),
                *(
                    (view.number(view.record(_DESIGN, "", name, {"site": site.id})),)
                    for name in names
                ),
            )
        )
        for site in view.protocol.sites
    ]
    total = [(view.number(_of_study(view, name)),) for name in names]
    rows.append(Row(cells=(view.texts("forest.all"), *total), summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=4),
        Column(header=view.texts("plan.column.planned"), share=1.2, align="right"),
        Column(header=view.texts("plan.column.to_enrol"), share=1.2, align="right"),
    )
    method = view.texts.method("sample_size.allocation")
    note = view.texts("plan.note.centers", method=method["variant"], endpoint=most.value)
    caption = view.texts("plan.table.centers")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=(note,), dense=True)]

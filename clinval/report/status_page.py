"""Where a study stands, as the page that a monitor prints: enrolment, completeness, queries."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from clinval.core.records import Results
from clinval.protocol.model import Protocol
from clinval.report.blocks import (
    Block,
    Column,
    Document,
    Facts,
    Figure,
    Heading,
    KeyFigure,
    KeyFigures,
    Number,
    Paragraph,
    Rich,
    Row,
    Table,
)
from clinval.report.figures import TimeCourse, TimeLine
from clinval.report.numbers import printed
from clinval.report.pieces.centers import site_label
from clinval.report.view import View

__all__ = ["compose"]

_OF, _COUNTED = "monitoring", "disposition"
_AGES = ("0-7", "8-14", "15-28", ">28")
_FORMS = 10  # columns of a table
_WEEK = 7.0  # days
_DEVIATIONS = "F09"


def compose(protocol: Protocol, results: Results, language: str) -> Document:
    """Return where a study stands as a document of a page or two.

    Parameters
    ----------
    protocol
        The protocol.
    results
        Records of the disposition and the monitoring of the study, with the time, the state of the
        data and the head of the audit trail in their provenance.
    language
        Of the document.
    """
    view = View(protocol, results, language)
    study, provenance = protocol.study, results.provenance
    title = view.texts("status.title")
    blocks: list[Block] = [
        Heading(level=1, text=title, anchor="status"),
        _facts(view),
        _key_figures(view),
        *_curve(view),
        _sites(view),
        _ages(view),
        *_completeness(view),
        *_deviations(view),
        Paragraph(text=view.texts("status.note"), style="note"),
    ]
    return Document(
        language=language,
        title=f"{study.id}: {title}",
        author=study.sponsor,
        header=view.texts("status.header", study=study.id, at=_time(view)),
        footer=view.texts(
            "status.footer",
            version=study.version,
            data=provenance["data"]["version"],
            head=provenance["audit"]["head"][:16],
        ),
        marks=view.marks,
        blocks=tuple(blocks),
    )


def _time(view: View) -> str:
    """Return the time at which the study stood so, in UTC to the minute."""
    at = datetime.datetime.fromisoformat(view.results.provenance["at_utc"])
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _facts(view: View) -> Block:
    study, provenance = view.protocol.study, view.results.provenance
    data, audit = provenance["data"], provenance["audit"]
    trail = "status.trail" if audit["broken_at"] is None else "status.trail.broken"
    stands = view.texts(f"status.state.{data['stands']}")
    return Facts(
        rows=(
            (view.texts("cover.study"), f"{study.id}  {view.say(study.title)}"),
            (view.texts("status.at"), _time(view)),
            (
                view.texts("integrity.protocol"),
                f"{study.version} ({study.date.isoformat()})  {provenance['protocol']['sha256']}",
            ),
            (
                view.texts("integrity.data"),
                view.texts("integrity.state", version=data["version"], state=stands)
                + f"  {data['sha256']}",
            ),
            (
                view.texts("integrity.audit"),
                view.texts(
                    trail, entries=audit["entries"], head=audit["head"], at=audit["broken_at"]
                ),
            ),
        )
    )


def _number(view: View, of: str, statistic: str, site: str = "") -> Number | str:
    return view.number(view.record(of, "", statistic, {"site": site} if site else None))


def _cell(view: View, of: str, statistic: str, site: str = "") -> Rich:
    return (_number(view, of, statistic, site),)


def _value(view: View, of: str, statistic: str) -> float:
    record = view.record(of, "", statistic)
    return float(record.value or 0) if record is not None else 0.0


def _key_figures(view: View) -> Block:
    critical = _value(view, _OF, "critical")
    return KeyFigures(
        items=(
            KeyFigure(
                value=_cell(view, _COUNTED, "enrolled"),
                label=view.texts("status.enrolled"),
                detail=view.texts.rich("status.of_planned", n=_number(view, _COUNTED, "planned")),
            ),
            KeyFigure(
                value=_cell(view, _OF, "missing"),
                label=view.texts("status.missing"),
                detail=view.texts("status.missing.detail"),
            ),
            KeyFigure(
                value=_cell(view, _OF, "open"),
                label=view.texts("status.open"),
                detail=view.texts.rich(
                    "status.open.detail",
                    critical=_number(view, _OF, "critical"),
                    answered=_number(view, _OF, "answered"),
                ),
                tone="bad" if critical else "neutral",
            ),
            KeyFigure(
                value=_cell(view, _OF, "oldest"),
                label=view.texts("status.oldest"),
                detail=view.texts("status.oldest.detail"),
            ),
        )
    )


# ---------------------------------------------------------------------- enrolment in time


def _curve(view: View) -> list[Block]:
    """Return enrolment against plan; nothing before somebody has a day."""
    series = view.results.points(f"{_OF}.enrolment")
    if series is None or not series.columns["day"]:
        return []
    days = [datetime.date.fromisoformat(str(day)) for day in series.columns["day"]]
    counts = [float(count or 0) for count in series.columns["enrolled"]]
    weeks = [(day - days[0]).days / _WEEK for day in days]
    today = datetime.date.fromisoformat(view.results.provenance["at_utc"][:10])
    due, planned = view.protocol.study.return_by, _value(view, _COUNTED, "planned")
    end = max(weeks[-1], 1.0)
    if due is not None and due > days[0]:
        plan = TimeLine(
            at=(0.0, (due - days[0]).days / _WEEK), value=(0.0, planned), of=1,
            label=view.texts("status.curve.plan", day=due.isoformat()), expected=True,
        )  # fmt: skip
    else:
        plan = TimeLine(
            at=(0.0, end), value=(planned, planned), of=1,
            label=view.texts("status.curve.planned"), expected=True,
        )  # fmt: skip
    enrolled = TimeLine(
        at=(*_steps(weeks), end),
        value=(*_risers(counts), counts[-1]),
        of=0,
        label=view.texts("status.curve.enrolled"),
    )
    reached = min((today - days[0]).days / _WEEK, plan.at[-1])
    notes: list[Rich] = [
        view.texts.rich(
            "status.curve.note",
            dated=_number(view, _OF, "dated"),
            enrolled=_number(view, _COUNTED, "enrolled"),
        )
    ]
    return [
        Figure(
            caption=view.texts("status.curve"),
            chart=TimeCourse(
                points=(),
                lines=(plan, enrolled),
                x_axis=view.texts("status.curve.weeks", day=days[0].isoformat()),
                y_axis=view.texts("status.curve.subjects"),
                change=reached if 0 < reached < plan.at[-1] else None,
                change_label=view.texts("status.curve.today"),
            ),
            alternative=view.texts(
                "status.curve.alternative",
                n=printed(int(counts[-1]), "subjects"),
                planned=printed(int(planned), "subjects"),
                first=days[0].isoformat(),
                last=days[-1].isoformat(),
            ),
            notes=tuple(notes),
            anchor="fig.status.enrolment",
            records=(f"{_OF}.all.dated",),
        )
    ]


def _steps(weeks: Sequence[float]) -> Iterator[float]:
    """Yield the places of a curve that rises at each of them."""
    for week in weeks:
        yield week
        yield week


def _risers(counts: Sequence[float]) -> Iterator[float]:
    """Yield the heights of that curve before and after each rise."""
    before = 0.0
    for count in counts:
        yield before
        yield count
        before = count


# ---------------------------------------------------------------------- tables


def _places(view: View) -> list[tuple[str, str]]:
    """Return the sites with their names, and all of them together at the end."""
    sites = [(site.id, site_label(view, site.id)) for site in view.protocol.sites]
    return [*sites, ("", view.texts("status.all"))]


def _counts(view: View, caption: str, columns: Sequence[tuple[str, str, str]]) -> Table:
    """Return a table of one row a site; a column is its key of the texts, of what, and which."""
    rows = [
        Row(
            cells=(name, *(_cell(view, of, statistic, site) for _, of, statistic in columns)),
            summary=not site,
        )
        for site, name in _places(view)
    ]
    heads = [Column(header=header, align="right") for header, _, _ in columns]
    first = Column(header=view.texts("table.site"), share=3.2)
    return Table(caption=view.texts(caption), columns=(first, *heads), rows=tuple(rows), dense=True)


def _sites(view: View) -> Block:
    wanted = (
        ("planned", _COUNTED, "planned"), ("screened", _COUNTED, "received"),
        ("enrolled", _COUNTED, "enrolled"),
        ("missing", _OF, "missing"), ("open", _OF, "open"), ("answered", _OF, "answered"),
        ("critical", _OF, "critical"), ("oldest", _OF, "oldest"),
    )  # fmt: skip
    headed = [(view.texts(f"status.column.{name}"), of, what) for name, of, what in wanted]
    table = _counts(view, "status.table.sites", headed)
    returned = view.results.provenance["data"]["returned"]
    rows = [
        Row(
            cells=(*row.cells, returned.get(site, view.texts("value.none")) if site else ""),
            summary=row.summary,
        )
        for (site, _), row in zip(_places(view), table.rows, strict=True)
    ]
    last = Column(header=view.texts("status.column.last"), share=1.5, align="right")
    return Table(
        caption=table.caption,
        columns=(*table.columns, last),
        rows=tuple(rows),
        notes=(view.texts("status.sites.note"),),
        dense=True,
    )


def _ages(view: View) -> Block:
    classes = [(days, _OF, f"age.{number}") for number, days in enumerate(_AGES)]
    return _counts(view, "status.table.ages", classes)


def _completeness(view: View) -> list[Block]:
    """Return how many subjects of each site have each form complete."""
    forms = [
        form.id
        for form in view.protocol.forms
        if view.record(_OF, "", f"complete.{form.id}") is not None
    ]
    return [
        _counts(
            view,
            "status.table.forms",
            [
                (view.texts("status.column.enrolled"), _COUNTED, "enrolled"),
                *((form, _OF, f"complete.{form}") for form in forms[start : start + _FORMS]),
            ],
        )
        for start in range(0, len(forms), _FORMS)
    ]


def _deviations(view: View) -> list[Block]:
    """Return the deviations that sites recorded, by their weight, and those that they did not."""
    form = next((form for form in view.protocol.forms if form.id == _DEVIATIONS), None)
    field = form.field("severity") if form is not None else None
    columns = [
        (view.say(label), _COUNTED, f"events.{_DEVIATIONS}.severity.{code}")
        for code, label in (field.codelist if field is not None else {}).items()
    ]
    if not columns and not _value(view, _OF, "unrecorded"):
        return []
    columns.append((view.texts("status.column.unrecorded"), _OF, "unrecorded"))
    return [_counts(view, "status.table.deviations", columns)]

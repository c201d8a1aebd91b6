"""The page for the investigator of a site, and what the site is asked to do."""

from __future__ import annotations

from collections.abc import Iterator

from clinval.report.blocks import (
    Block,
    Bullets,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Rich,
    Table,
)
from clinval.report.pieces.common import unit_words
from clinval.report.pieces.site_common import across, columns, main_statistic, own, row
from clinval.report.view import View

__all__ = ["site_actions", "site_summary"]

_WHERE = "disposition"
_FIVE = 5
_Fact = tuple[str, tuple[str, str, str]]  # label; endpoint, set, statistic


def site_summary(view: View) -> list[Block]:
    """Return the site in five numbers, each beside all sites, with thanks and dates."""
    facts = _five(view)
    site, study = view.protocol.site(view.site), view.protocol.study
    data = view.results.provenance["data"]
    thanks = view.texts(
        "site.thanks",
        investigator=site.investigator or view.texts("site.investigator"),
        site=view.say(site.name),
        study=study.id,
    )
    dates = view.texts(
        "site.dates",
        version=study.version,
        date=study.date.isoformat(),
        data=data["version"],
        state=view.texts(f"state.{data['state']}"),
    )
    figures = [_figure(view, fact) for fact in facts]
    rows = tuple(row(label, own(view, *where), across(view, *where)) for label, where in facts)
    table = Table(
        caption=view.texts("table.site_five"),
        columns=columns(view, "table.measure"),
        rows=rows,
        notes=(view.texts("site.note.across"), view.texts("site.note.mask")),
        dense=True,
    )
    return [
        Paragraph(text=thanks, style="lead"),
        *(
            KeyFigures(items=tuple(figures[start : start + 3]))
            for start in range(0, len(figures), 3)
        ),
        table,
        Paragraph(text=dates),
        Paragraph(text=view.texts("site.no_ranking")),
    ]


def _five(view: View) -> list[_Fact]:
    """Return the five numbers: enrolment, complete data, then endpoints in their order."""
    texts = view.texts
    found: list[_Fact] = [(texts("site.enrolled"), (_WHERE, "", "enrolled"))]
    shares = [
        (form_id, (_WHERE, "", f"share_incomplete.{form_id}"))
        for endpoint in view.protocol.endpoints
        if (form_id := getattr(endpoint, "form", None)) is not None
    ]
    for form_id, where in shares:
        if view.record(*where, {"site": view.site}) is not None:
            form = view.say(view.protocol.form(form_id).name)
            found.append((texts("site.share_incomplete", form=form), where))
            break
    ranked = sorted(
        view.protocol.endpoints, key=lambda e: (e.role != "primary", e.kind != "throughput")
    )
    for endpoint in ranked:
        main = main_statistic(endpoint)
        if main is not None:
            label = texts("site.endpoint", id=endpoint.id, name=view.say(endpoint.label))
            found.append((label, (endpoint.id, endpoint.set, main[0])))
    return found[:_FIVE]


def _figure(view: View, fact: _Fact) -> KeyFigure:
    label, where = fact
    mine = own(view, *where)
    record = view.record(*where, {"site": view.site})
    unit = unit_words(view, record.unit) if record is not None else ""
    value: Rich = (mine,) if isinstance(mine, str) or "%" in unit else (mine, unit)
    median, _, ends, _ = across(view, *where)
    if isinstance(median, str):
        return KeyFigure(value=value, label=label, detail=median)
    detail = view.texts.rich("site.detail", median=median, ends=ends)
    return KeyFigure(value=value, label=label, detail=detail)


def site_actions(view: View) -> list[Block]:
    """Return what the site is asked to do, and whom to ask."""
    items = tuple(_actions(view))
    contact = view.protocol.study.contact or view.texts("not_supplied")
    due = view.protocol.study.return_by
    blocks: list[Block] = [
        Bullets(items=items) if items else Paragraph(text=view.texts("site.action.none"))
    ]
    if items and due is not None:
        blocks.append(Paragraph(text=view.texts("site.action.due", date=due.isoformat())))
    blocks.append(Paragraph(text=view.texts("site.action.contact", contact=contact)))
    return blocks


def _actions(view: View) -> Iterator[Rich]:
    """Yield a line for each thing that is open at the site, or may be where it is masked."""
    statistics = [("open.error", "site.action.error", ""), ("open.query", "site.action.query", "")]
    for form in view.protocol.forms:
        name = view.say(form.name)
        statistics += [
            (f"held.{form.id}", "site.action.held", name),
            (f"without.{form.id}", "site.action.without", name),
            (f"incomplete.{form.id}", "site.action.incomplete", name),
        ]
    for statistic, key, form_name in statistics:
        record = view.record(_WHERE, "", statistic, {"site": view.site})
        if record is None or record.value == 0:
            continue
        number = view.number(record)
        yield view.texts.rich(key, n=number, **({"form": form_name} if form_name else {}))

"""How many took part at a site and where they went, and how good its data are."""

from __future__ import annotations

from clinval.report.blocks import Block, Figure, Paragraph, Table
from clinval.report.figures import Flow, FlowExclusion, FlowStep, Funnel, FunnelLimit, FunnelSite
from clinval.report.numbers import factor, printed
from clinval.report.pieces.common import printed_text, set_label
from clinval.report.pieces.population import chain
from clinval.report.pieces.site_common import columns, compared
from clinval.report.view import View

__all__ = ["funnel", "site_flow", "site_quality"]

_WHERE = "disposition"


def site_flow(view: View) -> list[Block]:
    """Return the flow of the site's subjects, and its exclusions by reason."""
    sets = view.protocol.analysis_sets
    rows = [
        compared(view, view.texts(f"flow.{name}"), _WHERE, "", name)
        for name in ("planned", "received")
    ]
    for name, declared in sets.items():
        rows += [
            compared(view, view.say(exclusion.reason), _WHERE, name, f"excluded.{index}")
            for index, exclusion in enumerate(declared.exclude)
        ]
        rows.append(compared(view, set_label(view, name), _WHERE, name, "n"))
    table = Table(
        caption=view.texts("table.site_flow"),
        columns=columns(view, "table.step"),
        rows=tuple(rows),
        notes=(view.texts("site.note.mask"),),
        dense=True,
    )
    return [_flow(view), table]


def _flow(view: View) -> Block:
    """Return the flow diagram of the site; masked numbers are words in it too."""
    records: list[str] = []

    def count(set_id: str, statistic: str) -> int | str:
        record = view.record(_WHERE, set_id, statistic, {"site": view.site})
        if record is None:
            return view.texts("value.none")
        if record.id not in view.masks:
            records.append(record.id)
        return record.value if isinstance(record.value, int) else str(record.value)

    steps = [
        FlowStep(label=view.texts(f"flow.{name}"), n=count("", name))
        for name in ("planned", "received")
    ]
    for name in chain(view):
        left = tuple(
            FlowExclusion(reason=view.say(exclusion.reason), n=count(name, f"excluded.{index}"))
            for index, exclusion in enumerate(view.protocol.analysis_sets[name].exclude)
        )
        out = count(name, "left_out")
        n, label = count(name, "n"), set_label(view, name)
        steps.append(FlowStep(label=label, n=n, excluded=left, left=out))
    words = view.listed(
        (
            view.texts("label.value", name=step.label, value=printed(step.n, "subjects"))
            for step in steps
        ),
        parts=True,
    )
    return Figure(
        caption=view.texts("figure.site_flow"),
        chart=Flow(steps=tuple(steps), excluded_title=view.texts("flow.excluded")),
        alternative=view.texts("figure.flow.alternative", steps=words),
        anchor="fig.site.flow",
        records=tuple(records),
    )


def site_quality(view: View) -> list[Block]:
    """Return completeness by form, open questions, deviations, and a funnel of incomplete data."""
    texts = view.texts
    named = [
        (texts(f"site.quality.{part}", form=view.say(form.name)), f"{part}.{form.id}")
        for form in view.protocol.forms
        for part in ("without", "incomplete", "held")
    ]
    named += [(texts("queries.error"), "open.error"), (texts("queries.query"), "open.query")]
    named += _events(view)
    there = [
        (label, statistic)
        for label, statistic in named
        if view.record(_WHERE, "", statistic, {"site": view.site}) is not None
    ]
    nothing = [label for label, statistic in there if _nowhere(view, statistic)]
    table = Table(
        caption=texts("table.site_quality"),
        columns=columns(view, "site.quality.what"),
        rows=tuple(
            compared(view, label, _WHERE, "", statistic)
            for label, statistic in there
            if label not in nothing
        ),
        notes=(texts("site.note.mask"), texts("site.quality.note")),
        dense=True,
    )
    blocks: list[Block] = [table] if table.rows else []
    if nothing:
        words = texts("site.quality.nothing", what=view.listed(nothing, parts=True))
        blocks.append(Paragraph(text=words, style="note"))
    for form in view.protocol.forms:
        name = view.texts("site.share_incomplete", form=view.say(form.name))
        blocks += funnel(view, name, _WHERE, "", f"share_incomplete.{form.id}")
    return blocks


def _nowhere(view: View, statistic: str) -> bool:
    """Whether something is 0 at the site and, as far as may be said, at all sites."""
    records = (
        view.record(_WHERE, "", statistic, group)
        for group in ({"site": view.site}, {"sites": "greatest"})
    )
    return all(record is None or record.value == 0 for record in records)


def _events(view: View) -> list[tuple[str, str]]:
    """Return what may have happened at the site: events, deviations and failed examinations."""
    found = []
    for form in view.protocol.forms:
        prefix = f"events.{form.id}."
        for record in view.results.where(endpoint=_WHERE, group={"site": view.site}):
            if record.statistic.startswith(prefix):
                field_id, _, code = record.statistic.removeprefix(prefix).partition(".")
                field = form.field(field_id)
                label = code if field is None else view.say(field.codelist[code])
                what = view.say(form.name) if field is None else view.say(field.label)
                name = view.texts("label.value", name=what, value=label)
                found.append((name, record.statistic))
    return found


def funnel(view: View, name: str, endpoint: str, set_id: str, statistic: str) -> list[Block]:
    """Return a proportion of the site within the limits of chance around that of all sites.

    Nothing where there are too few sites, or where chance moves nothing: all of them at 0 or 1.
    The other sites are not drawn, and the site is not where its number is masked.
    """
    series = view.results.points(".".join(p for p in (endpoint, set_id, "funnel", statistic) if p))
    group = {"site": view.site}
    center = view.value(endpoint, statistic, set_id=set_id)
    if series is None or center is None or not 0 < center < 1:
        return []
    mine = view.record(endpoint, set_id, statistic, group)
    whole = view.record(endpoint, set_id, statistic)
    value = view.value(endpoint, statistic, group, set_id=set_id)
    size = None if mine is None else mine.n
    site = view.protocol.site(view.site)
    points = () if value is None or size is None else (
        FunnelSite(size=size, value=value, label=site.id, own=True),
    )  # fmt: skip
    columns_ = series.columns

    def numbers(key: str) -> tuple[float, ...]:
        return tuple(float(str(number)) for number in columns_[key])

    limits = tuple(
        FunnelLimit(
            label=view.texts("site.funnel.limit", level=level),
            size=numbers("size"),
            low=numbers(f"low_{key}"),
            high=numbers(f"high_{key}"),
        )
        for key, level in (("95", "95%"), ("998", "99.8%"))
    )
    said = printed(center, "proportion")
    chart = Funnel(
        sites=points,
        limits=limits,
        center=center,
        center_label=view.texts("site.funnel.center", value=said),
        count="",
        x_axis=view.texts("site.funnel.size"),
        y_axis=name,
        named=False,
        within=(0.0, 1.0),
        factor=factor("proportion"),
    )
    where = view.texts("site.funnel.masked")
    if points and value is not None:
        at = min(range(len(limits[0].size)), key=lambda k: abs(limits[0].size[k] - points[0].size))
        inside = [(limit.low[at] or 0.0) <= value <= (limit.high[at] or 0.0) for limit in limits]
        key = "inside" if inside[0] else "between" if inside[1] else "outside"
        where = view.texts(f"site.funnel.{key}", value=printed_text(view.number(mine)))
    alternative = view.texts("figure.site_funnel.alternative", name=name, center=said, where=where)
    drawn = [record.id for record in (whole, mine if points else None) if record is not None]
    return [
        Figure(
            caption=view.texts("figure.site_funnel", name=name),
            chart=chart,
            alternative=alternative,
            anchor=f"fig.site.funnel.{endpoint}.{statistic}",
            notes=(where, view.texts("site.funnel.note")),
            records=tuple(drawn),
        )
    ]

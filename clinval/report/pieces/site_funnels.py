"""A site's proportions within the limits of chance, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure, Paragraph
from clinval.report.figures import Funnel, FunnelLimit, FunnelSite, Panel, Panels
from clinval.report.numbers import factor, printed
from clinval.report.pieces.common import printed_text
from clinval.report.view import View

__all__ = ["site_funnels"]

_BESIDE = 3  # funnels side by side


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A funnel with its name, where the site lies in it, both in words, and its records."""

    name: str
    chart: Funnel
    where: str
    alternative: str
    records: tuple[str, ...]


def site_funnels(view: View) -> list[Block]:
    """Return the site's incomplete data and its proportions within the limits of chance.

    The other sites are not drawn, and the site is not where its number is masked.
    """
    found = [drawn for name, where in _proportions(view) if (drawn := _funnel(view, name, *where))]
    if not found:
        return [Paragraph(text=view.texts("site.funnel.none"))]
    return [
        Figure(
            caption=view.texts("figure.site_funnels"),
            chart=Panels(
                panels=tuple(Panel(title=one.name, chart=one.chart) for one in found),
                columns=min(_BESIDE, len(found)),
            ),
            alternative=" ".join(one.alternative for one in found),
            anchor="fig.site.funnels",
            notes=(
                *(view.texts("label.value", name=one.name, value=one.where) for one in found),
                view.texts("site.funnel.note"),
            ),
            records=tuple(record for one in found for record in one.records),
        )
    ]


def _proportions(view: View) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Yield what may be drawn: its name, and its endpoint, set and statistic."""
    for form in view.protocol.forms:
        name = view.texts("site.share_incomplete", form=view.say(form.name))
        yield name, ("disposition", "", f"share_incomplete.{form.id}")
    for endpoint in view.protocol.endpoints:
        for statistic in ("proportion_test", "estimate"):
            label = _of(endpoint, statistic, view)
            name = view.texts("site.endpoint", id=endpoint.id, name=label)
            yield name, (endpoint.id, endpoint.set, statistic)


def _of(endpoint: Endpoint, statistic: str, view: View) -> str:
    arm = view.protocol.arm("test")
    name = view.say(endpoint.label)
    if statistic == "estimate" or arm is None:
        return name
    return view.texts("label.variant", name=name, variant=view.say(arm.label))


def _funnel(view: View, name: str, endpoint: str, set_id: str, statistic: str) -> _Drawn | None:
    """Return a proportion of the site within the limits of chance around that of all sites.

    Nothing where there are too few sites, or where chance moves nothing: all of them at 0 or 1.
    """
    series = view.results.points(".".join(p for p in (endpoint, set_id, "funnel", statistic) if p))
    group = {"site": view.site}
    center = view.value(endpoint, statistic, set_id=set_id)
    if series is None or center is None or not 0 < center < 1:
        return None
    mine = view.record(endpoint, set_id, statistic, group)
    whole = view.record(endpoint, set_id, statistic)
    value = view.value(endpoint, statistic, group, set_id=set_id)
    size = None if mine is None else mine.n
    points = () if value is None or size is None else (
        FunnelSite(size=size, value=value, label=view.site, own=True),
    )  # fmt: skip
    columns = series.columns

    def numbers(key: str) -> tuple[float, ...]:
        return tuple(float(str(number)) for number in columns[key])

    limits = tuple(
        FunnelLimit(
            label=level,
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
        center_label=said,
        count="",
        x_axis=view.texts("site.funnel.size"),
        y_axis=view.texts("axis.proportion"),
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
    return _Drawn(
        name=name,
        chart=chart,
        where=where,
        alternative=view.texts(
            "figure.site_funnel.alternative", name=name, center=said, where=where
        ),
        records=tuple(r.id for r in (whole, mine if points else None) if r is not None),
    )

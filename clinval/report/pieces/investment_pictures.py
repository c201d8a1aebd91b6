"""The pictures of hospitals' returns as figures: one hospital on a board, or some side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Figure, Rich
from clinval.report.figures import (
    Acceptability,
    CashFlow,
    NpvProfile,
    Panel,
    Panels,
    Tornado,
    Waterfall,
)
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.investment_charts import Picture, pictures
from clinval.report.view import View

__all__ = ["board", "side_by_side"]

_TOGETHER = (("price", Acceptability, 3), ("tornado", Tornado, 2), ("profile", NpvProfile, 2))


def board(endpoint: Endpoint, view: View, site: str, *, brief: bool = False) -> list[Figure]:
    """Return the pictures of a hospital on one board, nothing where it has no case.

    Parameters
    ----------
    endpoint, view, site
        The return on investment, and whose.
    brief
        Only the widest rows of the tornado, and the profile only where there is no single rate.
    """
    found = pictures(endpoint, view, site, brief=brief)
    if not found:
        return []
    caption = view.texts("figure.board", site=site_label(view, site), currency=_money(view, site))
    return [_figure(endpoint, view, caption, site, [(p.title, p) for p in found])]


def side_by_side(endpoint: Endpoint, view: View, sites: Mapping[str, str]) -> list[Figure]:
    """Return pictures of some hospitals; ``sites`` says why each is there.

    Waterfall and cash flow are a figure a hospital, the others one figure of all. A hospital
    without a single rate has its profile, whoever it is.
    """
    every = {site.id: pictures(endpoint, view, site.id, brief=True) for site in view.protocol.sites}
    names = {site: _name(view, site, sites.get(site, "")) for site in every}
    figures = []
    for site in sites:
        shown = [(p.title, p) for p in every[site] if isinstance(p.chart, Waterfall | CashFlow)]
        if shown:
            caption = view.texts("figure.money.site", site=names[site])
            figures.append(_figure(endpoint, view, caption, site, shown))
    # what is said of all stands below the last
    figures[:-1] = [replace(figure, notes=()) for figure in figures[:-1]]
    for name, kind, columns in _TOGETHER:
        shown = [
            (names[site], p) for site in (every if kind is NpvProfile else sites)
            for p in every[site] if isinstance(p.chart, kind)
        ]  # fmt: skip
        if shown:
            caption = view.texts(f"figure.money.{name}")
            figures.append(_figure(endpoint, view, caption, name, shown, columns))
    return figures


def _name(view: View, site: str, role: str) -> str:
    """Return a hospital's name with its currency, and why it is shown."""
    name = site_label(view, site)
    if role:
        words = view.texts(f"investment.role.{role}")
        name = view.texts("investment.role", site=name, role=words)
    return f"{name} [{_money(view, site)}]"


def _figure(
    endpoint: Endpoint, view: View, caption: str, anchor: str,
    shown: Sequence[tuple[str, Picture]], columns: int = 2,
) -> Figure:  # fmt: skip
    """Return pictures with their titles as one figure."""
    panels = tuple(Panel(title=title, chart=picture.chart) for title, picture in shown)
    said = (view.texts("figure.board.panel", title=t, words=p.words) for t, p in shown)
    pictures = [picture for _, picture in shown]
    return Figure(
        caption=caption,
        chart=Panels(panels=panels, columns=min(columns, len(panels))),
        alternative=" ".join(said),
        anchor=f"fig.{endpoint.id}.{anchor}",
        notes=_notes(endpoint, view, pictures),
        records=tuple(record for picture in pictures for record in picture.records if record),
    )


def _notes(endpoint: Endpoint, view: View, pictures: Sequence[Picture]) -> tuple[Rich, ...]:
    """Return how the charts that are there are read, in one note."""
    kinds = {type(picture.chart) for picture in pictures}
    level = f"{endpoint.level:.0%}"
    keys = (
        (CashFlow, "figure.board.cash"), (Tornado, "figure.board.tornado"),
        (Acceptability, "figure.board.price"),
    )  # fmt: skip
    said = [view.texts(key, level=level) for kind, key in keys if kind in kinds]
    return (" ".join(said) if view.language == "en" else "".join(said),) if said else ()


def _money(view: View, site: str) -> str:
    return view.protocol.site(site).currency

"""Return on investment, hospital by hospital."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Heading, Paragraph, Rich
from clinval.report.pieces import Aspect
from clinval.report.pieces.common import set_label
from clinval.report.pieces.finance_form import finance_form
from clinval.report.pieces.investment_inputs import inputs
from clinval.report.pieces.investment_pictures import board, side_by_side
from clinval.report.pieces.investment_tables import cases, decisions, refusals, together
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result", "site_return"]

_SHOWN = ("worst", "median", "best")  # hospitals of whom a short report has pictures


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the net present value of all hospitals together."""
    record = view.record(endpoint.id, endpoint.set, "npv")
    what = view.texts("investment.npv", currency=record.unit if record else "")
    names = ("npv_low", "npv_high")
    return what, (view.statistic(endpoint, "npv"),), view.limits(endpoint, names=names)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return that nothing is tested."""
    del endpoint
    return view.texts("hypothesis.none")


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the cases with what they rest on, or the pictures of every hospital."""
    if which == "decision":
        return [*_cases(endpoint, view), *inputs(view), *finance_form(view)]
    if which == "sites":
        return [figure for site in view.protocol.sites for figure in board(endpoint, view, site.id)]
    return []


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the cases, pictures of the worst, the middle and the best, and the inputs."""
    known = {site.id for site in view.protocol.sites}
    shown: dict[str, str] = {}
    for role in _SHOWN:
        site = view.word(endpoint, f"{role}_site")
        if site in known:
            shown.setdefault(site, role)
    return [
        *_cases(endpoint, view),
        *side_by_side(endpoint, view, shown),
        *inputs(view),
        *finance_form(view),
    ]


def _cases(endpoint: Endpoint, view: View) -> list[Block]:
    return [
        _what(endpoint, view),
        cases(endpoint, view),
        *together(endpoint, view),
        *decisions(endpoint, view),
        *refusals(endpoint, view),
    ]


def _what(endpoint: Endpoint, view: View) -> Block:
    economics = view.protocol.economics
    text = view.texts(
        "investment.what",
        years=economics.horizon_years if economics else 0,
        set=set_label(view, endpoint.set),
        price_year=economics.price_year if economics else "",
        perspective=view.say(economics.perspective) if economics else "",
    )
    return Paragraph(text=text)


def site_return(view: View) -> list[Block]:
    """Return a hospital's own case and its pictures; nothing without money."""
    blocks: list[Block] = []
    for endpoint in view.protocol.endpoints:
        if endpoint.kind == "return_on_investment":
            title = f"{endpoint.id} {view.say(endpoint.label)}"
            blocks += [
                Heading(level=2, text=title, anchor=f"result.{endpoint.id}"),
                cases(endpoint, view),
                *refusals(endpoint, view),
                *board(endpoint, view, view.site, brief=True),
            ]
    return blocks

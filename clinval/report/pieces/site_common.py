"""What every part of a site's report says in the same way: its own number, and all sites beside."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Column, Number, Rich, Row
from clinval.report.view import View

__all__ = ["Across", "across", "columns", "compared", "main_statistic", "own", "position", "row"]

Across = tuple[Rich, Rich, Rich, Rich]
"""What is said of all sites: median, quartiles, ends, and how many there are."""

# An endpoint's number at a site and its limits, by kind; money is the site's own.
_MAIN = {
    "throughput": ("saved", "saved_ci_low", "saved_ci_high"),
    "component_life": None,
    "failure_rate": None,
    "ownership": None,
    "phantom_comparison": None,
    "return_on_investment": None,
    "budget_impact": None,
    "cost_effectiveness": None,
    "reader_agreement": None,
}


def main_statistic(endpoint: Endpoint) -> tuple[str, str, str] | None:
    """Return the statistic that stands for an endpoint at a site, and its limits, if one does."""
    return _MAIN.get(endpoint.kind, ("estimate", "ci_low", "ci_high"))


def own(view: View, endpoint: str, set_id: str, statistic: str) -> Number | str:
    """Return the site's number."""
    return view.number(view.record(endpoint, set_id, statistic, {"site": view.site}))


def across(
    view: View,
    endpoint: str,
    set_id: str,
    statistic: str,
    group: Mapping[str, str] | None = None,
) -> Across:
    """Return median, quartiles, ends and number of all sites; with few sites, that they are few."""

    def quantile(name: str) -> Number | str:
        where = {**(group or {}), "sites": name}
        return view.number(view.record(endpoint, set_id, statistic, where))

    where = {**(group or {}), "sites": "median"}
    record = view.record(endpoint, set_id, statistic, where)
    if record is None:
        return (view.texts("site.few_sites"), "", "", "")
    between = view.texts("site.between")
    return (
        (quantile("median"),),
        (quantile("lower_quartile"), between, quantile("upper_quartile")),
        (quantile("least"), between, quantile("greatest")),
        f"{record.n}",
    )


def columns(view: View, first: str, *, share: float = 3.4) -> tuple[Column, ...]:
    """Return the columns of a table of the site beside all sites."""
    return (
        Column(header=view.texts(first), share=share),
        Column(header=view.texts("site.yours"), share=1.5, align="right"),
        Column(header=view.texts("site.median"), share=1.5, align="right"),
        Column(header=view.texts("site.least_greatest"), share=2.1, align="right"),
        Column(header=view.texts("site.sites"), share=0.8, align="right"),
    )


def compared(view: View, label: str, endpoint: str, set_id: str, statistic: str) -> Row:
    """Return a row of such a table."""
    mine = own(view, endpoint, set_id, statistic)
    return row(label, mine, across(view, endpoint, set_id, statistic))


def row(label: str, mine: Number | str, everyone: Across) -> Row:
    """Return a row of such a table from its parts."""
    median, _, ends, sites = everyone
    return Row(cells=(label, (mine,), median, ends, sites))


def position(view: View, endpoint: str, set_id: str, statistic: str) -> str:
    """Say where the site lies among all sites, without a rank; nothing where that is masked."""
    mine, low, high = (
        view.value(endpoint, statistic, group, set_id=set_id)
        for group in (
            {"site": view.site},
            {"sites": "lower_quartile"},
            {"sites": "upper_quartile"},
        )
    )
    if mine is None or low is None or high is None:
        return view.texts("value.none")
    key = "below" if mine < low else "above" if mine > high else "within"
    return view.texts(f"site.position.{key}")

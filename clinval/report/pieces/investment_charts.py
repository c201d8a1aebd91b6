"""One hospital's return as pictures: waterfall, cash flow, tornado, return by price, profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.figures import (
    Acceptability,
    AcceptabilityCurve,
    CashFlow,
    NpvProfile,
    RateRoot,
    Tornado,
    TornadoRow,
    Waterfall,
    WaterfallStep,
)
from clinval.report.numbers import interval, printed
from clinval.report.pieces.common import printed_text
from clinval.report.pieces.investment_inputs import input_label
from clinval.report.view import View

__all__ = ["Picture", "pictures"]

_STEPS = (
    "minutes", "grid", "demand", "day", "overtime", "hire", "downtime", "running", "total",
)  # fmt: skip
_ALWAYS = ("minutes", "total")  # shown even where they are 0
_WIDEST = 5  # rows of a tornado in brief
_FEWEST = 2  # inputs to be compared
_FAN = ("low", "high", "q25", "q75")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart with its title, what it shows in words, and the records that it draws."""

    title: str
    chart: CashFlow | Waterfall | Tornado | Acceptability | NpvProfile
    words: str
    records: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Site:
    """The records of one hospital's case."""

    endpoint: Endpoint
    view: View
    site: str

    @property
    def money(self) -> str:
        return self.view.protocol.site(self.site).currency

    @property
    def group(self) -> dict[str, str]:
        return {"site": self.site}

    def record(self, statistic: str) -> Record | None:
        return self.view.record(self.endpoint.id, self.endpoint.set, statistic, self.group)

    def value(self, statistic: str) -> float | None:
        return self.view.value(self.endpoint, statistic, self.group)

    def values(self, statistics: Sequence[str]) -> list[float] | None:
        """Return the values of all, none where one of them is missing or masked."""
        found = [self.value(statistic) for statistic in statistics]
        return None if None in found else [value for value in found if value is not None]

    def id(self, statistic: str) -> str:
        record = self.record(statistic)
        return record.id if record is not None else ""

    def text(self, statistic: str) -> str:
        return printed_text(self.view.statistic(self.endpoint, statistic, self.group))

    def series(self, name: str) -> dict[str, tuple[float, ...]]:
        place = f"{self.endpoint.id}.{self.endpoint.set}.{self.site}.{name}"
        series = self.view.results.points(place)
        if series is None:
            return {}
        return {
            key: tuple(float(value) for value in values if value is not None)
            for key, values in series.columns.items()
        }


def pictures(endpoint: Endpoint, view: View, site: str, *, brief: bool) -> list[Picture]:
    """Return what there is to draw of a hospital's case.

    In brief that is only the widest rows of the tornado, and the profile only where there is no
    single rate.
    """
    of = _Site(endpoint, view, site)
    profile = not brief or of.record("refusal.irr") is not None
    made = (
        _waterfall(of), _course(of), _by_price(of), _tornado(of, brief=brief),
        _profile(of) if profile else None,
    )  # fmt: skip
    return [picture for picture in made if picture is not None]


def _waterfall(of: _Site) -> Picture | None:
    """Return the steps from every minute saved to the money of a year."""
    texts = of.view.texts
    values = of.values([f"waterfall.{step}" for step in _STEPS])
    if values is None:
        return None
    shown = [
        (step, value)
        for step, value in zip(_STEPS, values, strict=True)
        if value or step in _ALWAYS
    ]  # fmt: skip
    steps = tuple(
        WaterfallStep(
            label=texts(f"investment.step.{step}"),
            value=value,
            text=_signed(printed(value, of.money), value, signed=step not in _ALWAYS),
            total=step == "total",
        )
        for step, value in shown
    )
    return Picture(
        title=texts("investment.board.waterfall"),
        chart=Waterfall(steps=steps, axis=texts("investment.axis.year", currency=of.money)),
        words=of.view.listed(
            (texts("label.value", name=step.label, value=step.text) for step in steps), parts=True
        ),
        records=[of.id(f"waterfall.{step}") for step, _ in shown],
    )


def _signed(text: str, value: float, *, signed: bool) -> str:
    return f"+{text}" if signed and value > 0 else text


def _course(of: _Site) -> Picture | None:
    """Return the flow of each year, and the running total with its fan."""
    economics, texts = of.view.protocol.economics, of.view.texts
    years = range((economics.horizon_years if economics else 0) + 1)
    names = ("flow", "cumulative", *(f"cumulative_{part}" for part in _FAN))
    found = {name: of.values([f"{name}.{year}" for year in years]) for name in names}
    lines = {name: tuple(values) for name, values in found.items() if values is not None}
    if len(lines) < len(names):
        return None
    payback = of.value("discounted_payback")
    chart = CashFlow(
        flows=lines["flow"],
        cumulative=lines["cumulative"],
        cumulative_low=lines["cumulative_low"],
        cumulative_high=lines["cumulative_high"],
        cumulative_q25=lines["cumulative_q25"],
        cumulative_q75=lines["cumulative_q75"],
        axis=of.money,
        year_label=texts("investment.year"),
        flow_label="",  # the figure's note names bars, line and fan
        cumulative_label="",
        payback=payback,
        payback_label=texts("investment.payback", years=of.text("discounted_payback"))
        if payback
        else "",
    )
    limits = interval(of.text("npv_low"), of.text("npv_high"), of.view.language)
    return Picture(
        title=texts("investment.board.cash"),
        chart=chart,
        words=texts(
            "investment.words.cash",
            npv=of.text("npv"),
            limits=limits,
            payback=of.text("discounted_payback"),
        ),
        records=[of.id(f"{name}.{year}") for name in names for year in years],
    )  # fmt: skip


def _tornado(of: _Site, *, brief: bool) -> Picture | None:
    """Return what each uncertain input alone does to the net present value."""
    texts, base = of.view.texts, of.value("npv")
    prefix = "tornado_low."
    names = [
        record.statistic.removeprefix(prefix)
        for record in of.view.results.where(
            endpoint=of.endpoint.id, analysis_set=of.endpoint.set, group=of.group
        )
        if record.statistic.startswith(prefix)
    ]
    if base is None or len(names) < _FEWEST:
        return None
    shown = names[:_WIDEST] if brief else names  # they are recorded widest first
    rows = tuple(
        TornadoRow(
            label=input_label(of.view, name, of.site),
            low=of.value(f"tornado_low.{name}"),
            high=of.value(f"tornado_high.{name}"),
            low_input=of.text(f"tornado_from.{name}"),
            high_input=of.text(f"tornado_to.{name}"),
        )
        for name in shown
    )
    words = [
        texts(
            "investment.words.tornado", input=row.label, low=row.low_input, high=row.high_input,
            npv_low=of.text(f"tornado_low.{name}"), npv_high=of.text(f"tornado_high.{name}"),
        )
        for name, row in zip(shown, rows, strict=True)
    ]  # fmt: skip
    title = texts("investment.board.tornado")
    if len(shown) < len(names):
        title = texts("investment.board.tornado.widest", shown=len(shown), inputs=len(names))
    parts = ("low", "high", "from", "to")
    return Picture(
        title=title,
        chart=Tornado(
            rows=rows,
            base=base,
            base_label=of.text("npv"),
            low_label=texts("investment.input.low"),
            high_label=texts("investment.input.high"),
            axis=texts("investment.axis.npv", currency=of.money),
        ),
        words=of.view.listed(words, parts=True),
        records=[of.id("npv"), *(of.id(f"tornado_{part}.{name}") for name in shown
                                 for part in parts)],
    )  # fmt: skip


def _by_price(of: _Site) -> Picture | None:
    """Return how probable a return is at each purchase price, the one that was entered marked."""
    view, texts = of.view, of.view.texts
    series = of.series("probability_by_price")
    asked = view.record("inputs", "", "purchase", of.group)
    if not series or of.value("probability_positive") is None or asked is None:
        return None
    price = printed_text(view.number(asked))
    chart = Acceptability(
        values=series["price"],
        curves=(AcceptabilityCurve(label="", probability=series["probability"]),),
        threshold=asked.value if isinstance(asked.value, int | float) else None,
        threshold_label=texts("investment.price.asked", price=price),
        count="",
        x_axis=texts("investment.axis.price", currency=of.money),
        y_axis=texts("investment.axis.probability"),
    )
    return Picture(
        title=texts("investment.board.price"),
        chart=chart,
        words=texts(
            "investment.words.price", probability=of.text("probability_positive"), price=price,
            even=of.text("break_even_price"),
        ),
        records=[of.id("probability_positive"), asked.id],
    )  # fmt: skip


def _profile(of: _Site) -> Picture | None:
    """Return the net present value by discount rate, with every rate at which it is 0."""
    texts, series = of.view.texts, of.series("npv_profile")
    rate = of.view.record("inputs", "", "discount_rate")
    if not series or of.value("npv") is None or rate is None:
        return None
    roots: list[RateRoot] = []
    while (root := of.value(f"irr_root.{len(roots) + 1}")) is not None:
        label = of.text(f"irr_root.{len(roots) + 1}")
        roots.append(RateRoot(rate=root, label=label))
    used = printed_text(of.view.number(rate))
    found = of.view.listed(root.label for root in roots) or texts("value.none")
    return Picture(
        title=texts("investment.board.profile"),
        chart=NpvProfile(
            rates=series["rate"],
            npv=series["npv"],
            roots=tuple(roots),
            rate=rate.value if isinstance(rate.value, int | float) else None,
            rate_label=texts("investment.rate.used", rate=used),
            x_axis=texts("investment.axis.rate"),
            y_axis=of.money,
        ),
        words=texts("investment.words.profile", npv=of.text("npv"), rate=used, roots=found),
        records=[of.id("npv"), rate.id, *(of.id(f"irr_root.{number}")
                                          for number in range(1, len(roots) + 1))],
    )  # fmt: skip

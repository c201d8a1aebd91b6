"""Charts of a return with realistic numbers, in English and Chinese."""

from __future__ import annotations

from sample_words import en_zh

from clinval.report import figures as f


def profile(language: str) -> f.NpvProfile:
    """Flows that change sign twice: two rates, and neither is the return."""
    t = language
    flows = (-590_000, 533_600, 533_600, -160_000, -160_000, -160_000)
    rates = tuple(step / 100 for step in range(51))
    return f.NpvProfile(
        rates=rates,
        npv=tuple(
            sum(flow / (1 + rate) ** year for year, flow in enumerate(flows)) for rate in rates
        ),
        roots=(f.RateRoot(rate=0.009560, label="1.0%"), f.RateRoot(rate=0.157233, label="15.7%")),
        rate=0.05,
        rate_label=en_zh(t, "rate used: 5.0%", "采用折现率：5.0%"),
        x_axis=en_zh(t, "Discount rate [%]", "折现率 [%]"),
        y_axis=en_zh(t, "Net present value (CNY)", "净现值（元）"),
    )


def price(language: str) -> f.Acceptability:
    """One curve needs no name: how probable a return is at each purchase price."""
    t = language
    prices = tuple(range(0, 400_001, 10_000))
    return f.Acceptability(
        values=prices,
        curves=(
            f.AcceptabilityCurve(
                label="",
                probability=tuple(1 / (1 + 2.718 ** ((at - 230_000) / 45_000)) for at in prices),
            ),
        ),
        threshold=120_000,
        threshold_label=en_zh(t, "entered: 120,000", "填写值：120,000"),
        count="",
        x_axis=en_zh(t, "Purchase price [EUR]", "购置价 [EUR]"),
        y_axis=en_zh(t, "P(value > 0) [%]", "P(净现值 > 0) [%]"),
    )

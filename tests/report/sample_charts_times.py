# ruff: noqa: S311 - sentences in two languages read best side by side; nothing is secret
"""Charts of times and lives with realistic numbers, in English and Chinese."""

from __future__ import annotations

import math
import random

from sample_words import en_zh

from clinval.report import figures as f


def survival(language: str, count: int = 60) -> f.Survival:
    draw = random.Random(4)
    curves = []
    for label, rate in (
        (en_zh(language, "DR-AI fast protocol", "DR-AI 快速方案"), 0.010),
        (en_zh(language, "Standard protocol", "常规方案"), 0.017),
    ):
        times = sorted(draw.uniform(0, 10) + draw.expovariate(rate) for _ in range(count))
        censored = tuple(int(draw.random() < 0.3) for _ in times)
        share, shares = 1.0, []
        for left, cut in zip(range(count, 0, -1), censored, strict=True):
            share *= 1.0 if cut else 1 - 1 / left
            shares.append(share)
        curves.append(
            f.SurvivalCurve(
                label=label,
                time=tuple(times),
                survival=tuple(shares),
                low=tuple(max(value - 0.1, 0.0) if value < 1 else None for value in shares),
                high=tuple(min(value + 0.1, 1.0) if value < 1 else None for value in shares),
                at_risk=tuple(range(count, 0, -1)),
                censored=censored,
            )
        )
    return f.Survival(
        curves=tuple(curves),
        x_axis=en_zh(language, "Time [days]", "时间 [天]"),
        y_axis=en_zh(language, "Without a repeated scan [%]", "未重复扫描 [%]"),
        at_risk_label=en_zh(language, "At risk", "风险集人数"),
    )


def weibull(language: str) -> f.WeibullPlot:
    """Tubes of two kinds, with the limits of the times at which 10% and 63% have failed."""
    t, draw = language, random.Random(7)
    fits = []
    for label, shape, scale, count in (
        (en_zh(t, "Under test", "受试部件"), 2.1, 1450.0, 14),
        (en_zh(t, "Reference", "对照部件"), 1.6, 980.0, 22),
    ):
        shares = [(index + 0.7) / (count * 1.6) for index in range(count)]
        times = [
            scale * (-math.log1p(-share)) ** (1 / shape) * math.exp(draw.gauss(0, 0.06))
            for share in shares
        ]
        at = {share: scale * (-math.log1p(-share)) ** (1 / shape) for share in (0.1, 0.632)}
        spread = 1.9 / math.sqrt(count)
        fits.append(
            f.WeibullFit(
                label=label,
                time=tuple(sorted(times)),
                failed=tuple(shares),
                shape=shape,
                scale=scale,
                limits=tuple(
                    (share, time * math.exp(-spread), time * math.exp(spread))
                    for share, time in at.items()
                ),
                said=en_zh(
                    t,
                    f": shape {shape:.2f} ({shape - 0.6:.2f} to {shape + 0.8:.2f})",
                    f"：形状参数 {shape:.2f}（{shape - 0.6:.2f}～{shape + 0.8:.2f}）",
                ),
            )
        )
    return f.WeibullPlot(
        fits=tuple(fits),
        x_axis=en_zh(t, "Time in service [days] (log scale)", "使用时间 [天]（对数刻度）"),
        y_axis=en_zh(t, "Failed [%] (Weibull scale)", "累计失效 [%]（威布尔刻度）"),
    )


def paired_times(language: str, count: int = 90) -> f.PairedTimes:
    t, draw = language, random.Random(3)
    reference = tuple(draw.gauss(26, 5) for _ in range(count))
    return f.PairedTimes(
        reference=reference,
        test=tuple(time * math.exp(draw.gauss(-0.33, 0.17)) for time in reference),
        x_axis=en_zh(t, "Room time, reference [min]", "占用时间，对照 [分钟]"),
        y_axis=en_zh(t, "Room time, test [min]", "占用时间，试验 [分钟]"),
        equal_label=en_zh(t, "equal times", "两次时间相等"),
        effect=(0.72, 0.0),
        effect_label=en_zh(t, "ratio of times 0.72", "时间之比 0.72"),
    )


def time_course(language: str) -> f.TimeCourse:
    """Rooms with the product beside rooms without it: a level before and after, and what was to be
    expected.
    """
    t, draw = language, random.Random(9)
    points = []
    for label, before, after in (
        (en_zh(t, "Rooms with the product", "使用产品的机房"), 30.0, 21.0),
        (en_zh(t, "Other rooms", "其他机房"), 28.0, 26.5),
    ):
        weeks = tuple(week + 0.5 for week in range(-10, 10))
        points.append(
            f.TimePoints(
                label=label,
                at=weeks,
                value=tuple(
                    (before if week < 0 else after) * math.exp(draw.gauss(0, 0.05))
                    for week in weeks
                ),
                n=tuple(draw.randint(8, 40) for _ in weeks),
            )
        )
    expected = en_zh(t, "expected without the product", "未使用产品时的预期")
    return f.TimeCourse(
        points=tuple(points),
        lines=(
            f.TimeLine(at=(-10, 0), value=(30.0, 30.0), of=0),
            f.TimeLine(at=(0, 10), value=(21.0, 21.0), of=0),
            f.TimeLine(at=(-10, 0), value=(28.0, 28.0), of=1),
            f.TimeLine(at=(0, 10), value=(26.5, 26.5), of=1),
            f.TimeLine(at=(0, 10), value=(28.4, 28.4), of=0, label=expected, expected=True),
        ),
        x_axis=en_zh(t, "Weeks from the start of the product", "距产品启用的周数"),
        y_axis=en_zh(t, "Room time [min]", "占用时间 [分钟]"),
        change=0.0,
        change_label=en_zh(t, "product in use", "产品启用"),
    )


def learning(language: str) -> f.TimeCourse:
    t, draw = language, random.Random(2)
    cases = tuple(2.0**step * 1.2 for step in range(8))
    return f.TimeCourse(
        points=(
            f.TimePoints(
                label=en_zh(t, "mean of examinations", "检查均值"),
                at=cases,
                value=tuple(
                    30 * 0.93 ** math.log2(n) * math.exp(draw.gauss(0, 0.03)) for n in cases
                ),
                n=tuple(round(n) for n in cases),
            ),
        ),
        lines=(
            f.TimeLine(
                at=cases,
                value=tuple(30 * n ** math.log2(0.93) for n in cases),
                of=0,
                label=en_zh(t, "each doubling: 0.93", "每翻一番：0.93"),
            ),
        ),
        x_axis=en_zh(t, "Number of the examination with the product", "使用产品的检查序号"),
        y_axis=en_zh(t, "Room time [min]", "占用时间 [分钟]"),
        log=True,
    )

# ruff: noqa: S311 - sentences in two languages read best side by side; nothing is secret
"""Charts with realistic numbers, in English and Chinese, for the tests and for looking at."""

from __future__ import annotations

import math
import random

from sample_charts_money import price, profile
from sample_charts_readers import (
    bland_altman,
    calibration,
    decision_curve,
    froc,
    matrix,
    read_by,
    roc,
)
from sample_charts_rows import equivalence, forest, intervals, ratio_forest, reader_pairs, subgroups
from sample_charts_study import boundaries, compact_flow, flow, funnel, graph, tipping
from sample_charts_times import learning, paired_times, survival, time_course, weibull
from sample_words import SITES, en_zh

from clinval.report import figures as f

__all__ = [
    "SITES",
    "acceptability",
    "bland_altman",
    "boundaries",
    "calibration",
    "cash",
    "compact_flow",
    "decision_curve",
    "effect_plane",
    "en_zh",
    "equivalence",
    "flow",
    "forest",
    "froc",
    "funnel",
    "graph",
    "intervals",
    "learning",
    "matrix",
    "paired",
    "paired_times",
    "price",
    "profile",
    "ratio_forest",
    "read_by",
    "reader_pairs",
    "roc",
    "subgroups",
    "survival",
    "time_course",
    "tipping",
    "tornado",
    "waterfall",
    "weibull",
]


def wilson(x: int, n: int) -> tuple[float, float]:
    z, p = 1.959964, x / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def paired(language: str, count: int = 6) -> f.PairedBars:
    draw = random.Random(3)
    bars = []
    for index in range(count):
        reference = draw.uniform(16, 24)
        test = reference * draw.uniform(0.5, 0.75)
        name = SITES[language][index % 12] + (f" {index + 1}" if count > 12 else "")
        bars.append(
            f.PairedBar(
                label=name,
                reference=reference,
                test=test,
                reference_text=f"{reference:.1f}",
                test_text=f"{test:.1f}",
            )
        )
    return f.PairedBars(
        bars=tuple(bars),
        axis=en_zh(language, "Room time (min, median)", "机房占用时间（分钟，中位数）"),
        reference_label=en_zh(language, "Standard protocol", "常规方案"),
        test_label=en_zh(language, "DR-AI fast protocol", "DR-AI 快速方案"),
    )


def cash(language: str, flows: tuple[float, ...] | None = None) -> f.CashFlow:
    flows = flows or (-420000, 96000, 148000, 161000, 158000, 155000, 120000, 118000)
    total, cumulative = 0.0, []
    for year, flow_ in enumerate(flows):
        total += flow_ / 1.03**year
        cumulative.append(total)
    t = language
    crossing = next((y for y, value in enumerate(cumulative) if value > 0), None)
    payback = None
    if crossing:
        before, after = cumulative[crossing - 1], cumulative[crossing]
        payback = crossing - 1 + before / (before - after)
    return f.CashFlow(
        flows=flows,
        cumulative=tuple(cumulative),
        cumulative_low=tuple(v - 32000 * y for y, v in enumerate(cumulative)),
        cumulative_high=tuple(v + 41000 * y for y, v in enumerate(cumulative)),
        cumulative_q25=tuple(v - 11000 * y for y, v in enumerate(cumulative)),
        cumulative_q75=tuple(v + 14000 * y for y, v in enumerate(cumulative)),
        axis=en_zh(t, "EUR, prices of 2026", "人民币元（2026年价格）"),
        year_label=en_zh(t, "Year after installation", "安装后年份"),
        flow_label=en_zh(t, "Yearly cash flow", "年度现金流"),
        cumulative_label=en_zh(
            t, "Cumulative, discounted at 3%, with 95% range", "累计值（折现率3%）及95%区间"
        ),
        payback=payback,
        payback_label=en_zh(t, f"payback {payback:.1f} years", f"回收期 {payback:.1f} 年")
        if payback
        else "",
    )


def tornado(language: str) -> f.Tornado:
    t = language
    rows = (
        (en_zh(t, "Price of the software", "软件价格"), 212, 78, "90,000", "240,000"),
        (en_zh(t, "Examinations a day", "每日检查例数"), 61, 268, "22", "38"),
        (en_zh(t, "Discount rate", "折现率"), 160, 133, "1%", "5%"),
        (en_zh(t, "Minutes saved per examination", "每例节省时间（分钟）"), 20, 248, "3.1", "7.9"),
        (en_zh(t, "Yearly maintenance", "年度维护费"), 171, 119, "8,000", "20,000"),
        (en_zh(t, "Share of days fully booked", "满负荷日占比"), 149, 171, "60%", "95%"),
    )
    return f.Tornado(
        rows=tuple(
            f.TornadoRow(label=label, low=low, high=high, low_input=a, high_input=b)
            for label, low, high, a, b in rows
        ),
        base=146,
        base_label=en_zh(t, "base case 146", "基准情形 146"),
        low_label=en_zh(t, "lower value of the input", "参数取低值"),
        high_label=en_zh(t, "higher value of the input", "参数取高值"),
        axis=en_zh(
            t, "Net present value (thousand EUR, prices of 2026)", "净现值（千元，2026年价格）"
        ),
    )


def waterfall(language: str) -> f.Waterfall:
    t = language
    steps = (
        (en_zh(t, "Yearly margin today", "现年度结余"), 402, True),
        (en_zh(t, "Additional examinations", "新增检查收入"), 188, False),
        (en_zh(t, "Fewer repeated scans", "减少重复扫描"), 37, False),
        (en_zh(t, "Consumables", "耗材"), -41, False),
        (en_zh(t, "Licence and maintenance of the software", "软件许可与维护费"), -64, False),
        (en_zh(t, "Training", "培训"), -12, False),
        (en_zh(t, "Yearly margin with DR-AI", "采用 DR-AI 后年度结余"), 510, True),
    )
    return f.Waterfall(
        steps=tuple(
            f.WaterfallStep(
                label=label,
                value=value,
                text=str(value) if total else f"{value:+}".replace("-", "−"),
                total=total,
            )
            for label, value, total in steps
        ),
        axis=en_zh(t, "Thousand EUR a year, prices of 2026", "千元/年（2026年价格）"),
    )


def acceptability(language: str) -> f.Acceptability:
    t = language
    values = tuple(range(0, 60001, 1500))
    shares = [1 / (1 + math.exp(-(value - 17000) / 6500)) for value in values]
    third = [0.3 * math.exp(-((value / 26000) ** 2)) for value in values]
    named = (
        (en_zh(t, "DR-AI fast protocol", "DR-AI 快速方案"), [s * 0.97 for s in shares]),
        (
            en_zh(t, "Standard protocol", "常规方案"),
            [1 - s * 0.97 - o * (1 - s) for s, o in zip(shares, third, strict=True)],
        ),
        (
            en_zh(t, "No second reading", "无二次阅片"),
            [o * (1 - s) for s, o in zip(shares, third, strict=True)],
        ),
    )
    return f.Acceptability(
        values=values,
        curves=tuple(
            f.AcceptabilityCurve(label=label, probability=tuple(share)) for label, share in named
        ),
        threshold=30000,
        threshold_label=en_zh(t, "threshold 30,000", "阈值 30,000"),
        count=en_zh(t, "10,000 draws", "10,000 次抽样"),
        x_axis=en_zh(
            t, "Worth of a QALY (EUR, prices of 2026)", "每QALY支付意愿（元，2026年价格）"
        ),
        y_axis=en_zh(t, "Probability of being worth most [%]", "最优概率 [%]"),
    )


def effect_plane(language: str) -> f.EffectPlane:
    t, draw = language, random.Random(5)
    gain = tuple(draw.gauss(0.012, 0.008) for _ in range(400))
    cost = tuple(draw.gauss(180, 120) + 4000 * g for g in gain)
    return f.EffectPlane(
        gain=gain,
        cost=cost,
        point=(0.012, 228),
        point_label=en_zh(t, "at the data", "研究结果"),
        thresholds=((30000, "30,000"), (15000, "15,000")),
        quadrants=(
            en_zh(t, "dearer and worse 5.1%", "费用更高、效果更差 5.1%"),
            en_zh(t, "dearer and better 90.0%", "费用更高、效果更好 90.0%"),
            en_zh(t, "cheaper and worse 1.8%", "费用更低、效果更差 1.8%"),
            en_zh(t, "cheaper and better 3.1%", "费用更低、效果更好 3.1%"),
        ),
        x_axis=en_zh(t, "QALYs gained", "获得的 QALY"),
        y_axis=en_zh(t, "Added cost (EUR, prices of 2026)", "增加的费用（元，2026年价格）"),
    )

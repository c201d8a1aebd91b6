# ruff: noqa: S311 - sentences in two languages read best side by side; nothing is secret
"""Charts of rows with realistic numbers, in English and Chinese."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from sample_words import SITES, en_zh

from clinval.report import figures as f


def forest(language: str, count: int = 12) -> f.Forest:
    """Sensitivity differences by site, with an undefined, an empty and a tiny site."""
    draw = random.Random(11)
    names = SITES[language]
    rows = []
    for index in range(count):
        name = names[index % len(names)]
        if index >= len(names):
            name = en_zh(language, f"Site {index + 1:02d}, ", f"第{index + 1:02d}中心，") + name
        n = draw.choice((8, 24, 40, 61, 95, 138, 210))
        diff = draw.gauss(-0.004, 0.018)
        half = 1.96 * 0.19 / math.sqrt(n)
        result = f"{_percent(diff)} ({_percent(diff - half)} to {_percent(diff + half)})"
        if language == "zh":
            result = f"{_percent(diff)}（{_percent(diff - half)}～{_percent(diff + half)}）"
        row = f.ForestRow(
            label=name, n=str(n), estimate=diff, low=diff - half, high=diff + half, result=result
        )
        if index == 4:
            words = en_zh(language, "undefined: no positive cases", "无法计算：无阳性病例")
            row = f.ForestRow(label=name, n="0", estimate=None, low=None, high=None, result=words)
        if index == 7 and count > 8:
            row = f.ForestRow(
                label=name,
                n="3",
                estimate=0.0,
                low=-0.62,
                high=0.58,
                result=en_zh(language, "0.0 (−62.0 to 58.0)", "0.0（−62.0～58.0）"),
            )
        rows.append(row)
    rows.append(
        f.ForestRow(
            label=en_zh(language, "Pooled, random effects", "合并（随机效应）"),
            n=f"{sum(int(row.n) for row in rows):,}",
            estimate=-0.006,
            low=-0.021,
            high=0.009,
            result=en_zh(language, "−0.6 (−2.1 to 0.9)", "−0.6（−2.1～0.9）"),
            summary=True,
        )
    )
    return f.Forest(
        rows=tuple(rows),
        axis=en_zh(
            language,
            "Difference in sensitivity, DR-AI minus reference (percentage points)",
            "灵敏度之差，DR-AI 减对照（百分点）",
        ),
        label_header=en_zh(language, "Site", "中心"),
        n_header=en_zh(language, "n", "例数"),
        result_header=en_zh(language, "Difference (95% CI)", "差值（95% CI）"),
        null=0.0,
        margin=-0.05,
        margin_label=en_zh(language, "margin −5", "非劣效界值 −5"),
        left=en_zh(language, "favours reference", "有利于对照"),
        right=en_zh(language, "favours DR-AI", "有利于 DR-AI"),
        prediction=(-0.034, 0.022),
        prediction_label=en_zh(language, "95% prediction interval", "95% 预测区间"),
        factor=100,
    )


def _percent(value: float) -> str:
    return f"{100 * value:.1f}".replace("-", "−")


def ratio_forest(language: str) -> f.Forest:
    rows = tuple(
        f.ForestRow(label=SITES[language][i], n=str(n), estimate=e, low=lo, high=hi, result=r)
        for i, (n, e, lo, hi, r) in enumerate(
            [
                (120, 0.62, 0.51, 0.75, "0.62 (0.51 to 0.75)"),
                (88, 0.55, 0.43, 0.70, "0.55 (0.43 to 0.70)"),
                (40, 0.81, 0.52, 1.26, "0.81 (0.52 to 1.26)"),
                (6, 0.40, None, 2.9, "0.40 (– to 2.90)"),
                (19, 1.31, 0.61, math.inf, "1.31 (0.61 to ∞)"),
            ]
        )
    )
    pooled = f.ForestRow(
        label=en_zh(language, "Pooled", "合并"),
        n="273",
        estimate=0.61,
        low=0.52,
        high=0.71,
        result="0.61 (0.52 to 0.71)",
        summary=True,
    )
    return f.Forest(
        rows=(*rows, pooled),
        axis=en_zh(language, "Ratio of room times (log scale)", "占用时间之比（对数刻度）"),
        label_header=en_zh(language, "Site", "中心"),
        n_header="n",
        result_header=en_zh(language, "Ratio (95% CI)", "比值（95% CI）"),
        null=1.0,
        margin=0.8,
        margin_label=en_zh(language, "claim 0.80", "声称值 0.80"),
        left=en_zh(language, "shorter with DR-AI", "DR-AI 更短"),
        right=en_zh(language, "longer with DR-AI", "DR-AI 更长"),
        scale="log",
    )


def intervals(language: str) -> f.Intervals:
    t = language
    rows = (
        f.IntervalRow(
            label=en_zh(t, "Sensitivity (primary)", "灵敏度（主要终点）"),
            estimate=-0.006,
            low=-0.021,
            high=0.009,
            result=en_zh(t, "−0.6 (−2.1 to 0.9)", "−0.6（−2.1～0.9）"),
            verdict=en_zh(t, "Non-inferior", "非劣效成立"),
            tone="good",
        ),
        f.IntervalRow(
            label=en_zh(t, "Specificity (primary)", "特异度（主要终点）"),
            estimate=-0.031,
            low=-0.058,
            high=-0.004,
            result=en_zh(t, "−3.1 (−5.8 to −0.4)", "−3.1（−5.8～−0.4）"),
            verdict=en_zh(t, "Not shown", "未证实非劣效"),
            tone="bad",
        ),
        f.IntervalRow(
            label=en_zh(t, "Localisation of nodules under 6 mm", "6 mm 以下结节定位"),
            estimate=0.012,
            low=-0.049,
            high=0.073,
            result=en_zh(t, "1.2 (−4.9 to 7.3)", "1.2（−4.9～7.3）"),
            verdict=en_zh(t, "Non-inferior, wide interval", "非劣效成立，区间较宽"),
            tone="neutral",
        ),
        f.IntervalRow(
            label=en_zh(t, "Repeat examinations", "重复检查率"),
            estimate=None,
            low=None,
            high=None,
            result=en_zh(t, "0 of 40 in both arms", "两组均为 0/40"),
            verdict=en_zh(t, "Undefined", "无法计算"),
            tone="neutral",
        ),
    )
    return f.Intervals(
        rows=rows,
        axis=en_zh(
            t,
            "Difference, DR-AI minus reference (percentage points)",
            "差值，DR-AI 减对照（百分点）",
        ),
        margin=-0.05,
        margin_label=en_zh(t, "non-inferiority margin −5", "非劣效界值 −5"),
        shade="left",
        null=0.0,
        null_label=en_zh(t, "no difference", "无差异"),
        factor=100,
    )


def equivalence(language: str) -> f.Intervals:
    t = language
    return f.Intervals(
        rows=(
            f.IntervalRow(
                label="CTDIvol",
                estimate=1.01,
                low=0.94,
                high=1.09,
                result="1.01 (0.94 to 1.09)",
                verdict=en_zh(t, "Equivalent", "等效"),
                tone="good",
            ),
            f.IntervalRow(
                label="DLP",
                estimate=1.17,
                low=1.02,
                high=1.34,
                result="1.17 (1.02 to 1.34)",
                verdict=en_zh(t, "Not shown", "未证实"),
                tone="bad",
            ),
        ),
        axis=en_zh(t, "Geometric mean ratio", "几何均值比"),
        margin=0.8,
        upper_margin=1.25,
        margin_label=en_zh(t, "equivalence 0.80 to 1.25", "等效界值 0.80～1.25"),
        shade="both",
        null=1.0,
        null_label="",
        scale="log",
    )


def subgroups(language: str) -> f.Forest:
    t = language
    rows = (
        f.ForestRow(
            label=en_zh(t, "Sex", "性别"), n="", estimate=None, low=None, high=None,
            result=en_zh(t, "interaction p 0.81", "交互作用 p 0.81"), heading=True,
        ),
        f.ForestRow(
            label=en_zh(t, "Women", "女"), n="612", estimate=-0.004, low=-0.021, high=0.013,
            result="−0.4 (−2.1 to 1.3)", indent=1,
        ),
        f.ForestRow(
            label=en_zh(t, "Men", "男"), n="565", estimate=-0.008, low=-0.026, high=0.01,
            result="−0.8 (−2.6 to 1.0)", indent=1,
        ),
        f.ForestRow(
            label=en_zh(t, "Scanner of the third vendor", "第三家厂商的设备"), n="", estimate=None,
            low=None, high=None, result="", heading=True,
        ),
        f.ForestRow(
            label=en_zh(t, "yes", "是"), n="7", estimate=None, low=None, high=None,
            result=en_zh(t, "no estimate", "无估计值"), indent=1,
        ),
    )  # fmt: skip
    return replace(
        forest(language), rows=(*rows, forest(language).rows[-1]), prediction=(-0.03, 0.02),
        prediction_result="(−3.0 to 2.0)",
    )  # fmt: skip


def reader_pairs(language: str, count: int = 12) -> f.PairedDots:
    """AUC of each reader without and with the product; one of them has read one modality only."""
    t, draw = language, random.Random(21)
    rows = []
    for index in range(count):
        before, gain = min(draw.gauss(0.84, 0.035), 0.93), draw.gauss(0.03, 0.02)
        half = draw.uniform(0.03, 0.09) if index != 3 else 0.4
        low, high = gain - half, gain + half
        rows.append(
            f.PairedDotsRow(
                label=f"R{index + 1:02d}", reference=before, test=before + gain, estimate=gain,
                low=low, high=high,
                result=f"{gain:.3f} ({low:.3f}{en_zh(t, ' to ', '～')}{high:.3f})",
            )
        )  # fmt: skip
    if count > 5:
        none = en_zh(t, "no reads of one arm", "缺少一个组的阅片")
        rows[5] = replace(rows[5], test=None, estimate=None, low=None, high=None, result=none)
    result = f"0.031 (0.008{en_zh(t, ' to ', '～')}0.054)"
    rows.append(
        f.PairedDotsRow(
            label=en_zh(t, "All readers", "全部阅片者"), reference=0.842, test=0.873,
            estimate=0.031, low=0.008, high=0.054, result=result, summary=True,
        )
    )  # fmt: skip
    return f.PairedDots(
        rows=tuple(rows),
        axis=en_zh(t, "Area under the ROC curve", "ROC 曲线下面积"),
        difference_axis=en_zh(t, "Difference, with − without", "差值（使用 − 不使用）"),
        label_header=en_zh(t, "Reader", "阅片者"),
        result_header=en_zh(t, "Difference (95% CI)", "差值（95% CI）"),
        reference_label=en_zh(t, "without the product", "不使用产品"),
        test_label=en_zh(t, "with the product", "使用产品"),
        null=0.0,
        margin=-0.05,
        margin_label=en_zh(t, "margin −0.05", "界值 −0.05"),
    )

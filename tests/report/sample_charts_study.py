# ruff: noqa: S311 - sentences in two languages read best side by side; nothing is secret
"""Charts of how a study is run with realistic numbers, in English and Chinese."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from sample_words import SITES, en_zh

from clinval.report import figures as f


def flow(language: str) -> f.Flow:
    t = language
    return f.Flow(
        excluded_title=en_zh(t, "Excluded", "剔除"),
        steps=(
            f.FlowStep(
                label=en_zh(t, "Patients referred for CT of the chest", "拟行胸部 CT 检查的患者"),
                n=1388,
            ),
            f.FlowStep(
                label=en_zh(t, "Enrolled with written consent", "签署知情同意并入组"),
                n=1204,
                excluded=(
                    f.FlowExclusion(reason=en_zh(t, "No consent", "未签署知情同意"), n=121),
                    f.FlowExclusion(reason=en_zh(t, "Under 18 years", "年龄小于18岁"), n=9),
                    f.FlowExclusion(
                        reason=en_zh(
                            t,
                            "Contrast medium given in the week before the examination",
                            "检查前一周内使用过对比剂",
                        ),
                        n=54,
                    ),
                ),
            ),
            f.FlowStep(
                label=en_zh(t, "Examined with both systems", "完成两种设备检查"),
                n=1177,
                excluded=(
                    f.FlowExclusion(reason=en_zh(t, "Withdrew", "撤回同意"), n=18),
                    f.FlowExclusion(reason=en_zh(t, "Scanner not available", "设备不可用"), n=9),
                ),
            ),
            f.FlowStep(label=en_zh(t, "Full analysis set", "全分析集"), n=1177),
            f.FlowStep(
                label=en_zh(t, "Per-protocol set", "符合方案集"),
                n=1131,
                excluded=(
                    f.FlowExclusion(
                        reason=en_zh(t, "Unevaluable image, either system", "任一设备图像不可评价"),
                        n=31,
                    ),
                    f.FlowExclusion(
                        reason=en_zh(t, "Reference standard missing", "缺少参考标准"), n=15
                    ),
                ),
            ),
        ),
    )


def compact_flow(language: str) -> f.Flow:
    return replace(flow(language), compact=True)


def tipping(language: str, test: int = 12, reference: int = 8) -> f.TippingMap:
    t = language
    return f.TippingMap(
        reference=tuple(float(value) for value in range(reference + 1)),
        test=tuple(float(value) for value in range(test + 1)),
        shown=tuple(
            tuple(up - across * 1.2 >= 1 for across in range(reference + 1))
            for up in range(test + 1)
        ),
        x_axis=en_zh(
            t, "Successes among those missing, standard protocol", "常规方案：缺失者中的成功例数"
        ),
        y_axis=en_zh(t, "Successes among those missing, DR-AI", "DR-AI：缺失者中的成功例数"),
        shown_label=en_zh(t, "met", "成立"),
        not_shown_label=en_zh(t, "not met", "不成立"),
        boundary_label=en_zh(t, "margin", "界值"),
        point=(reference * 0.93, test * 0.91),
        point_label=en_zh(t, "at the rates observed", "按观察到的率"),
    )


def graph(language: str) -> f.Graph:
    t = language
    words = {"good": en_zh(t, "shown", "成立"), "bad": en_zh(t, "not shown", "不成立"),
             "neutral": en_zh(t, "not tested", "未检验")}  # fmt: skip
    names = (
        (en_zh(t, "Sensitivity", "灵敏度"), "0.5", "good"),
        (en_zh(t, "Specificity", "特异度"), "0.5", "bad"),
        (en_zh(t, "Room time of an examination", "每例机房占用时间"), "0", "good"),
        (en_zh(t, "Dose", "剂量"), "0", "neutral"),
    )
    arrows = ((0, 1, "0.5"), (0, 2, "0.5"), (1, 0, "0.5"), (1, 3, "0.5"), (2, 1, "1"), (3, 0, "1"))
    return f.Graph(
        nodes=tuple(
            f.GraphNode(
                label=f"P{number}",
                name=name,
                weight=en_zh(t, f"weight {weight}", f"权重 {weight}"),
                result=words[tone],
                tone=tone,
            )
            for number, (name, weight, tone) in enumerate(names, start=1)
        ),
        edges=tuple(f.GraphEdge(start=a, end=b, weight=w) for a, b, w in arrows),
    )  # fmt: skip


def boundaries(language: str) -> f.Boundaries:
    t = language
    critical = (3.7103, 2.5114, 1.993)
    return f.Boundaries(
        looks=tuple(
            f.BoundaryLook(
                label=str(number + 1), information=(number + 1) / 3, critical=value,
                text=f"{value:.3f}", current=number == 1,
            )
            for number, value in enumerate(critical)
        ),
        x_axis=en_zh(t, "Information [%]", "信息量 [%]"),
        y_axis=en_zh(t, "Critical value (z)", "临界值（z）"),
        shown_label=en_zh(t, "shown", "成立"),
        continue_label=en_zh(t, "not shown at this look", "本次分析不成立"),
        current_label=en_zh(t, "these data", "本次数据"),
    )  # fmt: skip


def funnel(language: str, count: int = 24, *, named: bool = False) -> f.Funnel:
    """Sites' shares of diagnostic examinations with the limits of a normal approximation."""
    draw = random.Random(8)
    t, center = language, 0.912
    sites = []
    for index in range(count):
        n = draw.choice((12, 18, 31, 44, 60, 78, 95, 140, 210, 260))
        value = sum(draw.random() < (0.80 if index == 3 else center) for _ in range(n)) / n
        name = SITES[language][index % 12] + (f" {index + 1}" if count > 12 else "")
        sites.append(f.FunnelSite(size=n, value=value, label=name, own=index == 5))
    grid = tuple(range(2, 320, 2))
    return f.Funnel(
        sites=tuple(sites),
        limits=tuple(
            f.FunnelLimit(
                label=label,
                size=grid,
                low=tuple(center - z * math.sqrt(center * (1 - center) / n) for n in grid),
                high=tuple(center + z * math.sqrt(center * (1 - center) / n) for n in grid),
            )
            for label, z in (
                (en_zh(t, "95% limits", "95% 界限"), 1.96),
                (en_zh(t, "99.8% limits", "99.8% 界限"), 3.09),
            )
        ),
        center=center,
        center_label=en_zh(t, "all sites 91.2", "全部中心 91.2"),
        count=en_zh(
            t,
            f"{count} sites, n = {sum(int(site.size) for site in sites):,}",
            f"{count} 家中心，n = {sum(int(site.size) for site in sites):,}",
        ),
        x_axis=en_zh(t, "Examinations of the site (n)", "中心检查例数（n）"),
        y_axis=en_zh(t, "Diagnostic quality [%]", "达到诊断质量 [%]"),
        named=named,
        within=(0.0, 1.0),
        factor=100,
    )

# ruff: noqa: S311 - sentences in two languages read best side by side; nothing is secret
"""Charts with realistic numbers, in English and Chinese, for the tests and for looking at."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from statistics import NormalDist

from clinval.report import figures as f

SITES = {
    "en": (
        "Charité – Universitätsmedizin Berlin",
        "Mayo Clinic, Rochester",
        "Kraków University Hospital",
        "Bệnh viện Chợ Rẫy, Ho Chi Minh City",
        "Hacettepe Üniversitesi, Ankara",
        "Peking Union Medical College Hospital",
        "West China Hospital, Sichuan University",
        "Addenbrooke’s Hospital, Cambridge",
        "Hospital Clínic de Barcelona",
        "Fakultní nemocnice v Motole, Praha",
        "AKH Wien",
        "Toranomon Hospital, Tokyo",
    ),
    "zh": (
        "北京协和医院",
        "四川大学华西医院",
        "复旦大学附属中山医院",
        "浙江大学医学院附属第一医院",
        "中山大学附属第一医院",
        "上海交通大学医学院附属瑞金医院",
        "华中科技大学同济医学院附属同济医院",
        "Charité – Universitätsmedizin Berlin",
        "山东大学齐鲁医院",
        "南京鼓楼医院",
        "西安交通大学第一附属医院",
        "中国医科大学附属盛京医院",
    ),
}


def en_zh(language: str, english: str, chinese: str) -> str:
    return chinese if language == "zh" else english


def wilson(x: int, n: int) -> tuple[float, float]:
    z, p = 1.959964, x / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


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


def bland_altman(language: str, n: int = 140) -> f.BlandAltman:
    draw = random.Random(5)
    mean = [draw.uniform(4, 31) for _ in range(n)]
    difference = [draw.gauss(0.31, 0.9) for _ in mean]
    t = language
    return f.BlandAltman(
        mean=tuple(mean),
        difference=tuple(difference),
        bias=(0.31, 0.16, 0.46),
        lower=(-1.45, -1.71, -1.19),
        upper=(2.07, 1.81, 2.33),
        x_axis=en_zh(t, "Mean of both readers (mm)", "两名阅片者测量均值（mm）"),
        y_axis=en_zh(t, "Reader A minus reader B (mm)", "阅片者A减阅片者B（mm）"),
        bias_label=en_zh(t, "Bias 0.31 (0.16 to 0.46)", "偏倚 0.31（0.16～0.46）"),
        lower_label=en_zh(t, "Lower limit −1.45 (−1.71 to −1.19)", "下限 −1.45（−1.71～−1.19）"),
        upper_label=en_zh(t, "Upper limit 2.07 (1.81 to 2.33)", "上限 2.07（1.81～2.33）"),
    )


def matrix(language: str) -> f.AgreementMatrix:
    names = {
        "en": ("1 non-diagnostic", "2 poor", "3 adequate", "4 good", "5 excellent"),
        "zh": ("1 无法诊断", "2 差", "3 尚可", "4 良好", "5 优秀"),
    }[language]
    return f.AgreementMatrix(
        categories=names,
        counts=(
            (3, 1, 0, 0, 0),
            (2, 14, 6, 0, 0),
            (0, 5, 88, 21, 1),
            (0, 0, 17, 312, 44),
            (0, 0, 2, 39, 576),
        ),
        row_title=en_zh(language, "Reader A", "阅片者A"),
        column_title=en_zh(language, "Reader B", "阅片者B"),
    )


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


def _roc(separation: float, steps: int = 40) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A binormal curve of equal variances."""
    normal = NormalDist()
    cuts = [normal.inv_cdf((index + 0.5) / steps) for index in range(steps)][::-1]
    false = tuple(1 - normal.cdf(cut) for cut in cuts)
    return false, tuple(1 - normal.cdf(cut - separation) for cut in cuts)


def roc(language: str, readers: int = 6) -> f.Roc:
    t, draw = language, random.Random(9)
    curves = []
    for label, separation, area, at in (
        (en_zh(t, "DR-AI fast protocol", "DR-AI 快速方案"), 1.9, "0.910", 24),
        (en_zh(t, "Standard protocol", "常规方案"), 1.55, "0.864", 18),
    ):
        false, true = _roc(separation)
        x, y = false[at // 2], true[at // 2]
        words = f"{100 * y:.1f}", f"{100 * (1 - x):.1f}"
        curves.append(
            f.RocCurve(
                false_positive=false,
                true_positive=true,
                label=label,
                area=en_zh(
                    t, f"AUC {area} (n = 412, 6 readers)", f"AUC {area}（n = 412，6名阅片者）"
                ),
                point=f.RocPoint(
                    false_positive=x,
                    true_positive=y,
                    false_positive_limits=(max(x - 0.05, 0), x + 0.06),
                    true_positive_limits=(y - 0.06, min(y + 0.05, 1)),
                    label=en_zh(
                        t,
                        f"sensitivity {words[0]}%, specificity {words[1]}%",
                        f"灵敏度 {words[0]}%，特异度 {words[1]}%",
                    ),
                ),
            )
        )
    single = [_roc(draw.gauss(1.7, 0.25)) for _ in range(readers)]
    return f.Roc(
        curves=tuple(curves),
        readers=tuple(f.RocCurve(false_positive=a, true_positive=b) for a, b in single),
        readers_label=en_zh(t, "single readers", "单个阅片者"),
        chance_label=en_zh(t, "chance", "随机水平"),
        x_axis=en_zh(t, "1 − specificity [%]", "1 − 特异度 [%]"),
        y_axis=en_zh(t, "Sensitivity [%]", "灵敏度 [%]"),
    )


def read_by(language: str) -> f.Roc:
    """Two curves with those of their readers, each with an operating point."""
    draw = random.Random(4)
    readers = []
    for of, separation in enumerate((1.9, 1.55)):
        for _ in range(8):
            false, true = _roc(draw.gauss(separation, 0.25))
            point = f.RocPoint(
                false_positive=false[9], true_positive=true[9],
                false_positive_limits=(None, None), true_positive_limits=(None, None), label="",
            )  # fmt: skip
            readers.append(f.RocCurve(false_positive=false, true_positive=true, point=point, of=of))
    chart = roc(language)
    return replace(chart, readers=tuple(readers))


def froc(language: str) -> f.Roc:
    """Two curves of marks, up to the false marks a case, with those of their readers."""
    t, draw = language, random.Random(7)

    def curve(found: float, most: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
        steps = [index / 12 for index in range(13)]
        return tuple(most * s**2 for s in steps), tuple(found * s for s in steps)

    named = [(en_zh(t, "With the product", "使用产品"), 0.82, 0.7),
             (en_zh(t, "Without the product", "不使用产品"), 0.66, 0.9)]  # fmt: skip
    curves, readers = [], []
    for of, (label, found, most) in enumerate(named):
        false, true = curve(found, most)
        area = en_zh(t, f"weighted AFROC {found:.2f}", f"加权 AFROC {found:.2f}")
        curves.append(f.RocCurve(false_positive=false, true_positive=true, label=label, area=area))
        for _ in range(5):
            own = curve(
                draw.uniform(found - 0.1, found + 0.1), draw.uniform(most - 0.3, most + 0.3)
            )
            readers.append(f.RocCurve(false_positive=own[0], true_positive=own[1], of=of))
    return f.Roc(
        curves=tuple(curves),
        readers=tuple(readers),
        readers_label=en_zh(t, "single readers", "单个阅片者"),
        chance_label="",
        x_axis=en_zh(t, "False marks a case", "每例假阳性标记数"),
        y_axis=en_zh(t, "Lesions found [%]", "检出病灶 [%]"),
        end=1.25,
    )


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


def calibration(language: str) -> f.Calibration:
    t, draw = language, random.Random(4)
    groups = []
    for index in range(10):
        predicted = (index + 0.5) / 10
        observed = min(max(predicted**1.2 + draw.gauss(0, 0.03), 0), 1)
        groups.append(
            f.CalibrationGroup(
                predicted=predicted,
                observed=observed,
                low=max(observed - 0.09, 0),
                high=min(observed + 0.09, 1),
                n=41,
            )
        )
    return f.Calibration(
        groups=tuple(groups),
        x_axis=en_zh(t, "Predicted probability [%]", "预测概率 [%]"),
        y_axis=en_zh(t, "Observed share [%]", "观察比例 [%]"),
        ideal_label=en_zh(t, "ideal", "理想校准"),
        groups_label=en_zh(t, "groups of 41 subjects, 95% CI", "每组 41 例，95% 置信区间"),
        said=(
            en_zh(t, "Calibration slope: 1.07", "校准斜率：1.07"),
            en_zh(t, "Brier score: 0.141", "Brier 评分：0.141"),
        ),
    )


def decision_curve(language: str) -> f.DecisionCurve:
    t, ill = language, 0.3
    thresholds = tuple(index / 100 for index in range(1, 100))
    odds = [threshold / (1 - threshold) for threshold in thresholds]
    product = [
        ill * (1 - x**2.2) - (1 - ill) * 0.4 * (1 - x) ** 3 * o
        for x, o in zip(thresholds, odds, strict=True)
    ]
    return f.DecisionCurve(
        thresholds=thresholds,
        lines=(
            f.DecisionLine(label=en_zh(t, "DR-AI", "DR-AI"), benefit=tuple(product)),
            f.DecisionLine(
                label=en_zh(t, "act on everybody", "全部处理"),
                benefit=tuple(ill - (1 - ill) * o for o in odds),
            ),
            f.DecisionLine(
                label=en_zh(t, "act on nobody", "全不处理"), benefit=(0.0,) * len(thresholds)
            ),
        ),
        x_axis=en_zh(t, "Threshold probability [%]", "阈概率 [%]"),
        y_axis=en_zh(t, "Net benefit", "净获益"),
    )

# ruff: noqa: S311 - sentences in two languages read best side by side; nothing is secret
"""Charts of readers, agreement and accuracy with realistic numbers, in English and Chinese."""

from __future__ import annotations

import random
from dataclasses import replace
from statistics import NormalDist

from sample_words import en_zh

from clinval.report import figures as f


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

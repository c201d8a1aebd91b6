# ruff: noqa: E402, E501 - runs as a script too; two languages read best side by side
"""A rich document in both languages: ``python tests/report/sample_report.py FOLDER`` writes it.

It is made of every block and every chart, with realistic words, and is what the tests read.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import sample_charts as c
from sample_blocks import (
    baseline_table,
    cover,
    figure,
    heading,
    record_table,
    site_table,
    summary,
)
from sample_charts import en_zh

from clinval.report import blocks as b


def document(t: str) -> b.Document:
    """Return the sample in a language."""
    blocks: tuple[b.Block, ...] = (
        cover(t),
        b.Contents(title=en_zh(t, "Contents", "目录")),
        b.PageBreak(),
        *summary(t),
        heading(1, en_zh(t, "2 Subjects", "二、受试者"), "subjects"),
        heading(2, en_zh(t, "2.1 Flow", "（一）受试者流程"), "flow"),
        figure(
            en_zh(t, "Flow of subjects from referral to analysis", "受试者流程图"),
            c.flow(t),
            (
                en_zh(
                    t,
                    "Every exclusion is counted once, at the first reason that applies.",
                    "每例剔除仅按首个适用原因计数一次。",
                ),
            ),
        ),
        heading(2, en_zh(t, "2.2 Baseline", "（二）基线特征"), "baseline"),
        b.Paragraph(
            text=en_zh(
                t,
                "Subjects with and without nodules differed in age, as expected from the disease.",
                "有结节与无结节受试者的年龄存在差异，与疾病特点一致。",
            )
        ),
        baseline_table(t),
        heading(1, en_zh(t, "3 Diagnostic performance", "三、诊断效能"), "performance"),
        heading(2, en_zh(t, "3.1 Primary endpoints", "（一）主要终点"), "primary"),
        figure(
            en_zh(
                t, "Confidence intervals against the non-inferiority margin", "置信区间与非劣效界值"
            ),
            c.intervals(t),
            (
                en_zh(
                    t,
                    "Tango score intervals, stratified by center. The shaded zone is unacceptable by the protocol.",
                    "Tango 计分法区间，按中心分层。阴影区为方案规定的不可接受范围。",
                ),
            ),
        ),
        figure(
            en_zh(t, "Difference in sensitivity by site", "各中心灵敏度之差"),
            c.forest(t),
            (
                en_zh(
                    t,
                    "Boxes are sized by n. Arrows: the interval reaches beyond the axis. Heterogeneity: τ² = 0.0001, I² = 12%.",
                    "方块面积与例数成正比；箭头表示区间超出坐标轴。异质性：τ²=0.0001，I²=12%。",
                ),
            ),
        ),
        site_table(t, 12, en_zh(t, "Sensitivity by site, DR-AI", "各中心灵敏度（DR-AI）")),
        heading(3, en_zh(t, "Dose", "剂量"), "dose"),
        figure(
            en_zh(t, "Dose indices against the equivalence range", "剂量指标与等效范围"),
            c.equivalence(t),
        ),
        heading(2, en_zh(t, "3.2 Agreement between readers", "（二）阅片者一致性"), "agreement"),
        figure(
            en_zh(t, "Nodule diameter, reader A against reader B", "结节直径：阅片者A与B"),
            c.bland_altman(t),
        ),
        figure(
            en_zh(t, "Image quality, pairs of ratings", "图像质量评分配对"),
            c.matrix(t),
            (
                en_zh(
                    t,
                    "Weighted κ 0.87 (95% CI 0.84 to 0.90), quadratic weights.",
                    "加权 κ 0.87（95% CI 0.84～0.90），二次权重。",
                ),
            ),
        ),
        heading(1, en_zh(t, "4 Throughput and value", "四、效率与价值"), "value"),
        figure(en_zh(t, "Room time by site", "各中心机房占用时间"), c.paired(t)),
        figure(en_zh(t, "Ratio of room times by site", "各中心占用时间之比"), c.ratio_forest(t)),
        figure(en_zh(t, "Cash flow of one scanner", "单台设备现金流"), c.cash(t)),
        figure(en_zh(t, "Sensitivity by subgroup", "各亚组灵敏度"), c.subgroups(t)),
        figure(en_zh(t, "What missing results would have to be", "缺失结果临界点图"), c.tipping(t)),
        figure(en_zh(t, "How alpha is passed on", "alpha 的传递"), c.graph(t)),
        figure(en_zh(t, "Boundaries of the looks", "各次分析的界限"), c.boundaries(t)),
        figure(en_zh(t, "Time to a repeated scan", "至重复扫描的时间"), c.survival(t)),
        heading(1, en_zh(t, "Appendix: sites and records", "附录：中心与记录"), "appendix"),
        site_table(t, 60, en_zh(t, "Sensitivity by site, all sixty sites", "六十家中心灵敏度")),
        record_table(t),
    )
    return b.Document(
        language=t,
        title=en_zh(
            t,
            "DR-AI fast chest CT: clinical investigation report",
            "DR-AI 快速胸部 CT 临床试验报告",
        ),
        author=en_zh(t, "Example Imaging GmbH", "示例影像（上海）有限公司"),
        header=en_zh(
            t, "CLV-2026-014 · Clinical investigation report", "CLV-2026-014 · 临床试验报告"
        ),
        footer=en_zh(
            t,
            "Protocol 2.0 · data 4f1c9a02 · clinval 0.1",
            "方案 2.0 · 数据 4f1c9a02 · clinval 0.1",
        ),
        marks=(en_zh(t, "SYNTHETIC DATA", "合成数据"), en_zh(t, "INTERIM", "期中")),
        blocks=blocks,
    )


def hard(t: str) -> b.Document:
    """Return the cases that break layouts."""
    million = (-4.2e7, -1.1e7, -9e6, -8.5e6, -8e6)
    blocks: tuple[b.Block, ...] = (
        heading(1, en_zh(t, "Hard cases", "困难情形"), "hard"),
        figure("Sixty sites", c.forest(t, 60)),
        figure("Two sites", c.forest(t, 2)),
        figure("One bar", c.paired(t, 1)),
        figure("Forty bars", c.paired(t, 40)),
        figure("Negative all the way", c.cash(t, million)),
        figure("Many points", c.bland_altman(t, 3000)),
        b.Table(
            caption="One row, no notes",
            columns=(b.Column(header="Record"), b.Column(header="n", align="right")),
            rows=(
                b.Row(
                    cells=(
                        "results.P1-SENS.by_site.charite_universitaetsmedizin_berlin.difference.estimate.low_95_percent_two_sided",
                        "0 of 40",
                    )
                ),
            ),
        ),
        b.Table(
            caption="Narrow columns",
            columns=tuple(
                b.Column(header=h)
                for h in (
                    "Identifier",
                    "Pneumonoultramicroscopicsilicovolcanoconiosis",
                    "中文很长的列标题文字",
                    "n",
                    "p",
                    "x",
                    "y",
                    "z",
                )
            ),
            rows=tuple(
                b.Row(
                    cells=(
                        f"R-P1-SENS.site.S{i:02d}.estimate",
                        "Lorem ipsum dolor sit amet",
                        "受试者撤回知情同意书，未完成第二次检查",
                        "123,456,789",
                        "0.0001",
                        "a",
                        "b",
                        "c",
                    )
                )
                for i in range(4)
            ),
        ),
        b.Table(
            caption="A cell longer than a page",
            columns=(b.Column(header="Query"), b.Column(header="Answer", share=2)),
            rows=(b.Row(cells=("Why?", "Because the site has answered at great length. " * 160)),),
            notes=("A note.",),
        ),
        site_table(t, 300, "Three hundred rows"),
    )
    return b.Document(
        language=t,
        title="Hard cases",
        author="clinval",
        header="A header that is far too long for the line " * 4,
        footer="A footer that is far too long for the line " * 4,
        marks=("SYNTHETIC DATA", "INTERIM"),
        blocks=blocks,
    )


def small(*blocks: b.Block, language: str = "en", marks: tuple[str, ...] = ()) -> b.Document:
    """Return a document of a few blocks."""
    return b.Document(
        language=language, title="A study", author="A sponsor", header="Header", footer="Footer",
        marks=marks, blocks=blocks,
    )  # fmt: skip


def main(folder: Path) -> None:
    """Write the samples of both languages."""
    from clinval.report.pdf import write

    for language in ("en", "zh"):
        write(document(language), folder / f"sample.{language}.pdf")
        write(hard(language), folder / f"hard.{language}.pdf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

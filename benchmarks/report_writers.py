"""Three writers of the same report: clinval's, plain reportlab, WeasyPrint."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from report_content import CAPTION, HEADERS, TITLE, Bars, Dots, Section

from clinval.core.resources import folder

__all__ = ["clinval", "reportlab", "weasyprint"]

_FONTS = folder("reports") / "fonts"
_SAID = "Values of all centers; the table before it gives the numbers."
_WIDTH, _HEIGHT = 460.0, 190.0  # of a peer's chart, in points
_BARS_AXIS, _X_AXIS, _Y_AXIS = "Room time (min)", "Mean (mm)", "Difference (mm)"


def clinval(parts: list[Section]) -> bytes:
    """Write by clinval: tagged, PDF/UA-1 and PDF/A."""
    from clinval.report import blocks as b
    from clinval.report.pdf import write

    blocks: list[Any] = [b.Contents(title="Contents"), b.PageBreak()]
    columns = tuple(
        b.Column(header=header, align="left" if header == "Endpoint" else "right")
        for header in HEADERS
    )
    for part in parts:
        blocks += [
            b.Heading(level=2, text=part.title, anchor=f"s{part.number}"),
            b.Paragraph(text=part.prose),
            b.Table(
                caption=CAPTION, columns=columns, rows=tuple(b.Row(cells=row) for row in part.rows)
            ),
        ]
        if part.chart is not None:
            blocks.append(b.Figure(caption="Chart", chart=_chart(part.chart), alternative=_SAID))
    path = Path("report.pdf")
    write(
        b.Document(
            language="en", title=TITLE, author="A", header=TITLE, footer="F", marks=(),
            blocks=tuple(blocks),
        ),
        path,
    )  # fmt: skip
    return path.read_bytes()


def _chart(chart: Bars | Dots) -> Any:
    from clinval.report import figures as f

    if isinstance(chart, Bars):
        rows = zip(chart.labels, chart.reference, chart.test, strict=True)
        return f.PairedBars(
            bars=tuple(
                f.PairedBar(
                    label=label, reference=reference, test=test, reference_text=f"{reference}",
                    test_text=f"{test}",
                )
                for label, reference, test in rows
            ),
            axis=_BARS_AXIS, reference_label="Reference", test_label="Test",
        )  # fmt: skip
    low, bias, high = chart.lines
    return f.BlandAltman(
        mean=chart.mean, difference=chart.difference, bias=(bias, bias - 0.15, bias + 0.15),
        lower=(low, low - 0.26, low + 0.26), upper=(high, high - 0.26, high + 0.26),
        x_axis=_X_AXIS, y_axis=_Y_AXIS, bias_label=f"Bias {bias}", lower_label=f"Lower {low}",
        upper_label=f"Upper {high}",
    )  # fmt: skip


def reportlab(parts: list[Section]) -> bytes:
    """Write by reportlab's platypus in its two passes: contents, bookmarks, no tags."""
    from reportlab.lib import colors, styles
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import (
        BaseDocTemplate,
        Frame,
        PageBreak,
        PageTemplate,
        Paragraph,
        Spacer,
        Table,
    )  # fmt: skip
    from reportlab.platypus.tableofcontents import TableOfContents

    _register()
    body = styles.ParagraphStyle("body", fontName="NotoSans-Regular", fontSize=10, leading=14)
    bold = {"fontName": "NotoSans-Bold", "spaceBefore": 14, "spaceAfter": 6}
    head = styles.ParagraphStyle("head", fontSize=12.5, leading=16, **bold)
    # on one page: another would move all numbers and take a third pass
    entry = styles.ParagraphStyle("entry", fontName="NotoSans-Regular", fontSize=9, leading=11)
    contents = TableOfContents(levelStyles=[entry], dotsMinLevel=0)

    class Report(BaseDocTemplate):  # type: ignore[misc]  # reportlab is untyped
        def afterFlowable(self, flowable: Any) -> None:  # noqa: N802 - reportlab calls it so
            if getattr(flowable, "style", None) is head:
                text, key = flowable.getPlainText(), f"s{self.seq.next('heading')}"
                self.canv.bookmarkPage(key)
                self.canv.addOutlineEntry(text, key, 0)
                self.notify("TOCEntry", (0, text, self.page, key))

        def beforeDocument(self) -> None:  # noqa: N802 - reportlab calls it so
            self.seq.reset("heading")

    def running(canvas: Any, document: Any) -> None:
        canvas.setFont("NotoSans-Regular", 8)
        canvas.drawString(57, 800, TITLE)
        canvas.drawRightString(538, 30, f"Page {document.page}")

    story: list[Any] = [Paragraph("Contents", body), contents, PageBreak()]
    look = [
        ("FONT", (0, 0), (-1, -1), "NotoSans-Regular", 9, 11.5),
        ("FONT", (0, 0), (-1, 0), "NotoSans-Bold", 9, 11.5),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"), ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5), ("LINEABOVE", (0, 0), (-1, 0), 0.9, colors.black),
        ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black),
        ("LINEBELOW", (0, -1), (-1, -1), 0.9, colors.black),
    ]  # fmt: skip
    for part in parts:
        story += [
            Paragraph(part.title, head), Paragraph(part.prose, body), Spacer(0, 12),
            Paragraph(CAPTION, body),
            Table([HEADERS, *part.rows], colWidths=[110, *[62] * 6], style=look, repeatRows=1),
            Spacer(0, 16),
        ]  # fmt: skip
        if part.chart is not None:
            story += [Paragraph("Chart", body), _drawing(part.chart)]
    made = io.BytesIO()
    report = Report(made, pagesize=A4, title=TITLE, author="A")
    frame = Frame(57, 57, 481, 728, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    report.addPageTemplates([PageTemplate("all", [frame], onPage=running)])
    report.multiBuild(story)
    return made.getvalue()


@functools.cache
def _register() -> None:
    """Load the fonts, once a process as clinval does."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name in ("NotoSans-Regular", "NotoSans-Bold"):
        pdfmetrics.registerFont(TTFont(name, str(_FONTS / f"{name}.ttf")))


def _drawing(chart: Bars | Dots) -> Any:
    from reportlab.graphics.charts.barcharts import HorizontalBarChart
    from reportlab.graphics.charts.lineplots import ScatterPlot
    from reportlab.graphics.shapes import Drawing, Line, String

    drawing = Drawing(_WIDTH, _HEIGHT)
    if isinstance(chart, Bars):
        bars = HorizontalBarChart()
        bars.x, bars.y, bars.width, bars.height = 70, 25, _WIDTH - 100, _HEIGHT - 35
        bars.data = [chart.reference, chart.test]
        bars.categoryAxis.categoryNames = list(chart.labels)
        bars.barLabelFormat = "%.1f"
        for labels in (bars.categoryAxis.labels, bars.valueAxis.labels, bars.barLabels):
            labels.fontName, labels.fontSize = "NotoSans-Regular", 8
        drawing.add(bars)
        title = _BARS_AXIS
    else:
        dots = ScatterPlot()
        dots.x, dots.y, dots.width, dots.height = 40, 25, _WIDTH - 120, _HEIGHT - 35
        dots.data = [list(zip(chart.mean, chart.difference, strict=True))]
        dots.joinedLines, dots.xLabel, dots.yLabel = 0, "", ""
        for labels in (dots.xValueAxis.labels, dots.yValueAxis.labels):
            labels.fontName, labels.fontSize = "NotoSans-Regular", 8
        dots.lineLabelFormat = None
        drawing.add(dots)
        for name, value in zip(("Lower", "Bias", "Upper"), chart.lines, strict=True):
            y = 25 + (_HEIGHT - 35) * (value + 3) / 7
            drawing.add(Line(40, y, _WIDTH - 80, y, strokeDashArray=(5, 3)))
            words = f"{name} {value}"
            drawing.add(String(_WIDTH - 76, y, words, fontName="NotoSans-Regular", fontSize=8))
        title = f"{_X_AXIS}; {_Y_AXIS}"
    drawing.add(String(_WIDTH / 2, 2, title, fontName="NotoSans-Regular", fontSize=8))
    return drawing


def weasyprint(parts: list[Section]) -> bytes:
    """Write by WeasyPrint as PDF/UA-1, charts as inline SVG."""
    from weasyprint import HTML

    contents = "".join(
        f'<li><a href="#s{part.number}">{escape(part.title)}</a></li>' for part in parts
    )
    head = "".join(f'<th scope="col">{header}</th>' for header in HEADERS)
    body = "".join(_section(part, head) for part in parts)
    html = (
        f'<html lang="en"><head><title>{TITLE}</title><style>{_style()}</style></head><body>'
        f"<h1>Contents</h1><ul class=toc>{contents}</ul>{body}</body></html>"
    )
    return bytes(HTML(string=html).write_pdf(pdf_variant="pdf/ua-1"))


def _style() -> str:
    faces = "".join(
        f"@font-face {{ font-family: N; font-weight: {weight};"
        f" src: url({(_FONTS / f'NotoSans-{name}.ttf').as_uri()}) }}"
        for name, weight in (("Regular", 400), ("Bold", 700))
    )
    return (
        f"{faces} @page {{ size: A4; margin: 20mm; @top-left {{ content: '{TITLE}'; font: 8pt N }}"
        " @bottom-right { content: 'Page ' counter(page) ' of ' counter(pages); font: 8pt N } }"
        " body { font: 10pt/14pt N } h2 { font-size: 12.5pt } .toc { break-after: page }"
        " .toc a::after { content: leader('.') target-counter(attr(href), page) }"
        " table { font: 9pt/11.5pt N; border-collapse: collapse; width: 100% }"
        " td, th { padding: 1.5pt; text-align: right } td:first-child { text-align: left }"
        " table { border-top: 0.9pt solid; border-bottom: 0.9pt solid }"
        " th { border-bottom: 0.5pt solid } figure { margin: 12pt 0; break-inside: avoid }"
    )


def _section(part: Section, head: str) -> str:
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in part.rows
    )
    chart = f"<figure>{_svg(part.chart)}</figure>" if part.chart is not None else ""
    return (
        f'<h2 id="s{part.number}">{escape(part.title)}</h2><p>{escape(part.prose)}</p>'
        f"<table><caption>{CAPTION}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{chart}"
    )


def _svg(chart: Bars | Dots) -> str:
    """Return a chart as SVG: the shapes and words that the other writers draw."""
    shapes: list[str] = []

    def text(x: float, y: float, words: str, anchor: str = "start") -> None:
        shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="8" text-anchor="{anchor}">{words}</text>'
        )

    if isinstance(chart, Bars):
        rows = zip(chart.labels, chart.reference, chart.test, strict=True)
        _svg_bars(rows, shapes, text)
    else:
        _svg_dots(chart, shapes, text)
    return (
        f'<svg role="img" aria-label="{_SAID}" width="{_WIDTH}pt" height="{_HEIGHT}pt" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="N">{"".join(shapes)}</svg>'
    )


def _svg_bars(rows: Any, shapes: list[str], text: Callable[..., None]) -> None:
    for index, (label, *values) in enumerate(rows):
        top = 8 + index * 19.0
        text(64, top + 10, label, "end")
        for value, fill in zip(values, ("#B4BCC4", "#0072B2"), strict=True):
            shapes.append(
                f'<rect x="70" y="{top}" width="{value * 14}" height="6.1" fill="{fill}"/>'
            )
            text(73 + value * 14, top + 6, f"{value}")
            top += 6.7
    for tick in range(0, 26, 5):
        x = 70 + tick * 14
        shapes.append(f'<line x1="{x}" y1="4" x2="{x}" y2="166" stroke="#E6E9EC"/>')
        text(x, 175, str(tick), "middle")
    text(_WIDTH / 2, 187, _BARS_AXIS, "middle")


def _svg_dots(chart: Dots, shapes: list[str], text: Callable[..., None]) -> None:
    def down(value: float) -> float:
        return 165 - (value + 3) * 22

    for mean, difference in zip(chart.mean, chart.difference, strict=True):
        shapes.append(
            f'<circle cx="{40 + mean * 10:.1f}" cy="{down(difference):.1f}" r="1.9" fill="#FFF" '
            'stroke="#0072B2" stroke-width="0.7"/>'
        )
    for name, value in zip(("Lower", "Bias", "Upper"), chart.lines, strict=True):
        y = down(value)
        shapes.append(
            f'<line x1="40" x2="370" y1="{y}" y2="{y}" stroke="#D55E00" stroke-dasharray="5 3"/>'
        )
        text(376, y + 3, f"{name} {value}")
    for tick in range(0, 31, 5):
        text(40 + tick * 10, 175, str(tick), "middle")
    for tick in range(-3, 5):
        text(34, down(tick) + 3, str(tick), "end")
    text(_WIDTH / 2, 187, f"{_X_AXIS}; {_Y_AXIS}", "middle")

"""Draw the gallery: every chart, the styles of tables, pages of every report: ``make gallery``.

Charts and tables are those of the tests' samples, pages those of the demonstration: all made up.
The same inputs give the same pictures and the same README.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image, ImageChops
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "gallery"
REPORTS = ROOT / "demo" / "reports"
SCALE, COLORS, EDGE = 1.5, 96, 8  # of pictures: pixels a point, colors, white around
FULL_PAGE = 1.0  # pixels a point

sys.path.insert(0, str(ROOT / "tests" / "report"))

import sample_blocks as blocks  # noqa: E402 - found on the path above
import sample_charts as charts  # noqa: E402
import sample_charts_images as images  # noqa: E402

from clinval.report.blocks import Block, Document, Figure  # noqa: E402
from clinval.report.pdf import write  # noqa: E402

CHARTS: dict[str, Callable[[str], Any]] = {
    "forest": charts.forest,
    "forest-ratio": charts.ratio_forest,
    "subgroups": charts.subgroups,
    "intervals": charts.intervals,
    "equivalence": charts.equivalence,
    "flow": charts.flow,
    "funnel": charts.funnel,
    "funnel-named": lambda language: charts.funnel(language, 10, named=True),
    "roc": charts.roc,
    "roc-readers": charts.read_by,
    "reader-pairs": charts.reader_pairs,
    "froc": charts.froc,
    "calibration": charts.calibration,
    "decision-curve": charts.decision_curve,
    "bland-altman": charts.bland_altman,
    "agreement-matrix": charts.matrix,
    "survival": charts.survival,
    "weibull": charts.weibull,
    "paired-times": charts.paired_times,
    "time-course": charts.time_course,
    "learning": charts.learning,
    "tipping-map": charts.tipping,
    "graph": charts.graph,
    "boundaries": charts.boundaries,
    "paired-bars": charts.paired,
    "cash-flow": charts.cash,
    "npv-profile": charts.profile,
    "return-by-price": charts.price,
    "waterfall": charts.waterfall,
    "tornado": charts.tornado,
    "acceptability": charts.acceptability,
    "effect-plane": charts.effect_plane,
    "slice": images.picture,
    "frequency-curves": images.transfers,
}
TABLES: dict[str, tuple[Block, ...]] = {
    "table-sites": (blocks.site_table("en", 12, "Sensitivity by site"),),
    "table-baseline": (blocks.baseline_table("en"),),
    "summary": blocks.summary("en"),
}
# The file of a report, and the words by whose first page behind the contents it is shown.
PAGES = {
    "fda-cover": ("fda.en.pdf", ""),
    "fda-results": ("fda.en.pdf", "interval against the margin"),
    "eu-results": ("eu.en.pdf", "by subgroup (FAS)"),
    "nmpa-results": ("nmpa.zh.pdf", "置信区间与界值"),
    "hospital-value": ("hospital.en.pdf", "discounted running"),
    "hospital-zh": ("hospital.zh.pdf", "置信区间与界值"),
    "site": ("site.S06.en.pdf", "Your site within the limits of chance"),
}
HEADINGS = {
    "Charts": "charts",
    "Tables and summaries": "tables",
    "Pages of reports": "pages",
}
FRONT = 3  # pages: cover and contents come first


def main() -> None:
    """Write every picture and the page that shows them."""
    texts = YAML(typ="safe").load((ROOT / "docs" / "gallery.yaml").read_text(encoding="utf-8"))
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for name, make in CHARTS.items():
        said = texts["charts"][name]
        _draw(name, (Figure(caption=said["title"], chart=make("en"), alternative=said["en"]),))
    for name, parts in TABLES.items():
        _draw(name, parts)
    for name, (file, words) in PAGES.items():
        _page(name, file, words)
    (FOLDER / "README.md").write_text("\n".join(_readme(texts)), encoding="utf-8")


def _draw(name: str, parts: tuple[Block, ...]) -> None:
    """Draw blocks on a page and keep what is drawn, without header and footer."""
    page = Document(
        language="en", title=name, author="clinval", header="", footer="", marks=(), blocks=parts
    )
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "one.pdf"
        write(page, path)
        image = pypdfium2.PdfDocument(path)[0].render(scale=SCALE).to_pil().convert("RGB")
    image = image.crop((0, int(50 * SCALE), image.width, int(780 * SCALE)))
    box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
    left, top, right, bottom = box or (0, 0, *image.size)
    _save(image.crop((left - EDGE, top - EDGE, right + EDGE, bottom + EDGE)), name)


def _page(name: str, file: str, words: str) -> None:
    """Draw the cover of a report, or the first page behind its contents that has the words."""
    pdf = pypdfium2.PdfDocument(REPORTS / file)
    texts = [page.get_textpage().get_text_range().replace("\r\n", " ") for page in pdf]
    number = next(n for n, text in enumerate(texts) if n >= FRONT and words in text) if words else 0
    _save(pdf[number].render(scale=FULL_PAGE).to_pil().convert("RGB"), name)


def _save(image: Any, name: str) -> None:
    few = image.quantize(COLORS, kmeans=4, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)


def _readme(texts: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page that shows all pictures."""
    yield from ("# Gallery", "", texts["intro"])
    for title, part in HEADINGS.items():
        yield from (f"## {title}", "")
        for name, said in texts[part].items():
            yield from (f"### {said['title']}", "", said["en"], "", said["zh"], "")
            yield from (f'<img src="{name}.png" alt="{said["title"]}" width="640">', "")


if __name__ == "__main__":
    main()

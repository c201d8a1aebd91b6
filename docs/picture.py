"""Render the README's picture from the demonstration: ``make picture``."""

from __future__ import annotations

from pathlib import Path

import pypdfium2

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "demo" / "reports" / "hospital.en.pdf"
SHOWN = "interval against the margin"  # the first page with this figure
PICTURE = ROOT / "docs" / "pictures" / "report-page.png"


def main() -> None:
    """Write the picture, in few colors so that the repository stays small."""
    document = pypdfium2.PdfDocument(REPORT)
    texts = (page.get_textpage().get_text_range() for page in document)
    number = next(number for number, text in enumerate(texts) if SHOWN in text)
    image = document[number].render(scale=1.6).to_pil()
    PICTURE.parent.mkdir(exist_ok=True)
    image.quantize(64).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()

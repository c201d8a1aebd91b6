"""The logo of a cover: looked at before anything is written, and made fit for an archival file."""

from __future__ import annotations

import io
import struct
import warnings
from typing import TYPE_CHECKING, Any

from clinval.core.errors import ReportError
from clinval.core.problems import Place
from clinval.report.pdf.styles import MM

if TYPE_CHECKING:
    from clinval.report.blocks import Document

__all__ = ["LOGO_HEIGHT", "LOGO_WIDTH", "MOST_BYTES", "check", "picture", "size"]

LOGO_WIDTH, LOGO_HEIGHT = 35 * MM, 15 * MM  # the most it takes
MOST_BYTES = 5_000_000
_FORMATS = ("PNG", "JPEG")
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error)  # as Pillow finds it
_MOST_PIXELS = 4000  # a side
_RESOLUTION = 600 / 72  # pixels a point: finer than any printer


def check(document: Document) -> None:
    """Look at the logo of every cover of a document.

    Raises
    ------
    ReportError
        When it is no PNG or JPEG image or is broken (``logo-no-image``), or when it has more than
        5 MB or 4000 pixels a side (``logo-too-large``).
    """
    from clinval.report.blocks import Cover

    for block in document.blocks:
        if isinstance(block, Cover) and block.logo is not None:
            _check(block.logo, Place(file=document.title))


def _check(content: bytes, place: Place) -> None:
    from PIL import Image

    if len(content) > MOST_BYTES:
        raise ReportError.of("logo-too-large", place)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                large = max(image.size) > _MOST_PIXELS
            if not large:
                picture(content)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        large = True
    except _BROKEN as error:
        raise ReportError.of("logo-no-image", place) from error
    if large:
        raise ReportError.of("logo-too-large", place)


def picture(content: bytes) -> Any:
    """Return a checked logo on white, in plain RGB, as fine as can be seen."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
        drawn = ImageOps.exif_transpose(image).convert("RGBA")
    drawn.thumbnail((round(LOGO_WIDTH * _RESOLUTION), round(LOGO_HEIGHT * _RESOLUTION)))
    white = Image.new("RGBA", drawn.size, "white")
    return Image.alpha_composite(white, drawn).convert("RGB")


def size(image: Any) -> tuple[float, float]:
    """Return the width and height in points at which a logo is drawn."""
    width, height = image.size
    scale = min(LOGO_WIDTH / width, LOGO_HEIGHT / height)
    return width * scale, height * scale

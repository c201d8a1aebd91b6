"""Open a PDF that may be anything: damaged, locked, made to exhaust the reader, or no PDF."""

from __future__ import annotations

import contextlib
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.core.errors import ReportError
from clinval.core.problems import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_BYTES", "Stopped", "opened"]

MOST_BYTES = 200_000_000  # of the file; agencies take half of that
_MOST_UNPACKED = 100_000_000  # of one stream
_MOST_PAGES = 5_000

_LIMITS: dict[str, Any] = {
    "flate_max_memory": _MOST_UNPACKED,
    "png_max_memory": _MOST_UNPACKED,
    "run_length_max_memory": _MOST_UNPACKED,
    "tiff_max_memory": _MOST_UNPACKED,
    "dct_max_memory": _MOST_UNPACKED,
    "doc_max_warnings": 1_000,
}


class Stopped(Exception):  # noqa: N818 - says where reading ended, and is never shown
    """What a PDF holds cannot be read to its end; the text says what was met."""


@contextlib.contextmanager
def opened(file: Path | bytes, name: str = "") -> Iterator[Any]:
    """Give the ``pikepdf.Pdf`` of a file.

    Parameters
    ----------
    file
        The file, or its content.
    name
        What messages call it, its own name where nothing is said.

    Raises
    ------
    ReportError
        When it is no PDF (``pdf-none``), too large (``pdf-too-large``), needs a password
        (``pdf-locked``), or cannot be read, now or in the block (``pdf-damaged``).
    """
    import pikepdf

    place = Place(file=name or (file.name if isinstance(file, Path) else "-"))
    content = _content(file, place)
    before: dict[str, Any] = pikepdf.settings.set_qpdf_limits(**_LIMITS)
    try:
        with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as pdf:
            if len(pdf.pages) > _MOST_PAGES:
                raise ReportError.of(
                    "pdf-too-large", place, what=f"{len(pdf.pages)} pages", most=f"{_MOST_PAGES}"
                )
            yield pdf
    except pikepdf.PasswordError as error:
        raise ReportError.of("pdf-locked", place) from error
    except (
        Stopped, pikepdf.PikepdfError, AttributeError, IndexError, KeyError,
        OverflowError, RecursionError, RuntimeError, TypeError, ValueError,
    ) as error:  # fmt: skip
        # whatever a foreign file has in the place of what was looked for
        detail = str(error).split("\n", 1)[0] or type(error).__name__
        raise ReportError.of("pdf-damaged", place, detail=detail) from error
    finally:
        pikepdf.settings.set_qpdf_limits(**before)


def _content(file: Path | bytes, place: Place) -> bytes:
    size = file.stat().st_size if isinstance(file, Path) else len(file)
    if size > MOST_BYTES:
        raise ReportError.of(
            "pdf-too-large",
            place,
            what=f"{math.ceil(size / 1e6)} MB",
            most=f"{MOST_BYTES // 1_000_000} MB",
        )
    content = file.read_bytes() if isinstance(file, Path) else file
    if b"%PDF-" not in content[:1024]:
        raise ReportError.of("pdf-none", place)
    return content

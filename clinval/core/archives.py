"""What reading a damaged zip archive raises, whichever way its parts are packed."""

from __future__ import annotations

import lzma
import zipfile
import zlib

__all__ = ["DAMAGED"]

DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError,
    RuntimeError, ValueError,
)  # fmt: skip
"""All that :mod:`zipfile` raises on an archive that is cut off, changed or encrypted."""

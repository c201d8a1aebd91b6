"""Write files whole or not at all, and name them by their content."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "canonical_json",
    "sha256_of_bytes",
    "sha256_of_file",
    "sha256_of_json",
    "whole",
    "write",
]


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that replaces it when the block succeeds.

    A reader sees the old file or the new one, never a half one, whatever interrupts the writer.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:  # of the file that is meant, not of its temporary name
        raise type(error)(error.errno, error.strerror, str(path)) from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("r+b") as stream:  # Windows flushes only what may be written
            os.fsync(stream.fileno())
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write(path: Path, content: str | bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all; text is UTF-8 with LF line ends."""
    with whole(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def sha256_of_bytes(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: object) -> str:
    """Return the one JSON text of ``value``: sorted keys, no spaces, no NaN.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256_of_json(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of ``value``."""
    return sha256_of_bytes(canonical_json(value).encode())

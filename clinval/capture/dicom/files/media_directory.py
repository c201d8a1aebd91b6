"""What the directory of a medium (DICOMDIR, PS3.10) says is on it.

A walk finds the files by itself; the directory tells which ones should be there.
"""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Collection

__all__ = ["MOST_BYTES", "NAME", "compared", "references_in"]

NAME = "dicomdir"
"""What the file is called, in small letters."""

MOST_BYTES = 1 << 26
"""Bytes of a directory that is read: a hundred thousand images need less."""


def references_in(content: bytes) -> tuple[tuple[str, ...], ...]:
    """Return the files that a directory names, each as the parts of its path.

    Raises
    ------
    ValueError
        When it cannot be read as a directory.
    """
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that are not as the standard has them
        try:
            dataset = pydicom.dcmread(io.BytesIO(content), force=True)
            records = dataset["DirectoryRecordSequence"].value or ()
            found = [record.get("ReferencedFileID") for record in records]
        except Exception as error:  # noqa: BLE001 - a broken header leads pydicom anywhere
            raise ValueError(type(error).__name__) from None
    return tuple((one,) if isinstance(one, str) else tuple(map(str, one)) for one in found if one)


def compared(
    references: Collection[tuple[str, ...]], folder: str, names: Collection[str]
) -> Counter[str]:
    """Count the references that lead out of the folder, and those to what is not there.

    Parameters
    ----------
    references
        See `references_in`.
    folder
        Where the directory lies, ending with ``/`` unless it is at the top.
    names
        All files that were found, in small letters: media are written in capitals and copied in
        either.

    Examples
    --------
    >>> compared([("IM", "1"), ("IM", "2"), ("..", "PASSWD")], "cd/", {"cd/im/1"})
    Counter({'media_directory_missing': 1, 'media_directory_outside': 1})
    """
    counts: Counter[str] = Counter()
    for parts in references:
        if any(part in ("", ".", "..") or set(part) & set("/\\:\0") for part in parts):
            counts["media_directory_outside"] += 1
        elif (folder + "/".join(parts)).lower() not in names:
            counts["media_directory_missing"] += 1
    return counts

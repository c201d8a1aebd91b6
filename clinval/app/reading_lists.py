"""Write the lists by which readers read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clinval.app.folder import StudyFolder
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress

__all__ = ["KEY", "write_reading_lists"]

KEY = "_key.xlsx"
"""The file that has the arms, where the lists of readers must not name them."""


def write_reading_lists(
    folder: StudyFolder, readers: Sequence[str] = (), progress: Progress = SILENT
) -> list[Path]:
    """Write one workbook a reader into ``reading-lists/`` and return their paths.

    Readers who read nothing get none. Where lists do not name arms, the key does.

    Parameters
    ----------
    folder
        The study.
    readers
        Ids of readers; all where none are named.

    Raises
    ------
    UsageError
        When the protocol has no readers, or not one that is named.
    """
    from clinval.capture.reading_lists import write_key, write_reading_list
    from clinval.protocol.reading_order import reading_order

    protocol = folder.protocol()
    place = Place(file=folder.protocol_path.name)
    known = [reader.id for reader in protocol.readers]
    if not known:
        raise UsageError.of("no-readers", place)
    unknown = [reader for reader in readers if reader not in known]
    if unknown:
        raise UsageError.of("reader-not-found", place, reader=unknown[0], readers=", ".join(known))
    sha256 = folder.protocol_sha256()
    order = reading_order(protocol)
    written = []
    for reader in progress.steps(list(readers) or known, "reading lists"):
        if order[reader]:
            path = folder.reading_lists / f"{reader}.xlsx"
            write_reading_list(protocol, reader, order[reader], path, protocol_sha256=sha256)
            written.append(path)
    if protocol.reading is not None and not protocol.reading.show_arms and not protocol.read_codes:
        path = folder.reading_lists / KEY
        write_key(protocol, order, path, protocol_sha256=sha256)
        written.append(path)
    return written

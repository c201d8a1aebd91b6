"""Which study, site and version a workbook was made for, before it is read with any protocol."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.capture.reading.opening import facts_by_sheet, open_package
from clinval.capture.reading.package import (
    RefusedError,
    look_through,
    read_bytes,
    shown_file_name,
)
from clinval.capture.reading.stamped import find_stamp
from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problem

if TYPE_CHECKING:
    from clinval.capture.stamp import Stamp

__all__ = ["stamp_of_file"]


def stamp_of_file(path: Path) -> Stamp:
    """Return the stamp of a workbook, of whatever study and version.

    Raises
    ------
    SubmissionError
        When it is no workbook that can be opened, or has no stamp.
    """
    try:
        package = look_through(read_bytes(path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that are not read here
            try:
                workbook = open_package(package)
                return find_stamp(workbook, facts_by_sheet(workbook, package))
            except RefusedError:
                raise
            except Exception as error:  # a broken part leads openpyxl anywhere
                raise RefusedError("file-damaged", detail=type(error).__name__) from error
    except RefusedError as refusal:
        place = Place(file=shown_file_name(path), sheet=refusal.sheet)
        problem = Problem(kind=refusal.kind, place=place, parameters=refusal.parameters)
        raise SubmissionError([problem]) from refusal

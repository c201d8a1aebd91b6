"""Read a returned file, whatever form it has: what it is, its content says, and never its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from clinval.capture.workbook import read_workbook

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol
    from clinval.study.returns import WorkbookReturn

__all__ = ["read_returned"]


def read_returned(path: Path, protocol: Protocol) -> list[WorkbookReturn]:
    """Return what is in a returned file, one return a site.

    Parameters
    ----------
    path
        The file, as it came.
    protocol
        The study.

    Returns
    -------
    list of WorkbookReturn
        At least one. A workbook is of one site; an export may hold several. A file that cannot be
        used is one return that is refused, whose defects say why. Bad content never raises.
    """
    return [read_workbook(path, protocol)]

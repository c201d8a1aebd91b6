"""Write the workbooks that sites fill in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clinval.app.folder import StudyFolder
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress

__all__ = ["write_templates"]


def write_templates(
    folder: StudyFolder, sites: Sequence[str] = (), progress: Progress = SILENT
) -> list[Path]:
    """Write one workbook a site into ``templates/`` and return their paths.

    Parameters
    ----------
    folder
        The study.
    sites
        Ids of sites; all where none are named.

    Raises
    ------
    UsageError
        When a site is named that the protocol does not have.
    """
    from clinval.capture.template import write_template

    protocol = folder.protocol()
    known = [site.id for site in protocol.sites]
    unknown = [site for site in sites if site not in known]
    if unknown:
        place = Place(file=folder.protocol_path.name)
        raise UsageError.of("site-not-found", place, site=unknown[0], sites=", ".join(known))
    sha256 = folder.protocol_sha256()
    written = []
    for site in progress.steps(list(sites) or known, "templates"):
        path = folder.templates / f"{site}.xlsx"
        write_template(protocol, site, path, protocol_sha256=sha256)
        written.append(path)
    return written

"""Keep what was returned: with the study, or in quarantine where it may identify somebody."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.folder import StudyFolder
from clinval.core.files import sha256_of_file, whole, write

if TYPE_CHECKING:
    from clinval.capture.phi_gate import Screened
    from clinval.protocol.privacy import Privacy

__all__ = ["keep", "screen_files"]


def keep(folder: StudyFolder, path: Path, screened: Screened, privacy: Privacy) -> bool:
    """Keep a file as it came, under the hash of its content; return whether it could be read.

    What may identify a patient, or cannot be looked through, is kept in ``quarantine/`` only. Of a
    file that names who wrote it the copy in ``inbox/received`` is without these names, if the
    protocol asks for that. A name cannot lead outside the folders, because none is used.
    """
    try:
        sha256 = sha256_of_file(path)
    except OSError:
        return False
    suffix = path.suffix.lower()[:8]
    cleans = bool(screened.authors) and privacy.metadata == "clean"
    if not screened.readable or screened.identifying or screened.refuses(privacy) or cleans:
        folder.quarantine.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.quarantine.chmod(0o700)
        _copy(path, folder.quarantine / f"{sha256}{suffix}", mode=0o600)
    else:
        _copy(path, folder.received / f"{sha256}{suffix}")
    clean = folder.received / f"{sha256}.cleaned{suffix}"
    if cleans and not screened.identifying and not clean.exists():
        from clinval.capture.phi_workbook import cleaned

        write(clean, cleaned(path.read_bytes()))
    return True


def screen_files(folder: StudyFolder, files: Sequence[Path] = ()) -> list[Screened]:
    """Return what in files may identify somebody; those in quarantine where none are named.

    Nothing is stored. Of a folder every file in it is looked through.
    """
    from clinval.capture.phi_gate import screen

    protocol = folder.protocol() if folder.protocol_path.is_file() else None
    found: list[Path] = []
    for path in files or [folder.quarantine]:
        inside = path.rglob("*") if path.is_dir() else [path]
        found += sorted(inner for inner in inside if not inner.is_dir())
    return [screen(path, protocol) for path in found]


def _copy(path: Path, kept: Path, mode: int = 0o644) -> None:
    if not kept.exists():
        with whole(kept) as part:
            shutil.copyfile(path, part)
        kept.chmod(mode)

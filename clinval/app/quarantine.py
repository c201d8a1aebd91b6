"""Keep what was returned: with the study, or in quarantine where it may identify somebody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.folder import StudyFolder
from clinval.core.files import sha256_of_bytes, whole

if TYPE_CHECKING:
    from clinval.capture.phi_gate import Screened
    from clinval.protocol.privacy import Privacy

__all__ = ["keep", "screen_files"]

_OWNER_ONLY = 0o700


def keep(folder: StudyFolder, path: Path, screened: Screened, privacy: Privacy) -> bool:
    """Keep a file as it came, under the hash of its content; return whether it could be read.

    What may identify a patient is kept in ``quarantine/`` only. Of a file that names who wrote it
    the copy in ``inbox/received`` is without these names, if the protocol asks for that. A name
    cannot lead outside the folders, because none is used.
    """
    from clinval.capture.phi_workbook import cleaned

    try:
        content = path.read_bytes()
    except OSError:
        return False
    name = f"{sha256_of_bytes(content)}{path.suffix.lower()[:8]}"
    cleans = bool(screened.authors) and privacy.metadata == "clean"
    if screened.identifying or screened.refuses(privacy) or cleans:
        _write_private(folder.quarantine / name, content)
    else:
        _write_once(folder.received / name, content)
    if cleans and not screened.identifying:
        stem, _, suffix = name.partition(".")
        _write_once(folder.received / f"{stem}.cleaned.{suffix}", cleaned(content))
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


def _write_once(path: Path, content: bytes) -> None:
    if not path.exists():
        with whole(path) as part:
            part.write_bytes(content)


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody but its owner may read, in a folder of the same kind."""
    path.parent.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    path.parent.chmod(_OWNER_ONLY)
    _write_once(path, content)
    path.chmod(0o600)

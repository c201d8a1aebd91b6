"""Open a pack as a folder, whatever it is: a zip from anywhere, a folder of one, a single PDF."""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from clinval.capture.reading.package import is_trick
from clinval.core.archives import DAMAGED
from clinval.core.errors import ReportError
from clinval.core.problems import Place, Problem

__all__ = ["MANIFEST", "PROTOCOL", "RESULTS", "SIGNATURE", "Opened", "opened"]

MANIFEST, SIGNATURE = "manifest.json", "manifest.json.p7s"
RESULTS, PROTOCOL = "results.json", "protocol.yaml"

_MOST_BYTES = 2_000_000_000  # of all files, unpacked
_MOST_OF_ONE = 500_000_000
_MOST_FILES = 5_000
_MOST_RATIO = 200  # unpacked to packed; text reaches 30, bombs 1,000
_SMALL = 20_000_000  # bytes; below, a high ratio harms nobody
_LONGEST = 200  # characters of a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A pack that can be read: its files by name, and what messages call it.

    A single PDF is a pack without a manifest.
    """

    name: str
    files: dict[str, Path]

    @property
    def whole(self) -> bool:
        """Whether it is a pack, not a PDF by itself."""
        return not (len(self.pdfs) == 1 and MANIFEST not in self.files)

    @property
    def pdfs(self) -> list[str]:
        """The names of its PDFs, in order."""
        return sorted(name for name in self.files if name.lower().endswith(".pdf"))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Give the files of a pack.

    Parameters
    ----------
    path
        A zip, a folder, or a PDF with results.json and protocol.yaml beside it (or where a study
        or a pack has them).

    Raises
    ------
    ReportError
        When it is none of these (``pack-none``), cannot be read (``pack-damaged``), or could harm
        who unpacks it (``pack-entry-...``, ``pack-too-large``).
    """
    place = Place(file=path.name or str(path))
    if path.is_dir():
        yield Opened(name=place.file, files=_of_folder(path, place))
    elif _is_pdf(path):
        yield Opened(name=place.file, files=_beside(path))
    elif zipfile.is_zipfile(path):
        with tempfile.TemporaryDirectory(prefix="clinval-") as folder:
            try:
                files = _unpacked(path, Path(folder), place)
            except DAMAGED as error:
                detail = str(error) or type(error).__name__
                raise ReportError.of("pack-damaged", place, detail=detail) from error
            yield Opened(name=place.file, files=files)
    else:
        raise ReportError.of("pack-none", place)


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as stream:
        return b"%PDF-" in stream.read(1024)


def _beside(path: Path) -> dict[str, Path]:
    """Return a PDF with what it was made from: beside it, or as a study or a pack lays it out."""
    above = path.resolve().parent.parent
    files = {path.name: path}
    for name, places in {
        RESULTS: (path.parent, above, above / "results"),
        PROTOCOL: (path.parent, above),
    }.items():
        found = next((place / name for place in places if (place / name).is_file()), None)
        if found is not None:
            files[name] = found
    return files


def _of_folder(root: Path, place: Place) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            _refuse("pack-entry-link", place, name)
        if path.is_file():
            files[name] = path
        if len(files) > _MOST_FILES:
            _refuse("pack-too-large", place, f"> {_MOST_FILES} files")
    return files


def _unpacked(path: Path, folder: Path, place: Place) -> dict[str, Path]:
    files: dict[str, Path] = {}
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        _check(parts, place)
        for part in parts:
            if part.is_dir():
                continue
            target = folder / part.filename
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(part) as source, target.open("wb") as written:
                shutil.copyfileobj(source, written)
            files[part.filename] = target
    return files


def _check(parts: list[zipfile.ZipInfo], place: Place) -> None:
    """Check what the archive declares; ``zipfile`` does not unpack more than that."""
    if len(parts) > _MOST_FILES:
        _refuse("pack-too-large", place, f"{len(parts)} files")
    seen: set[PurePosixPath] = set()
    for part in parts:
        name = part.filename.rstrip("/")
        plain = PurePosixPath(name.casefold())  # one name on some systems
        if is_trick(part) or not name.isprintable() or len(name) > _LONGEST:
            _refuse("pack-entry-name", place, part.orig_filename)
        if stat.S_ISLNK(part.external_attr >> 16):
            _refuse("pack-entry-link", place, name)
        if part.flag_bits & 0x1:
            raise ReportError.of("pack-damaged", place, detail=f"{name}: encrypted")
        if plain in seen:
            _refuse("pack-entry-twice", place, name)
        if not part.is_dir():
            seen.add(plain)
        if part.file_size > _MOST_OF_ONE or (
            part.file_size > _SMALL and part.file_size > _MOST_RATIO * part.compress_size
        ):
            _refuse("pack-too-large", place, name)
    for plain in seen:
        if not seen.isdisjoint(plain.parents):  # a file in a file
            _refuse("pack-entry-twice", place, str(plain))
    if sum(part.file_size for part in parts) > _MOST_BYTES:
        _refuse("pack-too-large", place, place.file)


def _refuse(kind: str, place: Place, entry: str) -> None:
    shown = "".join(character if character.isprintable() else "?" for character in entry)
    raise ReportError([Problem(kind=kind, place=place, parameters={"entry": shown})])

"""Find the files of a folder, its archives and its links, in an order that stays the same.

Nothing that stands in the way stops the walk: it is counted by reason and left out. No file is
opened but archives and directories of media (DICOMDIR); whether the others are DICOM the reader
says.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clinval.capture.dicom.files import media_directory
from clinval.capture.dicom.files.archive_members import OTHER_ARCHIVES, is_zip, members_of
from clinval.capture.dicom.files.source import Source
from clinval.core.progress import SILENT, Progress

__all__ = ["REASONS", "Walk", "walk"]

REASONS = (
    "system_file", "empty", "not_a_file", "unreadable", "unreadable_folder", "link_broken",
    "link_met", "media_directory", "media_directory_damaged", "media_directory_outside",
    "media_directory_missing", "archive_other", "archive_in_archive", "archive_damaged",
    "archive_encrypted", "archive_names", "archive_too_large",
)  # fmt: skip
"""Why a file, a folder, an archive or what one of them refers to is left out."""

_SYSTEM = re.compile(  # what operating systems leave in every folder
    r"\._.*|\.ds_store|thumbs\.db|desktop\.ini|\.directory|__macosx", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What there is to be read.

    Attributes
    ----------
    sources
        Files and members of archives, numbered from 1 in the order of their names.
    left_out
        How many files, folders, links, archives or references are left out, by `REASONS`.
    """

    sources: tuple[Source, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


def walk(folder: Path, progress: Progress = SILENT) -> Walk:
    """Return what is to be read of a folder, an archive or a single file.

    Links are followed once everything else is known, and only to what has not been met: a loop
    ends, and what is linked to is not counted twice.

    Parameters
    ----------
    folder
        A folder; an archive; a DICOMDIR, which stands for its folder; a file.
    progress
        Is told how many files have been looked at.
    """
    if folder.name.lower() == media_directory.NAME and folder.is_file():
        folder = folder.parent
    found = _Found()
    for _ in progress.steps(found.all_of(folder), "Looking through the folder"):
        pass
    found.compare()
    # a folder stays together: what separates its name is less than any letter
    found.files.sort(key=lambda source: source.name.replace("/", "\0"))
    numbered = tuple(
        Source(number, one.name, one.path, one.member, one.size, one.changed)
        for number, one in enumerate(found.files, start=1)
    )
    return Walk(sources=numbered, left_out=dict(sorted(found.left_out.items())))


@dataclass(slots=True)
class _Found:
    """What a walk collects on its way.

    ``met`` are device and number of all files and folders, ``links`` paths and names of links that
    have yet to be followed, ``directories`` folder and content of directories of media.
    """

    files: list[Source] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    met: set[tuple[int, int]] = field(default_factory=set)
    links: list[tuple[str, str]] = field(default_factory=list)
    directories: list[tuple[str, bytes]] = field(default_factory=list)

    def all_of(self, folder: Path) -> Iterator[None]:
        """Collect, yielding after each file."""
        try:
            about = folder.stat()
        except OSError:
            self.left_out["unreadable_folder"] += 1
            return
        if not stat.S_ISDIR(about.st_mode):
            self._take(str(folder), folder.name, about)
            yield
            return
        self._is_new(str(folder), about)
        yield from self._through(str(folder), "")
        while self.links:
            links, self.links = sorted(self.links), []
            for path, name in links:
                yield from self._follow(path, name)

    def compare(self) -> None:
        """Count what directories of media name and what is not there."""
        names = {source.name.lower() for source in self.files} if self.directories else set()
        for folder, content in self.directories:
            try:
                references = media_directory.references_in(content)
            except ValueError:
                self.left_out["media_directory_damaged"] += 1
            else:
                self.left_out += media_directory.compared(references, folder, names)

    def _through(self, top: str, prefix: str) -> Iterator[None]:
        """Go through a folder and those in it; a stack, because they may lie deeper than calls."""
        stack = [(top, prefix)]
        while stack:
            folder, before = stack.pop()
            try:
                with os.scandir(folder) as entries:
                    inside = list(entries)
            except OSError:
                self.left_out["unreadable_folder"] += 1
                continue
            for entry in inside:
                name = before + entry.name
                if _SYSTEM.fullmatch(entry.name):
                    self.left_out["system_file"] += 1
                elif entry.is_symlink():
                    self.links.append((entry.path, name))
                else:
                    deeper = self._entry(entry, name)
                    if deeper:
                        stack.append((entry.path, name + "/"))
                yield

    def _entry(self, entry: os.DirEntry[str], name: str) -> bool:
        """Take a file; return whether it is a folder to go into."""
        try:
            about = entry.stat(follow_symlinks=False)
        except OSError:  # gone since, or not to be looked at
            self.left_out["unreadable"] += 1
            return False
        if not stat.S_ISDIR(about.st_mode):
            self._take(entry.path, name, about)
            return False
        new = self._is_new(entry.path, about)
        if not new:  # mounted twice, or reached by a link before
            self.left_out["link_met"] += 1
        return new

    def _follow(self, path: str, name: str) -> Iterator[None]:
        try:
            about = os.stat(path)  # noqa: PTH116 - as `os.scandir` gives it, for speed
        except OSError:  # leads nowhere, or to itself
            self.left_out["link_broken"] += 1
            return
        if (about.st_dev, about.st_ino) in self.met:
            self.left_out["link_met"] += 1
        elif stat.S_ISDIR(about.st_mode):
            self._is_new(path, about)
            yield from self._through(path, name + "/")
        else:
            self._take(path, name, about)
            yield

    def _is_new(self, path: str, about: os.stat_result) -> bool:
        """Return whether a folder has not been met, and remember it."""
        if not about.st_ino:  # Windows does not tell it for the entries of a folder
            about = os.stat(path)  # noqa: PTH116 - as above
        identity = (about.st_dev, about.st_ino)
        new = identity not in self.met
        self.met.add(identity)
        return new

    def _take(self, path: str, name: str, about: os.stat_result) -> None:
        """Take a file, the members of an archive, or nothing, and count why."""
        self.met.add((about.st_dev, about.st_ino))
        low = name.lower()
        if not stat.S_ISREG(about.st_mode):
            self.left_out["not_a_file"] += 1
        elif not about.st_size:
            self.left_out["empty"] += 1
        elif low.endswith(OTHER_ARCHIVES):
            self.left_out["archive_other"] += 1
        elif low.endswith(".zip") and is_zip(Path(path)):
            self._take_archive(Path(path), name, about.st_mtime_ns)
        elif low.rpartition("/")[2] == media_directory.NAME:
            self._take_directory(Path(path), name)
        else:
            self.files.append(Source(0, name, Path(path), "", about.st_size, about.st_mtime_ns))

    def _take_archive(self, path: Path, name: str, changed: int) -> None:
        members = members_of(path)
        self.left_out += members.left_out
        for member, size in members.files:
            self.files.append(Source(0, f"{name}/{member}", path, member, size, changed))
        self.directories.extend((f"{name}/{at}", content) for at, content in members.directories)

    def _take_directory(self, path: Path, name: str) -> None:
        self.left_out["media_directory"] += 1
        try:
            with path.open("rb") as stream:
                content = stream.read(media_directory.MOST_BYTES)
        except OSError:
            content = b""
        self.directories.append((name[: -len(media_directory.NAME)], content))

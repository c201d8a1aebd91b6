"""The slices of a folder: found, looked at by the gate, and read with their pixels."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.capture.dicom.files.walking import walk
from clinval.capture.dicom.gate.gate import gate
from clinval.capture.dicom.headers.head import Head
from clinval.capture.dicom.headers.reading import UnreadableError, read_bytes
from clinval.capture.phantom.slices import NO_SLICES, NoSliceError, Slice, read_slice
from clinval.capture.writing.words import words
from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problem
from clinval.core.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clinval.capture.dicom.files.source import Source
    from clinval.capture.dicom.gate.gate import GatePolicy
    from clinval.core.problems import Problems

__all__ = ["slices_in"]

_DEFLATED = b"1.2.840.10008.1.2.1.99"  # would be inflated without a bound
_META = 2048  # bytes within which a file says how it is encoded
_LARGEST = 1 << 28  # bytes of a file with one slice


@dataclass(slots=True)
class _Counted:
    """What is left out, by reason: files of which nothing more is said than how many there are."""

    refused: Counter[str]
    left_out: Counter[str]

    def problems(self, place: Place) -> Iterator[Problem]:
        """Yield a problem a reason, with the number of files."""
        for kind, found in (("phantom-refused", self.refused), ("phantom-left-out", self.left_out)):
            for reason, count in sorted(found.items()):
                part = "slice" if reason in NO_SLICES else "refusal"
                said = words(f"dicom.{part}.{reason}")
                yield Problem(
                    kind=kind,
                    place=place,
                    parameters={"count": count, "reason": said["en"], "reason_zh": said["zh"]},
                )


def slices_in(
    folder: Path,
    problems: Problems,
    progress: Progress = SILENT,
    *,
    policy: GatePolicy,
    refuse: bool,
) -> list[Slice]:
    """Return the slices of a folder or archive.

    Parameters
    ----------
    folder
        Where they lie.
    problems
        Told of files that the gate refuses, of those that cannot be read, and of images that
        cannot be measured; no name of a file is in it.
    progress
        Told of each file.
    policy
        What the gate lets pass.
    refuse
        Whether files that the gate refuses are left out (in a study), or only counted.

    Raises
    ------
    SubmissionError
        When there is no slice that can be measured (``phantom-no-slices``).
    """
    walked = walk(folder, progress)
    counted = _Counted(Counter(), Counter(walked.left_out))
    found = []
    for source in progress.steps(walked.sources, "slices"):
        place = Place(file=folder.name, sheet=f"file {source.number}")  # its name may hold a name
        try:
            head = Head(source)
            head.have(_LARGEST)
            if _passes(source, head.data, policy, counted) or not refuse:
                found.append(_slice(head.data, place))
        except (NoSliceError, UnreadableError) as error:
            counted.left_out[error.reason] += 1
        except SubmissionError as error:
            problems.extend(error.problems)
    problems.extend(counted.problems(Place(file=folder.name)))
    if not found:
        files = len(walked.sources)
        none = Problem(
            kind="phantom-no-slices", place=Place(file=folder.name), parameters={"files": files}
        )
        raise SubmissionError([*problems, none])
    return found


def _passes(source: Source, data: bytes, policy: GatePolicy, counted: _Counted) -> bool:
    """Return whether the gate takes a file; why it does not is counted."""
    parsed = read_bytes(data)
    reasons = gate(parsed.elements(), parsed.header, source.name, policy)
    counted.refused.update(reasons)
    return not reasons


def _slice(data: bytes, place: Place) -> Slice:
    import pydicom

    if _DEFLATED in data[:_META]:
        raise SubmissionError.of("slice-pixels-unreadable", place, detail="Deflated")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that are not as the standard has them
        try:
            dataset = pydicom.dcmread(io.BytesIO(data), force=True)
        except Exception as error:  # behind a sound header a file may be broken in any way
            raise UnreadableError("damaged") from error
        return read_slice(dataset, place)

"""One file becomes an instance, which holds nothing that tells whose it is.

This is the one way from a file to anything that is kept: the gate looks at every element of it,
identifiers become hashes, the subject becomes a code of the study, and what names a patient, a
hospital or a person is left behind.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from clinval.capture.dicom.gate.gate import gate
from clinval.capture.dicom.gate.kept import Cleaner, kept_header
from clinval.capture.dicom.headers.reading import Parsed, UnreadableError, read
from clinval.capture.dicom.instance import Instance, hash_of_uid

if TYPE_CHECKING:
    from clinval.capture.dicom.devices.algorithms import Algorithm
    from clinval.capture.dicom.dose.report import DoseReport
    from clinval.capture.dicom.files.source import Source
    from clinval.capture.dicom.gate.gate import GatePolicy
    from clinval.capture.dicom.study.coding import Coding

__all__ = ["Observer", "Outcome", "Refused"]

_TELLS_ALGORITHMS = ("ANN", "SEG", "SR")
_REPORT = "SR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file of which nothing is kept but why.

    Attributes
    ----------
    file
        Number of the file in the order of the folder.
    by
        ``reader`` where it could not be read, ``gate`` where it may identify somebody.
    reasons
        Words of the reader or of the gate; never a value.
    """

    file: int
    by: Literal["reader", "gate"]
    reasons: tuple[str, ...]


Outcome = Instance | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Looks at files, one after the other; several processes may each have a copy.

    Attributes
    ----------
    policy
        What the gate lets pass.
    coding
        Whose files they are, in codes of the study; ``None`` outside of a study.
    keeps_refused
        Whether of files that the gate does not take the numbers are kept. They are shown on the
        screen of those who have the files; a study gets nothing of them.
    """

    policy: GatePolicy
    coding: Coding | None = None
    keeps_refused: bool = False

    def all_of(self, sources: Sequence[Source]) -> list[Outcome]:
        """Return what becomes of files, in their order."""
        return [self.observe(source) for source in sources]

    def observe(self, source: Source) -> Outcome:
        """Return what becomes of one file; whatever is wrong with it, this does not fail."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's quote the value, which may be a name
                return self._looked_at(source, read(source))
        except UnreadableError as error:
            return Refused(file=source.number, by="reader", reasons=(error.reason,))
        except Exception:  # noqa: BLE001 - a broken report leads pydicom anywhere; its errors quote
            return Refused(file=source.number, by="reader", reasons=("damaged",))

    def _looked_at(self, source: Source, parsed: Parsed) -> Outcome:
        header = parsed.header
        # a file that is refused is cleaned of what its elements say of persons, so they are kept
        elements = list(parsed.elements())
        refusals = gate(elements, header, source.name, self.policy)
        if refusals and not self.keeps_refused:
            return Refused(file=source.number, by="gate", reasons=refusals)
        clean = Cleaner.of(elements) if refusals else Cleaner()
        report = _report(parsed, clean)
        folder = () if self.coding is None else self.coding.folder(source.name.split("/")[:-1])
        return Instance(
            file=source.number,
            uid=hash_of_uid(header.text("SOPInstanceUID")),
            study=hash_of_uid(header.text("StudyInstanceUID")),
            series=hash_of_uid(header.text("SeriesInstanceUID")),
            header=kept_header(header, clean),
            subject="" if self.coding is None else self.coding.subject(header, folder),
            folder=folder,
            report=report,
            # a dose report is long, and names no algorithm
            algorithms=() if report else _algorithms(parsed, clean),
            refusals=refusals,
        )


def _report(parsed: Parsed, clean: Cleaner) -> DoseReport | None:
    from clinval.capture.dicom.dose.report_reading import is_dose_report, read_dose_report

    if not is_dose_report(parsed.header):
        return None
    report = read_dose_report(parsed.dataset())
    return None if report is None else clean.report(report)


def _algorithms(parsed: Parsed, clean: Cleaner) -> tuple[Algorithm, ...]:
    from clinval.capture.dicom.devices.algorithms import algorithms

    if parsed.header.text("Modality") not in _TELLS_ALGORITHMS:
        return ()
    return tuple(clean.algorithm(each) for each in algorithms(parsed.dataset()))

"""Whose an image is and of which arm, in codes of the study; nothing else of a path is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from clinval.protocol.dicom import FOLDER, Dicom

if TYPE_CHECKING:
    from clinval.capture.dicom.headers.header import Header
    from clinval.capture.dicom.instance import Instance
    from clinval.protocol.model import Protocol

__all__ = ["Coding"]

_SUBJECT = {"patient_id": "PatientID", "clinical_trial_subject_id": "ClinicalTrialSubjectID"}


class Coding:
    """Tells by the protocol whose an image is, and of which arms.

    Parameters
    ----------
    protocol
        The study. One without a section ``dicom`` is read as one whose section says nothing.
    """

    def __init__(self, protocol: Protocol) -> None:
        self._dicom = protocol.dicom or Dicom()
        self._arms = tuple(arm.id for arm in protocol.arms)
        self._sites = {
            subject: site.id for site in protocol.sites for subject in protocol.subjects_of(site.id)
        }
        known = [*self._sites, *(site.id for site in protocol.sites), *self._arms]
        self._known = {_folded(code): code for code in reversed(known)}
        self._subjects = {_folded(subject): subject for subject in self._sites}
        self._patterns = tuple(dict.fromkeys(self._folder_patterns()))

    def _folder_patterns(self) -> Iterator[str]:
        for alternatives in self._dicom.arms.values():
            yield from (each[FOLDER] for each in alternatives if FOLDER in each)

    def folder(self, parts: Sequence[str]) -> tuple[str, ...]:
        """Return what may be kept of a path: codes of subjects, sites and arms, and patterns.

        A folder that fits a pattern of the protocol is kept as the pattern, because its name may
        hold a name beside it; any other folder is left out.

        Parameters
        ----------
        parts
            The names of the folders that a file lies in, the outermost first.
        """
        kept: list[str] = []
        for part in parts:
            code = self._known.get(_folded(part))
            kept += [code] if code else []
            kept += [pattern for pattern in self._patterns if _fits(part, pattern)]
        return tuple(dict.fromkeys(kept))

    def subject(self, header: Header, folder: Sequence[str] = ()) -> str:
        """Return the code of the subject, empty where the study has no such subject.

        Parameters
        ----------
        header
            What the file says.
        folder
            What :meth:`folder` returned of its path.
        """
        if self._dicom.subject != "folder":
            return self._subjects.get(_folded(header.text(_SUBJECT[self._dicom.subject])), "")
        found = {part for part in folder if part in self._sites}
        return found.pop() if len(found) == 1 else ""

    def site(self, subject: str) -> str:
        """Return the site that a subject is of, empty where there is none."""
        return self._sites.get(subject, "")

    def arms(self, instance: Instance) -> tuple[str, ...]:
        """Return the arms that an image is of, in the order of the protocol; it should be one.

        Where the protocol has one arm and says nothing more, every image is of it.
        """
        if not self._dicom.arms:
            return self._arms if len(self._arms) == 1 else ()
        return tuple(
            arm
            for arm in self._arms
            if any(
                all(
                    any(_fits(text, pattern) for text in _texts(instance, name))
                    for name, pattern in alternative.items()
                )
                for alternative in self._dicom.arms.get(arm, ())
            )
        )


def _texts(instance: Instance, name: str) -> tuple[str, ...]:
    """Return what a pattern is held against: each value, and all of them as the header has them."""
    if name == FOLDER:
        return instance.folder
    values = instance.header.texts(name)
    return (*values, "\\".join(values)) if len(values) > 1 else values


def _fits(text: str, pattern: str) -> bool:
    # a kept folder stands as the pattern itself, whose brackets would not fit themselves
    folded, wanted = text.strip().casefold(), pattern.strip().casefold()
    return folded == wanted or fnmatchcase(folded, wanted)


def _folded(code: str) -> str:
    return "".join(code.casefold().split())

"""What a study reads from the headers of images: whose they are, of which arm, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section, Words
from clinval.protocol.forms import HEADERS

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["ATTRIBUTES", "BURNED_IN", "FOLDER", "Dicom", "ImageGate", "lint_dicom"]

Report = Callable[..., None]
Modality = Annotated[str, Setting(pattern=r"^[A-Z][A-Z0-9]{0,15}$", examples=["US"])]

FOLDER = "folder"
"""Stands among the attributes of an arm for a folder that the file lies in."""

ATTRIBUTES = (
    "SeriesDescription", "ProtocolName", "StudyDescription", "SeriesNumber", "Modality",
    "ImageType", "BodyPartExamined", "Manufacturer", "ManufacturerModelName",
    "DeviceSerialNumber", "SoftwareVersions", "StationName", FOLDER,
)  # fmt: skip
"""By what images are told to be of an arm."""

BURNED_IN = ("ES", "GM", "OP", "OT", "RF", "SC", "SM", "US", "XA", "XC")
"""Modalities whose images often carry names in their pixels; SC is any secondary capture."""

Pattern = Annotated[str, Setting(min_length=1, max_length=200)]


class ImageGate(Section):
    """Which files are not used, whatever else they say; see PS3.15 of the standard, annex E."""

    identity_removed: bool = Setting(
        default=True, description="whether a file has to say PatientIdentityRemoved = YES"
    )
    private_creators: Annotated[tuple[Words, ...], Setting(strict=False)] = Setting(
        default=(),
        description="makers of private attributes that may be there, such as SIEMENS MR HEADER",
    )
    burned_in: Annotated[tuple[Modality, ...], Setting(strict=False)] = Setting(
        default=BURNED_IN,
        description="modalities whose images are refused unless they say that nothing is burned in",
    )


class Dicom(Section):
    """How images of the sites are told apart, and which of them are used.

    An image is of an arm when one of the arm's alternatives fits: every attribute of it like its
    pattern, upper and lower case alike, ``*`` for anything, ``?`` for one character. A study with
    one arm needs none. Which site it is of follows from its subject.
    """

    subject: Literal["patient_id", "clinical_trial_subject_id", "folder"] = Setting(
        default="patient_id",
        description="where the code of the subject stands: PatientID, ClinicalTrialSubjectID, or "
        "the name of a folder",
    )
    arms: Mapping[
        Identifier,
        Annotated[tuple[Mapping[Words, Pattern], ...], Setting(strict=False, min_length=1)],
    ] = Setting(
        default_factory=dict,
        description="by arm, which images are of it",
        examples=[{"TEST": [{"SeriesDescription": "*DL*"}, {"folder": "fast"}]}],
    )
    gate: ImageGate = ImageGate()


def lint_dicom(draft: Draft, report: Report) -> None:
    """Report rules for images that cannot be used, and forms of headers without such rules."""
    written = "dicom" in draft.source.content
    of_headers = [form for form in draft.forms.values() if form.filled_by == HEADERS]
    for form in of_headers:
        index, use = draft.form_uses[form.id]
        if not written:
            report("dicom-missing", ("forms", index), form=form.id)
        for key in ("keys", "rows"):
            if getattr(use, key) is not None:
                report("dicom-form-keys", ("forms", index, key), form=form.id)
    if draft.dicom is None:
        return
    if not of_headers and len(draft.forms) == len(draft.written_items("forms")):
        report("dicom-form-missing", ("dicom",))
    arms = draft.written_items("arms")
    for arm in draft.dicom.arms:
        if arm not in arms:
            report("dicom-arm-unknown", ("dicom", "arms", arm), arm=arm, arms=", ".join(arms))
    if len(arms) > 1 and not draft.dicom.arms:
        report("dicom-arms-missing", ("dicom",), arms=", ".join(arms))
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for path, arm, alternative in _alternatives(draft.dicom):
        if not alternative:
            report("value-missing", path)
        for name in alternative:
            if name not in ATTRIBUTES:
                close = get_close_matches(name, ATTRIBUTES, n=1) or ATTRIBUTES
                report("yaml-key-unknown", (*path, name), key=name, allowed=", ".join(close))
        same = tuple(sorted((name, text.casefold()) for name, text in alternative.items()))
        if alternative and seen.setdefault(same, arm) != arm:
            report("dicom-arms-alike", path, arm=arm, other=seen[same])


def _alternatives(dicom: Dicom) -> Iterator[tuple[tuple[str | int, ...], str, Mapping[str, str]]]:
    for arm, alternatives in dicom.arms.items():
        for index, alternative in enumerate(alternatives):
            yield ("dicom", "arms", arm, index), arm, alternative

"""The words of what is read from headers, in the reader's language."""

from __future__ import annotations

from clinval.capture.writing.words import word
from clinval.core.i18n import language

__all__ = ["dicom_word"]


def dicom_word(group: str, name: str) -> str:
    """Return what people call a source, flag, confidence, quantity, refusal or kind of device.

    Parameters
    ----------
    group
        The part of the catalogue below ``dicom``: ``source``, ``flag``, ``confidence``,
        ``quantity``, ``refusal``, ``left_out`` or ``device``.
    name
        The word of the program.
    """
    return word(f"dicom.{group}.{name}").in_(language())

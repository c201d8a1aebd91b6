"""Why a file cannot be read."""

from __future__ import annotations

from typing import Literal

__all__ = ["Reason", "UnreadableError"]

Reason = Literal["not_dicom", "no_objects", "truncated", "damaged", "encrypted", "unreadable"]


class UnreadableError(Exception):
    """A file from which nothing is taken.

    ``reason`` is ``not_dicom`` (something else), ``no_objects`` (a DICOMDIR, which lists objects
    and holds none), ``truncated`` (it ends before its pixels, or before its end where it has
    none), ``damaged`` (its structure contradicts itself), ``encrypted``, or ``unreadable`` (the
    machine does not give its bytes, or its header is larger than any that is read). No part of
    the file is in the message: it may hold a name.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason

    def __reduce__(self) -> tuple[type[UnreadableError], tuple[Reason]]:
        return UnreadableError, (self.reason,)

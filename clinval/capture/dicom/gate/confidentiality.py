"""The attributes that de-identification removes, empties or replaces, and what we do about them.

`confidentiality.csv` has the rows of table E.1-1 of PS3.15 (basic application level
confidentiality profile): tag, keyword, the action of the basic profile (X removed, Z emptied, D
replaced by a dummy, U by another identifier), and how the gate handles it. Tags and actions are
those of edition 2026c as the program dicom-anonymizer 2.1 has them; the 432 rows that were in
edition 2020a agree with the extract dicom-standard 0.1, but for four that later editions changed.
How an attribute is handled follows the options of the profile (retain unique identifiers, device,
institution, patient characteristics, longitudinal times; clean descriptors, structured content)
where that extract names one; for rows that came later, and where a study needs what the profile
removes (what a trial writes itself), it is our decision.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, cast

__all__ = ["Handled", "Row", "rows"]

Handled = Literal[
    "empty",  # has to be empty, a dummy, or a code of the study
    "content",  # holds what cannot be looked into: a picture, a document
    "descriptions", "patient", "trial",  # is looked at as a text
    "institution",  # may be there: the study knows its sites
    "device",  # may be there: the study asks for it
    "dates",  # may be there: times are measured, and only spans of them leave the folder
    "uids",  # may be there, and leaves the folder as a hash
    "structure",  # what is in it is looked at by itself
    "technical",
]  # fmt: skip


class Row(NamedTuple):
    """One attribute: its numbers, its keyword, the action of the basic profile, ours."""

    tag: str
    keyword: str
    action: str
    handled: Handled


@functools.cache
def rows() -> Mapping[str, Row]:
    """Return the rows by the keyword of the attribute, and by its tag as a path writes it.

    Examples
    --------
    >>> rows()["PatientBirthDate"]
    Row(tag='0010,0030', keyword='PatientBirthDate', action='Z', handled='empty')
    >>> rows()["0010,0030"].keyword
    'PatientBirthDate'
    """
    path = Path(__file__).with_name("confidentiality.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))[1:]
    read = [Row(tag, word, action, cast("Handled", how)) for tag, word, action, how in lines]
    return {name: row for row in read for name in (row.keyword, row.tag)}

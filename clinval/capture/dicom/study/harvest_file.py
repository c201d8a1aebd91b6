"""The file in which what was read from headers goes to the sponsor: JSON Lines, a line a row.

The first line says of which study and site it is and how many files were read and left out; every
other line is a row of the form that headers fill. A value stands with its unit, its source, its
confidence, its flags and its parts: what each part was as it was written, and the files it rests
on, by their place in the line's list of hashes of SOPInstanceUIDs. Nothing in it tells whose it is:
no identifier but codes of the study and hashes, no date, no name of a file.

The same rows give the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from clinval import __version__
from clinval.capture.layout import LONGEST_TEXT
from clinval.core.files import canonical_json

if TYPE_CHECKING:
    from clinval.capture.dicom.measured import Measured
    from clinval.capture.dicom.study.rows import Row, Value
    from clinval.protocol.model import Protocol

__all__ = ["FORMAT", "HASH", "KIND", "harvest_file_name", "harvest_text", "hash_over"]

FORMAT = 1
KIND = "clinval-dicom"
"""By which the first line is known."""

_DATE = re.compile(r"(?<![\d.])(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_TIMES = ("scan_time", "examination_time")

HASH = re.compile(r"[0-9a-f]{32}", re.ASCII)
"""The hash of an identifier, see `clinval.capture.dicom.instance.hash_of_uid`."""


def harvest_file_name(site: str) -> str:
    """Return the name of the file of a site: ``S01_dicom.jsonl``."""
    return f"{site}_dicom.jsonl"


def harvest_text(
    rows: Iterable[Row],
    site: str,
    protocol: Protocol,
    *,
    protocol_sha256: str,
    counts: Mapping[str, int] | None = None,
) -> str:
    """Return the file of a site; the same arguments give the same text.

    Parameters
    ----------
    rows
        Rows of `rows_of_harvest`; those of other sites are left out.
    site
        The site.
    protocol
        The study.
    protocol_sha256
        Hash of the protocol file.
    counts
        How many files were read, refused and left out, by reason.
    """
    own = [row for row in rows if row.site == site]
    head = {
        "kind": KIND,
        "format": FORMAT,
        "clinval": __version__,
        "study": protocol.study.id,
        "protocol_version": protocol.study.version,
        "protocol_sha256": protocol_sha256,
        "site": site,
        "rows": len(own),
        "counts": dict(sorted((counts or {}).items())),
    }
    return "".join(f"{canonical_json(line)}\n" for line in (head, *map(_line, own)))


def hash_over(instances: Iterable[str]) -> str:
    r"""Return the hash over hashes of files, in whatever order they come.

    Examples
    --------
    >>> hash_over(["b" * 32, "a" * 32]) == hash_over(["a" * 32, "b" * 32, "a" * 32])
    True
    """
    return hashlib.sha256("\n".join(sorted(set(instances))).encode()).hexdigest()


def _line(row: Row) -> dict[str, Any]:
    place = {uid: index for index, uid in enumerate(row.instances)}
    return {
        "subject_id": row.subject,
        "arm": row.arm,
        "values": {name: _value(value, place) for name, value in row.values.items()},
        "instances": list(row.instances),
        "instances_sha256": hash_over(row.instances),
    }


def _value(value: Value, place: Mapping[str, int]) -> dict[str, Any]:
    content: dict[str, Any] = {
        "value": value.value,
        "unit": value.unit,
        "source": value.source,
        "confidence": value.confidence or "",
        "flags": list(value.flags),
        "parts": [_part(part, place) for part in value.parts],
    }
    return {name: said for name, said in content.items() if name == "value" or said}


def _part(part: Measured, place: Mapping[str, int]) -> dict[str, Any]:
    content: dict[str, Any] = {
        "quantity": part.quantity,
        "value": part.value,
        "unit": part.unit,
        "source": part.source,
        "confidence": part.confidence,
        "scope": part.scope,
        "original": _without_dates(part)[:LONGEST_TEXT],
        "flags": list(part.flags),
        "others": [list(other) for other in part.others],
        "study": part.study,
        "series": part.series,
        "event": part.event,
        "instances": [place[uid] for uid in part.instances],
    }
    return {name: said for name, said in content.items() if name == "value" or said}


def _without_dates(part: Measured) -> str:
    """Return what was written, where it is a time without the day that it was on."""
    return _DATE.sub("", part.original) if part.quantity in _TIMES else part.original

"""All mistakes, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clinval.capture.corruption.files import FILES, VERSIONS
from clinval.capture.corruption.identifiers import IDENTIFIERS
from clinval.capture.corruption.mistake import Mistake
from clinval.capture.corruption.moments import MOMENTS
from clinval.capture.corruption.numbers import NUMBERS
from clinval.capture.corruption.relations import RELATIONS
from clinval.capture.corruption.rows import ROWS, SILENT
from clinval.capture.corruption.structure import HEADINGS, SHEETS
from clinval.capture.corruption.words import CODES, MISSING, TEXTS

__all__ = ["MISTAKES"]

MISTAKES: Mapping[str, Mistake] = MappingProxyType(
    {
        mistake.id: mistake
        for table in (
            FILES, VERSIONS, SHEETS, HEADINGS, ROWS, IDENTIFIERS, NUMBERS, MOMENTS, CODES,
            MISSING, TEXTS, RELATIONS, SILENT,
        )
        for mistake in table
    }
)  # fmt: skip
"""Each mistake by its name, in the order of the report."""

"""The audiences that there are reports for, and the checklists that reports may be held to."""

from __future__ import annotations

import functools
import re

from clinval.core.resources import folder

__all__ = ["audiences", "checklists"]

_SECTIONS = re.compile(r"^sections:", re.MULTILINE)


@functools.cache
def audiences() -> tuple[str, ...]:
    """Return the audiences in order of their names: a file in ``reports/`` that has sections."""
    return tuple(
        path.stem
        for path in sorted(folder("reports").glob("*.yaml"))
        if _SECTIONS.search(path.read_text(encoding="utf-8"))
    )


@functools.cache
def checklists() -> tuple[str, ...]:
    """Return the ids of the checklists that there are, in order."""
    return tuple(sorted(path.stem for path in (folder("reports") / "checklists").glob("*.yaml")))

"""The audiences that there are reports for."""

from __future__ import annotations

import functools
import re

from clinval.core.resources import folder

__all__ = ["audiences"]

_SECTIONS = re.compile(r"^sections:", re.MULTILINE)


@functools.cache
def audiences() -> tuple[str, ...]:
    """Return the audiences in order of their names: a file in ``reports/`` that has sections."""
    return tuple(
        path.stem
        for path in sorted(folder("reports").glob("*.yaml"))
        if _SECTIONS.search(path.read_text(encoding="utf-8"))
    )

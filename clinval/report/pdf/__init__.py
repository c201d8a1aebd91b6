"""The PDF writer: a neutral document becomes pages."""

from __future__ import annotations

from clinval.report.pdf.writer import write

__all__ = ["write"]

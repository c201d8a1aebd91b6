"""Small tables on the terminal."""

from __future__ import annotations

__all__ = ["table"]


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Return a table line by line, columns as wide as what is in them."""
    widths = [max(_width(row[column]) for row in [header, *rows]) for column in range(len(header))]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        for row in [header, *rows]
    ]


def _width(text: str) -> int:
    """Return the columns a text takes on a terminal: two for a Chinese character."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)

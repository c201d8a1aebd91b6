"""Find the data folders that stand beside the package: protocols, site_templates, reports."""

from __future__ import annotations

from pathlib import Path

__all__ = ["folder"]

_PACKAGE = Path(__file__).resolve().parents[1]


def folder(name: str) -> Path:
    """Return a data folder, in an installed package and in a checkout alike.

    Parameters
    ----------
    name
        ``protocols``, ``site_templates`` or ``reports``.

    Raises
    ------
    FileNotFoundError
        When the installation is incomplete.

    Examples
    --------
    >>> (folder("site_templates") / "F01_site.yaml").is_file()
    True
    """
    for candidate in (_PACKAGE / "data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"clinval is installed without its folder {name!r}: install it again")

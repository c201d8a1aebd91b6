"""The whole document of a report: composed, with its logo and, where they belong, the results."""

from __future__ import annotations

from pathlib import Path

from clinval.app.logo import read_logo, with_logo
from clinval.core.records import Results
from clinval.protocol.model import Protocol
from clinval.report.blocks import Document
from clinval.report.profile import Profile, attached, compose

__all__ = ["document_of"]


def document_of(
    profile: Profile,
    protocol: Protocol,
    results: Results,
    language: str,
    site: str = "",
    *,
    results_path: Path,
    beside: Path,
) -> Document:
    """Return what is written into a report's file, and what a proof draws again.

    Parameters
    ----------
    profile, protocol, results, language, site
        As for :func:`clinval.report.profile.compose`.
    results_path
        The file of the results, which some reports carry.
    beside
        The folder of the protocol, in which its logo lies.

    Raises
    ------
    ReportError
        When the logo cannot be read.
    """
    document = compose(profile, protocol, results, language, site)
    document = with_logo(document, read_logo(beside, protocol))
    return attached(document, profile, results_path.read_bytes())

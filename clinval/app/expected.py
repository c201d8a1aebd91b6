"""What each report of a study should be: composed and drawn again from results and protocol."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from clinval.app.documents import document_of
from clinval.core.errors import ReportError
from clinval.core.i18n import LANGUAGES
from clinval.core.problems import Place
from clinval.core.records import Results
from clinval.protocol.model import Protocol
from clinval.report.blocks import Document
from clinval.report.profile import Profile, audiences
from clinval.report.proof.comparing import drawings
from clinval.report.proof.reading import Reading, read

__all__ = ["Expected", "ReportName", "Reports", "named", "names_of"]


class ReportName(NamedTuple):
    """Which report: for whom, of which site (empty for all), in which language."""

    audience: str
    site: str
    language: str

    def __str__(self) -> str:
        return Profile.load(self.audience).file_name(self.language, self.site)


def named(name: str) -> ReportName | None:
    """Return which report a file is by its name, ``None`` where the name does not say.

    Examples
    --------
    >>> str(named("reports/hospital.en.pdf")), named("001_Report.pdf")
    ('hospital.en', None)
    """
    plain = Path(name).name.removesuffix(".pdf")
    for audience in audiences():
        pattern = re.escape(Profile.load(audience).file.name)
        pattern = pattern.replace(r"\{language\}", f"(?P<language>{'|'.join(LANGUAGES)})")
        pattern = pattern.replace(r"\{site\}", "(?P<site>.+)")
        found = re.fullmatch(pattern, plain)
        if found:
            parts = {"site": "", **found.groupdict()}
            return ReportName(audience, parts["site"], parts["language"])
    return None


def names_of(protocol: Protocol, wanted: Iterable[tuple[str, str]]) -> list[ReportName]:
    """Return the reports that pairs of audience and language stand for: one each, or one a site.

    Audiences that there are none of are left out.
    """
    return [
        ReportName(audience, site, language)
        for audience, language in wanted
        if audience in audiences()
        for site in (
            [site.id for site in protocol.sites] if Profile.load(audience).each_site else [""]
        )
    ]


@dataclass(frozen=True)
class Expected:
    """A report as it should be."""

    document: Document

    @cached_property
    def content(self) -> bytes:
        """The bytes of the file."""
        from clinval.report.pdf.writer import write

        with tempfile.TemporaryDirectory(prefix="clinval-") as folder:
            path = Path(folder) / "report.pdf"
            write(self.document, path)
            return path.read_bytes()

    @cached_property
    def reading(self) -> Reading:
        """What the file says."""
        return read(self.content)

    @cached_property
    def drawings(self) -> list[str]:
        """A hash of what is drawn on each page."""
        return drawings(self.content)


class Reports:
    """The reports of a study, each composed when it is asked for and kept.

    Parameters
    ----------
    protocol, results
        What they are made from.
    results_path
        The file of the results, which some reports carry.
    beside
        The folder of the protocol, in which its logo lies.
    """

    def __init__(
        self, protocol: Protocol, results: Results, *, results_path: Path, beside: Path
    ) -> None:
        self.protocol = protocol
        self.results = results
        self._results_path = results_path
        self._beside = beside
        self._made: dict[ReportName, Expected] = {}

    def of(self, name: ReportName) -> Expected:
        """Return a report as it should be.

        Raises
        ------
        ReportError
            When it cannot be composed of these results and this protocol.
        """
        if name not in self._made:
            try:
                profile = Profile.load(name.audience)
                document = document_of(
                    profile, self.protocol, self.results, name.language, name.site,
                    results_path=self._results_path, beside=self._beside,
                )  # fmt: skip
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                place = Place(file=f"{name}.pdf")
                detail = f"{type(error).__name__}: {error}"
                raise ReportError.of("report-not-composed", place, detail=detail) from error
            self._made[name] = Expected(document)
        return self._made[name]

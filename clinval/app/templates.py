"""Write what sites fill in: workbooks, and the same forms for REDCap, XLSForm, ODM and on paper."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.folder import StudyFolder
from clinval.app.translations import catalogues_of, languages_of
from clinval.core.errors import UsageError
from clinval.core.files import write
from clinval.core.problems import Place, Problems
from clinval.core.progress import SILENT, Progress

if TYPE_CHECKING:
    from clinval.capture.instrument import Instrument
    from clinval.protocol.model import Protocol

__all__ = ["FORMATS", "write_templates"]

FORMATS = ("xlsx", "redcap", "xlsform", "odm", "crf")
"""The formats of templates; ``xlsx`` is the workbook."""


def write_templates(
    folder: StudyFolder,
    sites: Sequence[str] = (),
    progress: Progress = SILENT,
    *,
    formats: Sequence[str] = ("xlsx",),
    languages: Sequence[str] = (),
    problems: Problems | None = None,
) -> list[Path]:
    """Write what sites fill in into ``templates/`` and return the paths.

    Parameters
    ----------
    folder
        The study.
    sites
        Ids of sites; all where none are named.
    progress
        Where progress is shown.
    formats
        Which of `FORMATS`.
    languages
        Languages of each output, such as ``en``, ``zh`` or ``en+zh`` for both side by side; those
        of the sites where none are named. A workbook then has English and Chinese.
    problems
        Where texts without translation are named.

    Raises
    ------
    UsageError
        When a site is named that the protocol does not have, a format that is none of `FORMATS`,
        or a language that has no catalogue.
    """
    protocol = folder.protocol()
    known = [site.id for site in protocol.sites]
    unknown = [site for site in sites if site not in known]
    if unknown:
        place = Place(file=folder.protocol_path.name)
        raise UsageError.of("site-not-found", place, site=unknown[0], sites=", ".join(known))
    for name in formats:
        if name not in FORMATS:
            place = Place(file="--format")
            raise UsageError.of(
                "template-format-unknown", place, format=name, formats=", ".join(FORMATS)
            )
    found = Problems() if problems is None else problems
    making = _Making(folder, protocol, list(sites) or known, languages, found)
    outputs = [output for name in dict.fromkeys(formats) for output in making.outputs(name)]
    written = []
    for output in progress.steps(outputs, "templates"):
        written += output()
    return written


_SIDE_BY_SIDE = 2  # languages that a workbook has room for
_Output = Callable[[], "list[Path]"]


@dataclass(frozen=True, slots=True)
class _Making:
    """Knows which files there are to write."""

    folder: StudyFolder
    protocol: Protocol
    sites: Sequence[str]
    languages: Sequence[str]
    problems: Problems

    def outputs(self, name: str) -> Iterator[_Output]:
        """Yield what writes the files of a format, one by one."""
        if name in ("redcap", "odm"):
            for languages in self._languages(self.sites):
                yield functools.partial(self._folder, name, languages)
            return
        one = {"xlsx": self._workbook, "xlsform": self._xlsform, "crf": self._paper}[name]
        for site in self.sites:
            ordinary = name == "xlsx" and not self.languages
            for languages in [()] if ordinary else self._languages([site]):
                yield functools.partial(one, site, languages)

    def _languages(self, sites: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the languages of each output: as asked for, or those of the sites."""
        if self.languages:
            return [languages_of(written) for written in dict.fromkeys(self.languages)]
        spoken = {self.protocol.site(site).language: None for site in sites}
        return [tuple(sorted(spoken))]

    def _made(self, site: str | None, languages: tuple[str, ...]) -> Instrument:
        from clinval.capture.instrument import instrument

        made = instrument(
            self.protocol,
            site,
            protocol_sha256=self.folder.protocol_sha256(),
            languages=languages,
            catalogues=catalogues_of(self.folder.translations, languages),
            sites=() if site else self.sites,
        )
        for language, texts in made.untranslated.items():
            self._list_untranslated(language, texts)
        return made

    def _list_untranslated(self, language: str, texts: Sequence[str]) -> None:
        """Write what is to be translated, ready to be filled, and say so."""
        from clinval.capture.said import fixed_texts

        known = catalogues_of(self.folder.translations, [language])[language]
        left = [*texts, *(text for text in fixed_texts() if not known.get(text))]
        path = self.folder.templates / f"{language}_untranslated.yaml"
        lines = (f'{json.dumps(text, ensure_ascii=False)}: ""\n' for text in dict.fromkeys(left))
        write(path, "".join(lines))
        self.problems.report(
            "texts-untranslated",
            Place(file=f"{language}.yaml"),
            language=language,
            count=len(texts),
            text=texts[0],
            file=f"{self.folder.templates.name}/{path.name}",
        )

    def _path(self, made: Instrument, kind: str, suffix: str) -> Path:
        whom = made.site or made.study
        name = f"{whom}_{kind}_{'+'.join(made.languages)}_v{made.version}{suffix}"
        return self.folder.templates / name

    def _workbook(self, site: str, languages: tuple[str, ...]) -> list[Path]:
        from clinval.capture.template import write_template

        path, catalogues = self.folder.templates / f"{site}.xlsx", None
        if languages:
            if len(languages) > _SIDE_BY_SIDE:
                place, written = Place(file="--lang"), "+".join(languages)
                raise UsageError.of("too-many-languages", place, languages=written)
            made = self._made(site, languages)
            path, catalogues = self._path(made, "xlsx", ".xlsx"), made.catalogues
        write_template(
            self.protocol,
            site,
            path,
            protocol_sha256=self.folder.protocol_sha256(),
            languages=languages,
            catalogues=catalogues,
        )
        return [path]

    def _folder(self, name: str, languages: tuple[str, ...]) -> list[Path]:
        """Write the files of a format that is for all sites together, into a folder."""
        from clinval.capture.odm import odm_files
        from clinval.capture.redcap import redcap_files

        made = self._made(None, languages)
        home = self._path(made, name, "")
        for file, text in {"redcap": redcap_files, "odm": odm_files}[name](made).items():
            write(home / file, text)
        return [home]

    def _xlsform(self, site: str, languages: tuple[str, ...]) -> list[Path]:
        from clinval.capture.xlsform import xlsform

        made = self._made(site, languages)
        path = self._path(made, "xlsform", ".xlsx")
        write(path, xlsform(made))
        return [path]

    def _paper(self, site: str, languages: tuple[str, ...]) -> list[Path]:
        from clinval.app.crf import paper_forms
        from clinval.report.pdf.writer import write as write_pdf

        made = self._made(site, languages)
        path = self._path(made, "crf", ".pdf")
        write_pdf(paper_forms(made), path)
        return [path]

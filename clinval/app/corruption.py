"""Rehearse what sites get wrong: mistakes made on purpose in clean returns, and which are told."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.app.clean_returns import clean_returns
from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.returned_files import take
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress
from clinval.study.store import StudyStore

if TYPE_CHECKING:
    from clinval.capture.corruption.mistake import CellMistake, Hand, Mistake
    from clinval.capture.corruption.spoiling import Injection
    from clinval.study.returns import Defect

__all__ = ["CorruptionReport", "Line", "as_data", "rehearse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one kind of mistake: where it was made, and where nothing was told of it."""

    mistake: Mistake
    places: tuple[str, ...]
    untold: tuple[str, ...]
    false_alarms: tuple[Defect, ...]

    @property
    def injected(self) -> int:
        """How often it was made."""
        return len(self.places)

    @property
    def caught(self) -> int:
        """How often it was told."""
        return len(self.places) - len(self.untold)

    @property
    def missed(self) -> int:
        """How many could have been known and were not told."""
        return len(self.untold) if self.mistake.known else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptionReport:
    """What became of all mistakes, and of the workbooks without one.

    ``on_clean`` are findings in workbooks without a mistake, ``findings`` counts those of the
    spoilt ones.
    """

    seed: int
    lines: tuple[Line, ...]
    findings: int
    on_clean: tuple[Defect, ...]
    clean_rows: int

    @property
    def recall(self) -> float:
        """Share of the mistakes that can be known and were told."""
        known = [line for line in self.lines if line.mistake.known]
        injected = sum(line.injected for line in known)
        return sum(line.caught for line in known) / injected if injected else 1.0

    @property
    def precision(self) -> float:
        """Share of the findings that are about a mistake that was made."""
        false = sum(len(line.false_alarms) for line in self.lines) + len(self.on_clean)
        return 1 - false / (self.findings + len(self.on_clean)) if self.findings else 1.0


def rehearse(
    folder: StudyFolder,
    *,
    seed: int = 1,
    kinds: Sequence[str] = (),
    times: int = 3,
    progress: Progress = SILENT,
) -> CorruptionReport:
    """Return which mistakes are told when they are made in what a study has stored.

    The rows that the study has, without any that something is asked about, are written into new
    workbooks; these are spoilt, read and checked in a folder of their own. The study itself is
    not touched.

    Parameters
    ----------
    folder
        A study with data.
    seed
        Of the places at which mistakes are made, and of what is written there.
    kinds
        Names of mistakes, or of families; all where none are named.
    times
        How often a mistake in a cell is made, each time at another place.

    Raises
    ------
    UsageError
        When the study has no rows without findings, or a name is not known.
    """
    chosen = _chosen(kinds)
    with tempfile.TemporaryDirectory() as scratch:
        rehearsal = _Rehearsal(folder, Path(scratch), seed, times)
        return rehearsal.report(chosen, progress)


def as_data(report: CorruptionReport) -> dict[str, Any]:
    """Return a report as numbers and texts that JSON can hold."""
    return {
        "seed": report.seed,
        "recall": report.recall,
        "precision": report.precision,
        "findings": report.findings,
        "clean_rows": report.clean_rows,
        "false_alarms_on_clean": [defect.problem.line("en") for defect in report.on_clean],
        "mistakes": [
            {
                "id": line.mistake.id,
                "family": line.mistake.family,
                "what": line.mistake.what.en,
                "what_zh": line.mistake.what.in_("zh"),
                "known": line.mistake.known,
                "made": line.injected,
                "told": line.caught,
                "missed": line.missed,
                "missed_at": list(line.untold) if line.mistake.known else [],
                "false_alarms": [defect.problem.line("en") for defect in line.false_alarms],
            }
            for line in report.lines
        ],
    }


def _chosen(kinds: Sequence[str]) -> list[Mistake]:
    from clinval.capture.corruption.catalogue import MISTAKES

    families = {mistake.family for mistake in MISTAKES.values()}
    for kind in kinds:
        if kind not in MISTAKES and kind not in families:
            place = Place(file="corruption-report")
            names = ", ".join((*sorted(families), *MISTAKES))
            raise UsageError.of("mistake-unknown", place, name=kind, names=names)
    return [
        mistake
        for mistake in MISTAKES.values()
        if not kinds or mistake.id in kinds or mistake.family in kinds
    ]


class _Rehearsal:
    """Makes mistakes in the clean workbooks of one study."""

    def __init__(self, folder: StudyFolder, scratch: Path, seed: int, times: int) -> None:
        self._protocol = folder.protocol()
        self._protocol_path = folder.protocol_path
        self._scratch = scratch
        self._seed = seed
        self._times = times
        self._clean = clean_returns(folder, scratch / "clean")
        if not self._clean:
            raise UsageError.of("nothing-to-rehearse", Place(file=folder.root.name or "."))

    def _hand(self, site: str) -> Hand:
        from clinval.capture.corruption.mistake import Hand

        clean = self._clean[site]
        return Hand(
            protocol=self._protocol,
            site=site,
            frames=clean.frames,
            content=clean.content,
            clean=clean.file,
        )

    # ------------------------------------------------------------------ mistakes

    def report(self, mistakes: Sequence[Mistake], progress: Progress) -> CorruptionReport:
        from clinval.capture.corruption.mistake import CellMistake

        on_clean = self._ingested({site: clean.file for site, clean in self._clean.items()})
        tally = _Tally()
        in_cells = [mistake for mistake in mistakes if isinstance(mistake, CellMistake)]
        others = [mistake for mistake in mistakes if not isinstance(mistake, CellMistake)]
        smallest = min(self._clean, key=lambda site: len(self._clean[site].file))
        for mistake in progress.steps(others, "mistakes in files"):
            tally.add(*self._spoilt_file(mistake, smallest))
        self._spoil_cells(in_cells, tally)
        return CorruptionReport(
            seed=self._seed,
            lines=tuple(tally.line(mistake) for mistake in mistakes),
            findings=tally.findings,
            on_clean=tuple(on_clean),
            clean_rows=sum(
                len(rows) for clean in self._clean.values() for rows in clean.content.values()
            ),
        )

    def _draw(self, *about: object) -> random.Random:
        return random.Random(f"{self._seed} {' '.join(map(str, about))}")  # noqa: S311

    def _spoilt_file(self, mistake: Mistake, site: str) -> tuple[list[Injection], list[Defect]]:
        from clinval.capture.corruption.mistake import FileMistake, SheetMistake
        from clinval.capture.corruption.spoiling import Injection

        hand, draw, form = self._hand(site), self._draw(mistake.id), ""
        path = self._scratch / "spoilt" / f"{site}.xlsx"
        path.parent.mkdir(exist_ok=True)
        try:
            if isinstance(mistake, SheetMistake):
                form = mistake.spoil(hand, draw)
                hand.book.save(path)
            elif isinstance(mistake, FileMistake):
                path.write_bytes(mistake.spoil(hand, draw))
        except (LookupError, StopIteration):  # the study has no such form, field or other site
            return [], []
        taken = take(path, StudyFolder(self._scratch / "single"), self._protocol)
        defects = [defect for returned in taken.returns for defect in returned.defects]
        return [Injection(mistake=mistake, file=path.name, form=form)], defects

    def _spoil_cells(self, mistakes: Sequence[CellMistake], tally: _Tally) -> None:
        """Make every mistake in a cell, as many in a workbook as it has rows for."""
        left = [mistake for mistake in mistakes for _ in range(self._times)]
        turn = 0
        while left:
            draw = self._draw("cells", turn)
            left, made, files = self._spoilt_workbooks(left, draw)
            if not made:
                return
            tally.add(made, self._ingested(files))
            turn += 1

    def _spoilt_workbooks(
        self, mistakes: Sequence[CellMistake], draw: random.Random
    ) -> tuple[list[CellMistake], list[Injection], dict[str, bytes]]:
        """Return the mistakes that found no room, those made, and the spoilt workbooks."""
        import io

        from clinval.capture.corruption.spoiling import Places

        places = [Places(hand=self._hand(site), file=f"{site}.xlsx") for site in self._clean]
        left, made = [], []
        for mistake in draw.sample(mistakes, len(mistakes)):
            tried = (place.spoil(mistake, draw) for place in draw.sample(places, len(places)))
            injection = next((one for one in tried if one is not None), None)
            if injection is None:
                left.append(mistake)
            else:
                made.append(injection)
        files = {}
        for place in places:
            buffer = io.BytesIO()
            place.hand.book.save(buffer)
            files[place.hand.site] = buffer.getvalue()
        return left, made, files

    def _ingested(self, files: Mapping[str, bytes]) -> list[Defect]:
        """Return what is found when workbooks are taken into a study of their own."""
        from clinval.study.study_checks import study_findings

        with tempfile.TemporaryDirectory(dir=self._scratch) as root:
            folder = StudyFolder(Path(root))
            folder.inbox.mkdir()
            shutil.copyfile(self._protocol_path, folder.protocol_path)
            for site, content in files.items():
                (folder.inbox / f"{site}.xlsx").write_bytes(content)
            with StudyStore(folder.store_path, self._protocol.study.id) as store:
                found = [
                    defect for taken in ingest(folder, store=store) for defect in taken.defects
                ]
                return found + [defect for _, defect in study_findings(self._protocol, store)]


class _Tally:
    """Counts what was told of which mistake."""

    def __init__(self) -> None:
        self.findings = 0
        self._made: dict[str, list[Injection]] = {}
        self._told: dict[str, list[Injection]] = {}
        self._false: dict[str, list[Defect]] = {}

    def add(self, made: list[Injection], defects: list[Defect]) -> None:
        """Count mistakes that were made together, and all that was found in their files."""
        from clinval.capture.corruption.spoiling import told

        self.findings += len(defects)
        for defect in defects:
            if not any(injection.explains(defect) for injection in made):
                for name in _nearest(made, defect):
                    self._false.setdefault(name, []).append(defect)
        harmless = [one for one in made if one.mistake.known and not one.mistake.says]
        for injection in made:
            self._made.setdefault(injection.mistake.id, []).append(injection)
        for injection in [*told(made, defects), *(() if defects else harmless)]:
            self._told.setdefault(injection.mistake.id, []).append(injection)

    def line(self, mistake: Mistake) -> Line:
        """Return the line of a mistake."""
        made, caught = self._made.get(mistake.id, []), self._told.get(mistake.id, [])
        return Line(
            mistake=mistake,
            places=tuple(map(str, made)),
            untold=tuple(str(one) for one in made if one not in caught),
            false_alarms=tuple(self._false.get(mistake.id, ())),
        )


def _nearest(made: Iterable[Injection], defect: Defect) -> list[str]:
    """Return the mistake that a false alarm is counted with: of its row, else of its file."""
    file, form = defect.problem.place.file, defect.form
    ranked = sorted(
        made,
        key=lambda one: (
            one.file != file,
            one.form != form,
            abs(one.row - int("".join(filter(str.isdigit, defect.problem.place.cell)) or 0)),
        ),
    )
    return [one.mistake.id for one in ranked[:1]]

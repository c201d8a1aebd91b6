"""Compare mask files of a test with those of a reference, case by case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinval.capture.masks.grid import on_one_grid
from clinval.capture.masks.reading import case_of, is_mask_name, read_mask
from clinval.core.errors import SubmissionError, UsageError
from clinval.core.problems import Place, Problem
from clinval.core.progress import SILENT, Progress

__all__ = ["COLUMNS", "Compared", "compare_masks"]

COLUMNS = (
    "case",
    "label",
    "dice",
    "jaccard",
    "sensitivity",
    "precision",
    "volume_test",
    "volume_reference",
    "volume_difference",
    "hausdorff",
    "hausdorff_95",
    "mean_surface_distance",
    "surface_dice",
    "unit",
    "note",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One row a case and label in order of ``COLUMNS``, and what is wrong with files."""

    rows: tuple[tuple[str | float | None, ...], ...]
    problems: tuple[Problem, ...]


def compare_masks(
    test: Path,
    reference: Path,
    *,
    labels: Sequence[int] = (),
    spacing: Sequence[float] | None = None,
    tolerance: float | None = None,
    progress: Progress = SILENT,
) -> Compared:
    """Return overlap and surface distances of every pair of mask files.

    Parameters
    ----------
    test, reference
        Two files, or two folders whose files have the same names (formats may differ).
    labels
        Labels to compare, each by itself; without one all that is not 0 is one object.
    spacing
        Distance of neighbouring voxels on each axis for files that do not know it (.npy).
    tolerance
        Distance up to which surfaces count as the same, for the surface Dice.
    progress
        Told how many pairs are done.

    Raises
    ------
    UsageError
        When there is no pair, or a library for a format is missing.
    """
    pairs, problems = _pairs(test, reference)
    if not pairs:
        raise UsageError.of("no-masks", Place(file=test.name))
    rows = []
    for case, of_test, of_reference in progress.steps(pairs, "overlap", len(pairs)):
        for label in labels or (None,):
            try:
                rows.append(_row(case, label, (of_test, of_reference), spacing, tolerance))
            except SubmissionError as error:
                problems.extend(error.problems)
    return Compared(rows=tuple(rows), problems=tuple(problems))


def _pairs(test: Path, reference: Path) -> tuple[list[tuple[str, Path, Path]], list[Problem]]:
    """Return the pairs by case, and a problem for each file without its partner."""
    if not (test.is_dir() and reference.is_dir()):
        return [(case_of(test.name), test, reference)], []
    problems: list[Problem] = []
    found = [_by_case(folder, problems) for folder in (test, reference)]
    for one, other in ((0, 1), (1, 0)):
        problems.extend(
            Problem(kind="mask-without-partner", place=Place(file=path.name), parameters={})
            for case, path in found[one].items()
            if case not in found[other]
        )
    both = sorted(found[0].keys() & found[1].keys())
    return [(case, found[0][case], found[1][case]) for case in both], problems


def _by_case(folder: Path, problems: list[Problem]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in sorted(_mask_files(folder)):
        case = case_of(path.name)
        if case in files:
            other = {"other": files[case].name}
            problems.append(
                Problem(kind="mask-twice", place=Place(file=path.name), parameters=other)
            )
        else:
            files[case] = path
    return files


def _mask_files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.iterdir() if path.is_file() and is_mask_name(path.name))


def _row(
    case: str,
    label: int | None,
    files: tuple[Path, Path],
    spacing: Sequence[float] | None,
    tolerance: float | None,
) -> tuple[str | float | None, ...]:
    from clinval.stats.accuracy.segmentation import overlap, surface_distance

    test, reference = (read_mask(path, label) for path in files)
    place = Place(file=files[0].name)
    aligned = on_one_grid(test, reference, place)
    steps = aligned.spacing or spacing
    try:
        shares = overlap(aligned.test, aligned.reference, spacing=steps)
        distances = surface_distance(
            aligned.test, aligned.reference, spacing=steps, tolerance=tolerance
        )
    except ValueError as error:
        raise SubmissionError.of("mask-unreadable", place, detail=str(error)) from error
    return (
        case,
        "" if label is None else str(label),
        shares.dice,
        shares.jaccard,
        shares.sensitivity,
        shares.precision,
        shares.volume_test,
        shares.volume_reference,
        shares.volume_difference,
        distances.hausdorff,
        distances.hausdorff_95,
        distances.mean_surface_distance,
        distances.surface_dice,
        "mm" if aligned.spacing else "",
        shares.reason,
    )

"""What simulations of reader studies are told, checked."""

from __future__ import annotations

from collections.abc import Sequence

from clinval.stats._checks import check_level, check_option, finite
from clinval.stats.planning._reader_study_power import whole_number
from clinval.stats.reader_study._roe_metz import STRUCTURES, Latent, of_structure

__all__ = ["METRICS", "both_classes", "both_expected", "latent_of_arguments", "seed_of", "ties_of"]

METRICS = ("auc", "sensitivity", "specificity")
_MOST_CATEGORIES = 1000


def both_expected(reference: float, test: float) -> tuple[float, float]:
    return check_level(reference, "auc_reference"), check_level(test, "auc_test")


def both_classes(diseased: int, nondiseased: int) -> tuple[int, int]:
    return (
        whole_number("n_diseased", diseased, 2),
        whole_number("n_nondiseased", nondiseased, 2),
    )


def seed_of(seed: int) -> int:
    return whole_number("seed", seed, 0)


def ties_of(categories: int | None) -> int | None:
    if categories is None:
        return None
    found = whole_number("categories", categories, 2)
    if found > _MOST_CATEGORIES:
        raise ValueError(f"categories must be {_MOST_CATEGORIES} or fewer, not {categories!r}")
    return found


def latent_of_arguments(
    structure: str, variances: Sequence[float] | None, b: float, accuracies: tuple[float, float]
) -> Latent:
    """Return variances of scores from a structure or as they are given."""
    ratio = finite("b", b)
    if ratio <= 0:
        raise ValueError(f"b must be above 0, not {b!r}")
    if variances is None:
        check_option("structure", structure, STRUCTURES)
        return of_structure(structure, sum(accuracies) / 2, ratio)
    given = [finite("variances", value) for value in variances]
    if len(given) != 6 or min(given) < 0 or sum(given[2:]) <= 0:
        raise ValueError(
            "variances must be six numbers, none negative: reader, reader by modality, case, "
            "case by modality, reader by case, rest"
        )
    case, case_modality, reader_case, error = (value / sum(given[2:]) for value in given[2:])
    return Latent(
        reader=given[0],
        reader_modality=given[1],
        case=case,
        case_modality=case_modality,
        reader_case=reader_case,
        error=error,
        b=ratio,
    )

"""From a figure of merit of every reader and modality to the reader model's answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.stats._checks import NotEstimableError, check_level, check_option, finite
from clinval.stats.reader_study._analysis import plain_array
from clinval.stats.reader_study._covariance import jackknife_of, unknown
from clinval.stats.reader_study._designs import Design, recognised
from clinval.stats.reader_study._free_response import FIGURES, Merit
from clinval.stats.reader_study._marks import coded_marks
from clinval.stats.reader_study._model import ALTERNATIVES, RANDOM, Model, reader_model
from clinval.stats.reader_study._reader_study import (
    INCOMPLETE,
    NO_VARIANCE,
    ONE_MODALITY,
    ONE_READER,
    ReaderStudy,
    ReaderStudyTest,
    Row,
    Table,
    by_reader,
    margin_tested,
    negative_components,
    of_model,
)
from clinval.stats.reader_study._reads import Reads, place_of

if TYPE_CHECKING:
    from clinval.stats._checks import Labels, Numbers
    from clinval.stats.reader_study._marks import Marks

__all__ = ["FreeResponse", "FreeResponseTest", "Tables", "analysed", "tested"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeResponse(ReaderStudy):
    """A figure of merit, test minus reference, with all that the reader model holds.

    ``fom_by_modality`` and ``fom_by_reader_modality`` are the figures; everything else is as in
    the analysis of scores.
    """

    fom_by_modality: Row | None = None
    fom_by_reader_modality: Table | None = None
    n_lesions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeResponseTest(ReaderStudyTest):
    """A test of a difference of figures of merit against a margin, with its interval."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a study, as the public functions are given them.

    ``marks`` and ``reads`` are columns in the order modality, reader, case and for marks type,
    lesion, rating; ``cases`` are case, truth and number of lesions.
    """

    marks: tuple[Labels, Labels, Labels, Labels, Labels, Numbers]
    cases: tuple[Labels, Numbers, Numbers]
    reads: tuple[Labels | None, Labels | None, Labels | None] = (None, None, None)

    def coded(self) -> Marks:
        """Return the marks as arrays."""
        names = ("modality", "reader", "case")
        given = [column is not None for column in self.reads]
        if any(given) and not all(given):
            raise ValueError("give read_modality, read_reader and read_case together, or none")
        marks = dict(zip((*names, "type", "lesion", "rating"), self.marks, strict=True))
        reads = dict(zip(names, self.reads, strict=True)) if all(given) else None
        return coded_marks(marks, *self.cases, reads)


def analysed(
    name: str, tables: Tables, *, random: str, test: object, reference: object, level: float
) -> FreeResponse:
    """Return the comparison of a figure of merit between modalities.

    Raises
    ------
    ValueError
        For an unknown option or label, and whatever the tables do not allow.
    """
    level = check_level(level)
    check_option("random", random, RANDOM)
    marks = tables.coded()
    pair = _pair(marks, test, reference)
    design = _design(marks)
    about: dict[str, Any] = {
        "method": f"froc.{name}",
        "level": level,
        "n": design.cases,
        "readers": marks.readers,
        "modalities": marks.modalities,
        "test": marks.modalities[pair[0]] if marks.modalities else "",
        "reference": marks.modalities[pair[1]] if marks.modalities else "",
        "design": design.name,
        "n_diseased": design.diseased,
        "n_nondiseased": design.nondiseased,
        "n_lesions": int(marks.n_lesions[marks.read.any(axis=(0, 1))].sum()),
        "reads": design.reads,
        "missing_reads": design.missing_reads,
        "dropped": marks.dropped,
    }
    try:
        merit = FIGURES[name](marks)
    except NotEstimableError as error:
        return FreeResponse(estimate=None, undefined=True, reason=error.reason, **about)
    without = merit.without
    estimates = unknown(merit.figure) if without is None else jackknife_of(merit.figure, without)
    found: dict[str, Any] = {
        "estimate": None,
        "covariance_matrix": plain_array(estimates.covariance),
        "fom_by_reader_modality": plain_array(merit.figure.T),
        **by_reader(estimates, pair, level, bounded=False),
    }
    model = None
    if design.name == "readers_nested_in_modalities" or not np.isnan(merit.figure).any():
        model = reader_model(
            merit.figure,
            estimates.covariance,
            random=random,
            nesting=design.nesting,
            test=pair[0],
            reference=pair[1],
            level=level,
            bounded=False,
        )
        found |= of_model(model, "fom") | {"negative_components": negative_components(model)}
    if design.modalities < 2:
        found["estimate"] = None
    reason = _missing(model, merit, design, random)
    return FreeResponse(**found, undefined=bool(reason), reason=reason, **about)


def _missing(model: Model | None, merit: Merit, design: Design, random: str) -> str:
    """Return why the difference has no test, or nothing."""
    if design.modalities < 2:
        return ONE_MODALITY
    if model is None:
        return INCOMPLETE
    if np.isfinite(model.se):
        return ""
    if random != "cases" and model.components.spread_df < 1:
        return ONE_READER
    return merit.reason or NO_VARIANCE


def tested(
    name: str,
    tables: Tables,
    *,
    margin: float,
    alternative: str,
    random: str,
    test: object,
    reference: object,
    level: float,
) -> FreeResponseTest:
    """Return the test of a difference of figures of merit against a margin.

    Raises
    ------
    ValueError
        As :func:`analysed`, for a margin that is not finite, an unknown alternative, or an
        equivalence without a margin.
    """
    margin = finite("margin", margin)
    check_option("alternative", alternative, ALTERNATIVES)
    if alternative == "equivalence" and margin == 0:
        raise ValueError("an equivalence needs a margin other than 0")
    found = analysed(name, tables, random=random, test=test, reference=reference, level=level)
    statistic, p_value = margin_tested(
        found.estimate, found.se, found.df_difference, margin, alternative
    )
    return FreeResponseTest(
        method="froc.figure_test",
        estimate=found.estimate,
        se=found.se,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        level=found.level,
        statistic=statistic,
        df=found.df_difference,
        p_value=p_value,
        margin=margin,
        n=found.n or 0,
        undefined=found.undefined,
        reason=found.reason,
    )


def _pair(marks: Marks, test: object, reference: object) -> tuple[int, int]:
    """Return the places of the two modalities that are compared."""
    labels = marks.modalities
    place_test = len(labels) - 1 if test is None else place_of("test", test, labels)
    place_reference = 0 if reference is None else place_of("reference", reference, labels)
    if place_test == place_reference and not (test is None or reference is None):
        raise ValueError("test and reference must be two modalities")
    return place_test, place_reference


def _design(marks: Marks) -> Design:
    """Return the design that the reads have."""
    modality, reader, case = np.nonzero(marks.read)
    return recognised(
        Reads(
            score=np.zeros(len(case)),
            truth=marks.truth[case],
            reader=reader,
            modality=modality,
            case=case,
            readers=marks.readers,
            modalities=marks.modalities,
            cases=tuple(map(str, range(len(marks.truth)))),
            cluster=None,
            dropped=0,
        )
    )

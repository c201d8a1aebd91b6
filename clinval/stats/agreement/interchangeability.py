"""Interchangeability of a test with a reference by the disagreement of readers.

Readers disagree with each other on the reference already. A test is interchangeable with it when
a reader with the test disagrees with another reader with the reference hardly more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import Labels, Numbers, check_level, finite
from clinval.stats._distributions import student_p, student_quantile
from clinval.stats.agreement._interchangeability_bootstrap import (
    individual_equivalence_bootstrap,
)
from clinval.stats.agreement._interchangeability_gee import EquivalenceOdds, gee_exchangeable
from clinval.stats.agreement._read_pairs import index_of, read_pairs
from clinval.stats.agreement._results import BootstrapAgreement

if TYPE_CHECKING:
    from clinval.stats._agreement_weights import Weights

__all__ = [
    "BootstrapAgreement",
    "EquivalenceOdds",
    "EquivalenceTest",
    "IndividualEquivalence",
    "gee_exchangeable",
    "individual_equivalence",
    "individual_equivalence_bootstrap",
    "individual_equivalence_test",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualEquivalence(Estimate):
    """The individual equivalence index with what it is made of; ``n`` counts subjects."""

    se: float | None = None
    df: float | None = None
    disagreement_test_reference: float | None = None
    disagreement_reference_reference: float | None = None
    pairs_test_reference: int = 0
    pairs_reference_reference: int = 0
    clusters: int = 0
    readers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EquivalenceTest(TestResult):
    """The test that the index lies below its margin, one-sided."""

    estimate: float | None
    se: float | None = None
    margin: float
    clusters: int = 0
    n: int = 0


def individual_equivalence(
    value: Labels,
    *,
    subject: Labels,
    reader: Labels,
    arm: Numbers,
    cluster: Labels | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> IndividualEquivalence:
    r"""Individual equivalence index with an interval over patients.

    Parameters
    ----------
    value
        One read an entry (list): a category, ``None`` or NaN where missing.
    subject, reader
        Label of the subject (what is read) and of the reader of each read (lists).
    arm
        1 for a read with the test, 0 for one with the reference (list).
    cluster
        Label of the patient of each read where patients have several subjects (lesions, knees);
        by default each subject is a patient of its own.
    weights
        Agreement weights, by name or as a q x q matrix: "unweighted" counts any difference as
        disagreement, "linear" and "quadratic" part of it by the distance of ordered categories.
    categories
        The labels in order; by default the distinct labels, sorted.
    level
        Two-sided level of the t interval.

    Returns
    -------
    IndividualEquivalence
        ``estimate``, ``se``, ``df``, ``ci_low``, ``ci_high``, ``disagreement_test_reference``,
        ``disagreement_reference_reference``, ``pairs_test_reference``,
        ``pairs_reference_reference``, ``clusters``, ``readers`` and ``n`` subjects. Undefined
        when there is no pair of one of both kinds; the error and the interval also with a single
        cluster.

    Raises
    ------
    ValueError
        For lists of different length, a read without its labels, an arm other than 0 and 1, a
        value outside the categories, unknown weights, two reads of a subject by a reader with one
        arm, a subject in two clusters, or a level outside (0, 1).

    Notes
    -----
    With d = 1 - w the disagreement of two reads, over all pairs of reads of a subject by
    different readers,

    .. math:: \gamma = \overline{d}_{test, reference} - \overline{d}_{reference, reference}

    above 0 when readers disagree more once one of them has the test. Each pair counts the same,
    so that a subject with missing reads counts by the pairs it has left. With S and P the sums of
    d and the numbers of pairs, u_g = (S_g,tr - d_tr P_g,tr)/P_tr - (S_g,rr - d_rr P_g,rr)/P_rr of
    cluster g and m clusters, the variance is m/(m - 1) sum u_g^2, and t has m - 1 degrees of
    freedom. The readers are taken as they are; the interval says nothing of others.

    References
    ----------
    .. [1] Obuchowski 2001, Stat Med 20:2845.
    .. [2] Obuchowski, Subhas & Schoenhagen 2014, Acad Radiol 21:1483.

    Examples
    --------
    >>> value = [1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0]
    >>> subject, reader = [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4, ["A", "B"] * 8
    >>> arm = [0, 0, 1, 1] * 4
    >>> result = individual_equivalence(value, subject=subject, reader=reader, arm=arm)
    >>> result.disagreement_test_reference, result.disagreement_reference_reference
    (0.375, 0.25)
    >>> round(result.estimate, 3), round(result.ci_low, 3), round(result.ci_high, 3)
    (0.125, -0.637, 0.887)
    """
    check_level(level)
    of = read_pairs(value, subject, reader, arm, cluster, None, weights, categories)
    index = index_of(of)
    df, low, high = len(of.pairs) - 1, None, None
    if index.estimate is not None and index.se is not None:
        half = student_quantile(level, df) * index.se
        low, high = index.estimate - half, index.estimate + half
    crossed, within = (int(pairs) for pairs in of.pairs.sum(axis=0))
    return IndividualEquivalence(
        method="interchangeability.individual_equivalence",
        estimate=index.estimate,
        se=index.se,
        df=df if df > 0 else None,
        ci_low=low,
        ci_high=high,
        level=level,
        n=of.subjects,
        disagreement_test_reference=index.crossed,
        disagreement_reference_reference=index.within,
        pairs_test_reference=crossed,
        pairs_reference_reference=within,
        clusters=len(of.pairs),
        readers=of.readers,
        undefined=bool(index.reason),
        reason=index.reason,
    )


def individual_equivalence_test(
    value: Labels,
    *,
    subject: Labels,
    reader: Labels,
    arm: Numbers,
    margin: float,
    cluster: Labels | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
) -> EquivalenceTest:
    """Test that the individual equivalence index lies below its margin.

    Parameters
    ----------
    value, subject, reader, arm, cluster, weights, categories
        As in :func:`individual_equivalence`.
    margin
        The largest index that is acceptable (0.10: ten more disagreements in a hundred pairs).

    Returns
    -------
    EquivalenceTest
        ``estimate``, ``se``, ``statistic``, ``df``, ``p_value`` (one-sided), ``clusters`` and
        ``n`` subjects. Undefined where the index or its error is, and when the error is 0.

    Raises
    ------
    ValueError
        As :func:`individual_equivalence`, or for a margin that is not finite.

    Notes
    -----
    (index - margin)/se against t with clusters - 1 degrees of freedom: below alpha exactly when
    the interval at level 1 - 2 alpha ends below the margin.

    References
    ----------
    .. [1] Obuchowski, Subhas & Schoenhagen 2014, Acad Radiol 21:1483.

    Examples
    --------
    >>> value = [1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0]
    >>> subject, reader = [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4, ["A", "B"] * 8
    >>> arm = [0, 0, 1, 1] * 4
    >>> result = individual_equivalence_test(
    ...     value, subject=subject, reader=reader, arm=arm, margin=0.1
    ... )
    >>> round(result.p_value, 3)
    0.538
    """
    bound = finite("margin", margin)
    of = read_pairs(value, subject, reader, arm, cluster, None, weights, categories)
    index, df = index_of(of), len(of.pairs) - 1
    statistic = p_value = None
    reason = index.reason
    if index.estimate is not None and index.se is not None:
        if index.se == 0:
            reason = "the clusters do not differ"
        else:
            statistic = (index.estimate - bound) / index.se
            p_value = student_p(statistic, df, "less")
    return EquivalenceTest(
        method="interchangeability.individual_equivalence_test",
        estimate=index.estimate,
        se=index.se,
        margin=bound,
        statistic=statistic,
        df=df if df > 0 else None,
        p_value=p_value,
        clusters=len(of.pairs),
        n=of.subjects,
        undefined=bool(reason),
        reason=reason,
    )

"""The points of the empirical ROC curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Numbers
from clinval.stats.accuracy._placements import ONE_CLASS, read_scores, tie_groups

__all__ = ["RocCurve", "curve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RocCurve(Result):
    """One point a distinct score: positive is a score of at least the threshold."""

    threshold: tuple[float, ...]
    sensitivity: tuple[float, ...]
    specificity: tuple[float, ...]
    true_positives: tuple[int, ...]
    false_positives: tuple[int, ...]
    n: int = 0
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0


def curve(truth: Numbers, score: Numbers) -> RocCurve:
    """Operating points of a score, one a distinct value, from the highest threshold down.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious; ``None`` drops the row.

    Returns
    -------
    RocCurve
        ``threshold`` with the ``sensitivity``, ``specificity``, ``true_positives`` and
        ``false_positives`` of calling a score of at least the threshold positive, and counts of
        subjects. The point at which nobody is positive (sensitivity 0, specificity 1) is not in
        the list. Empty and undefined without both classes.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite or lists of different length.

    Notes
    -----
    Straight lines between the points, from (0, 0), enclose the area of :func:`delong`.

    References
    ----------
    .. [1] Pepe 2003.

    Examples
    --------
    >>> result = curve([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5])
    >>> result.threshold
    (5.0, 4.0, 3.0, 2.0, 1.0)
    >>> result.sensitivity
    (0.25, 0.5, 0.75, 1.0, 1.0)
    """
    data = read_scores(truth, score=score)
    order, sizes, m, n = tie_groups(data.diseased, data.scores[0])
    both = bool(data.n_diseased and data.n_nondiseased)
    if not both:
        sizes, m, n = sizes[:0], m[:0], n[:0]
    threshold = data.scores[0][order][np.cumsum(sizes) - sizes][::-1]
    true, false = np.cumsum(m[::-1]), np.cumsum(n[::-1])
    return RocCurve(
        method="auc.curve",
        threshold=tuple(threshold.tolist()),
        sensitivity=tuple((true / max(data.n_diseased, 1)).tolist()),
        specificity=tuple(((data.n_nondiseased - false) / max(data.n_nondiseased, 1)).tolist()),
        true_positives=tuple(true.tolist()),
        false_positives=tuple(false.tolist()),
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=not both,
        reason="" if both else ONE_CLASS,
    )

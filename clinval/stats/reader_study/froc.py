"""Free-response reads: figures of merit compared between modalities.

Readers mark what they find suspicious and rate each mark. A mark hits a lesion ("LL", lesion
localisation) or none ("NL", non-lesion localisation); what is not marked has a rating below all
others. Every figure is analysed by the reader model with a jackknife covariance over cases.
"""

from __future__ import annotations

from clinval.stats._checks import Labels, Numbers, check_option
from clinval.stats.reader_study._afroc import afroc, wafroc
from clinval.stats.reader_study._afroc1 import afroc1, wafroc1
from clinval.stats.reader_study._free_response import FIGURES
from clinval.stats.reader_study._froc_analysis import (
    FreeResponse,
    FreeResponseTest,
    Tables,
    tested,
)
from clinval.stats.reader_study._froc_ends import max_llf, max_nlf
from clinval.stats.reader_study._froc_points import FrocCurve, curve
from clinval.stats.reader_study._highest_rating import hr_auc, hr_sensitivity, hr_specificity

__all__ = [
    "FreeResponse",
    "FreeResponseTest",
    "FrocCurve",
    "afroc",
    "afroc1",
    "curve",
    "figure_test",
    "hr_auc",
    "hr_sensitivity",
    "hr_specificity",
    "max_llf",
    "max_nlf",
    "wafroc",
    "wafroc1",
]


def figure_test(
    mark_modality: Labels,
    mark_reader: Labels,
    mark_case: Labels,
    mark_type: Labels,
    mark_lesion: Labels,
    mark_rating: Numbers,
    case: Labels,
    truth: Numbers,
    n_lesions: Numbers,
    *,
    figure: str = "wafroc",
    margin: float = 0.0,
    alternative: str = "greater",
    read_modality: Labels | None = None,
    read_reader: Labels | None = None,
    read_case: Labels | None = None,
    random: str = "readers_cases",
    test: object = None,
    reference: object = None,
    level: float = 0.95,
) -> FreeResponseTest:
    """Test of a difference of figures of merit against a margin, with the interval beside it.

    Parameters
    ----------
    mark_modality, mark_reader, mark_case
        Labels of each mark (lists).
    mark_type
        "NL" or "LL" of each mark (list).
    mark_lesion
        Number of the lesion that each LL mark hits, 1 to ``n_lesions`` of its case (list).
    mark_rating
        Rating of each mark, larger when more suspicious (list); ``None`` or NaN is no mark.
    case, truth, n_lesions
        The cases: label, 1 for abnormal or 0 for normal, and number of lesions (lists).
    figure
        The figure of merit: the name of another function of this module.
    margin
        The difference under the null hypothesis, signed; with "equivalence" its size.
    alternative
        "greater", "less", "two-sided", or "equivalence": two one-sided tests against -margin and
        +margin, of which the larger p value is given.
    read_modality, read_reader, read_case
        The reads that were made (lists); without them every reader read every case in every
        modality. A read without a mark is a read.
    random
        "readers_cases", "cases" (readers fixed) or "readers" (cases fixed).
    test, reference
        Labels of the modalities that are compared; without them the last and the first.
    level
        Two-sided level of the intervals.

    Returns
    -------
    FreeResponseTest
        ``estimate`` (test minus reference), ``se``, two-sided interval, ``statistic``, ``df`` of t
        (None for the normal) and ``p_value``. Undefined as the figure is.

    Raises
    ------
    ValueError
        As the figure, and for an unknown figure or alternative or a margin that is not finite.

    Notes
    -----
    (estimate - margin)/se with se and degrees of freedom of the reader model. A figure that is
    better when smaller (``max_nlf``) takes the alternative "less".

    References
    ----------
    .. [1] Chakraborty & Berbaum 2004, Med Phys 31:2313.
    .. [2] Obuchowski & Rockette 1995, Commun Stat Simul 24:285; Hillis 2007, Stat Med 26:596.

    Examples
    --------
    >>> marks = {
    ...     "mark_modality": ["new", "new", "old", "old", "new", "new", "new", "old"],
    ...     "mark_reader": [1, 1, 1, 1, 2, 2, 2, 2],
    ...     "mark_case": [3, 4, 1, 3, 3, 4, 1, 4],
    ...     "mark_type": ["LL", "LL", "NL", "LL", "LL", "LL", "NL", "LL"],
    ...     "mark_lesion": [1, 2, None, 1, 1, 1, None, 2],
    ...     "mark_rating": [80, 60, 50, 40, 90, 70, 20, 30],
    ... }
    >>> cases = {"case": [1, 2, 3, 4], "truth": [0, 0, 1, 1], "n_lesions": [0, 0, 1, 2]}
    >>> result = figure_test(**marks, **cases, test="new", reference="old", margin=-0.05)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (2.52, 0.1202)
    """
    check_option("figure", figure, tuple(FIGURES))
    tables = Tables(
        (mark_modality, mark_reader, mark_case, mark_type, mark_lesion, mark_rating),
        (case, truth, n_lesions),
        (read_modality, read_reader, read_case),
    )
    return tested(
        figure,
        tables,
        margin=margin,
        alternative=alternative,
        random=random,
        test=test,
        reference=reference,
        level=level,
    )

"""Where FROC curves end: all that was marked, whatever the rating."""

from __future__ import annotations

from clinval.stats._checks import Labels, Numbers
from clinval.stats.reader_study._froc_analysis import FreeResponse, Tables, analysed

__all__ = ["max_llf", "max_nlf"]


def max_llf(
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
    read_modality: Labels | None = None,
    read_reader: Labels | None = None,
    read_case: Labels | None = None,
    random: str = "readers_cases",
    test: object = None,
    reference: object = None,
    level: float = 0.95,
) -> FreeResponse:
    """Share of lesions that are marked: the end of the FROC curve, upwards.

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
    FreeResponse
        ``estimate`` (test minus reference) with interval and ``p_value_difference``; ``statistic``,
        ``df``, ``df2`` and ``p_value`` of the test that all modalities are equal; components of
        variance; figures by modality, reader and both. Intervals are not cut to [0, 1]. Undefined
        without a case of a class, with a single reader (unless readers are fixed), a single
        modality, or a reader without one of the modalities.

    Raises
    ------
    ValueError
        For lists of different length, a case twice, a truth other than 0 and 1, lesions that do
        not fit the truth, a mark of another type, case or lesion, a lesion marked twice in a read,
        or an unknown option.

    Notes
    -----
    Marked lesions over all lesions, whatever the rating. Cases are left out in turn among the
    abnormal ones.

    The figures of readers and modalities are analysed as by
    :func:`clinval.stats.reader_study.mrmc.obuchowski_rockette`; their covariance is the jackknife
    over cases, computed from sums without another analysis for each case left out.

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
    >>> result = max_llf(**marks, **cases, test="new", reference="old")
    >>> [round(figure, 4) for figure in result.fom_by_modality]
    [0.6667, 0.3333]
    """
    tables = Tables(
        (mark_modality, mark_reader, mark_case, mark_type, mark_lesion, mark_rating),
        (case, truth, n_lesions),
        (read_modality, read_reader, read_case),
    )
    return analysed("max_llf", tables, random=random, test=test, reference=reference, level=level)


def max_nlf(
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
    read_modality: Labels | None = None,
    read_reader: Labels | None = None,
    read_case: Labels | None = None,
    random: str = "readers_cases",
    test: object = None,
    reference: object = None,
    level: float = 0.95,
) -> FreeResponse:
    """NL marks on a normal case: the end of the FROC curve, to the right; smaller is better.

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
    FreeResponse
        ``estimate`` (test minus reference) with interval and ``p_value_difference``; ``statistic``,
        ``df``, ``df2`` and ``p_value`` of the test that all modalities are equal; components of
        variance; figures by modality, reader and both. Intervals are not cut to [0, 1]. Undefined
        without a case of a class, with a single reader (unless readers are fixed), a single
        modality, or a reader without one of the modalities.

    Raises
    ------
    ValueError
        For lists of different length, a case twice, a truth other than 0 and 1, lesions that do
        not fit the truth, a mark of another type, case or lesion, a lesion marked twice in a read,
        or an unknown option.

    Notes
    -----
    NL marks on normal cases over normal cases, X
    in turn among the normal ones.

    The figures of readers and modalities are analysed as by
    :func:`clinval.stats.reader_study.mrmc.obuchowski_rockette`; their covariance is the jackknife
    over cases, computed from sums without another analysis for each case left out.

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
    >>> result = max_nlf(**marks, **cases, test="new", reference="old")
    >>> [round(figure, 4) for figure in result.fom_by_modality]
    [0.25, 0.25]
    """
    tables = Tables(
        (mark_modality, mark_reader, mark_case, mark_type, mark_lesion, mark_rating),
        (case, truth, n_lesions),
        (read_modality, read_reader, read_case),
    )
    return analysed("max_nlf", tables, random=random, test=test, reference=reference, level=level)

"""Subjects for the intraclass kappa of two categories in the common correlation model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.stats._checks import check_level, count, finite
from clinval.stats.planning._agreement_size import AgreementSize, agreement_size
from clinval.stats.planning._claims import check_one_sided

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["donner_eliasziw", "rotondi_donner"]


def donner_eliasziw(
    kappa1: float,
    kappa0: float,
    prevalence: float,
    *,
    raters: int = 2,
    alpha: float = 0.05,
    power: float = 0.8,
) -> AgreementSize:
    r"""Subjects for a two-sided goodness-of-fit test of the intraclass kappa, two categories.

    Parameters
    ----------
    kappa1
        The kappa that is expected.
    kappa0
        The kappa of the null hypothesis.
    prevalence
        Share of positive ratings, the same for all raters, in (0, 1).
    raters
        Number of raters, two or more.
    alpha
        Level of the test of one degree of freedom, in (0, 1).
    power
        Probability that the test shows the difference, above alpha.

    Returns
    -------
    AgreementSize
        ``sample_size`` and ``sample_size_exact``.

    Raises
    ------
    ValueError
        For equal kappas, a kappa that the model does not have at this prevalence, or numbers
        out of range.

    Notes
    -----
    In the common correlation model a subject has j of m positive ratings with the probability
    P_j = (1 - kappa) C(m, j) p^j (1 - p)^(m - j), to which kappa (1 - p) is added at j = 0 and
    kappa p at j = m. Then

    .. math:: n = \lambda / \sum_j \frac{(P_j(\kappa_1) - P_j(\kappa_0))^2}{P_j(\kappa_0)}

    with the noncentrality lambda at which the chi-square test of level alpha has the power.

    References
    ----------
    .. [1] Donner & Eliasziw 1992.
    .. [2] Altaye, Donner & Klar 2001.

    Examples
    --------
    >>> donner_eliasziw(0.6, 0.4, 0.3, raters=3).sample_size
    106
    """
    level, wanted = check_level(alpha, "alpha"), check_level(power, "power")
    if wanted <= level:
        raise ValueError(f"power must lie strictly between alpha and 1, not {power!r}")
    distance = _fit_distance(kappa1, kappa0, prevalence, raters)
    noncentrality = special.chndtrinc(special.chdtri(1, level), 1, 1 - wanted)
    return agreement_size("donner_eliasziw", float(noncentrality) / distance)


def rotondi_donner(
    kappa: float, kappa_low: float, prevalence: float, *, raters: int = 2, alpha: float = 0.05
) -> AgreementSize:
    r"""Subjects with which the lower limit of the intraclass kappa is expected at a value.

    Parameters
    ----------
    kappa
        The kappa that is expected.
    kappa_low
        Where its one-sided lower confidence limit is to lie, below kappa.
    prevalence
        Share of positive ratings, the same for all raters, in (0, 1).
    raters
        Number of raters, two or more.
    alpha
        The limit has the one-sided level 1 - alpha; in (0, 0.5).

    Returns
    -------
    AgreementSize
        ``sample_size`` and ``sample_size_exact``.

    Raises
    ------
    ValueError
        For a limit that is not below kappa, and as :func:`donner_eliasziw`.

    Notes
    -----
    The smallest n with n sum_j (P_j(kappa) - P_j(kappa_low))^2/P_j(kappa_low) of at least the
    chi-square quantile (1 df) of 1 - 2 alpha, P_j as in :func:`donner_eliasziw`.

    References
    ----------
    .. [1] Rotondi & Donner 2012.

    Examples
    --------
    >>> rotondi_donner(0.6, 0.4, 0.3).sample_size
    66
    """
    level = 2 * check_one_sided(check_level(alpha, "alpha"))
    if finite("kappa_low", kappa_low) >= finite("kappa", kappa):
        raise ValueError(f"kappa_low must be below kappa, not {kappa_low:g}")
    distance = _fit_distance(kappa, kappa_low, prevalence, raters)
    return agreement_size("rotondi_donner", float(special.chdtri(1, level)) / distance)


def _fit_distance(kappa1: float, kappa0: float, prevalence: float, raters: int) -> float:
    """Return the chi-square distance of the numbers of positive ratings under two kappas."""
    share, number = check_level(prevalence, "prevalence"), int(count("raters", raters))
    if number < 2:
        raise ValueError(f"raters must be 2 or more, not {number}")
    expected, null = (
        _common_correlation(finite(name, kappa), share, number)
        for name, kappa in (("kappa1", kappa1), ("kappa0", kappa0))
    )
    distance = float(((expected - null) ** 2 / null).sum()) if (null > 0).all() else 0.0
    if distance <= 0 or (expected < 0).any():
        raise ValueError(
            f"there is no test of kappa {kappa0:g} against {kappa1:g} at prevalence {share:g}"
        )
    return distance


def _common_correlation(kappa: float, share: float, raters: int) -> FloatArray:
    """Return the probabilities of 0, 1, ... positive ratings of a subject."""
    positive = np.arange(raters + 1)
    mixed = special.binom(raters, positive) * share**positive * (1 - share) ** (raters - positive)
    probability: FloatArray = (1 - kappa) * mixed
    probability[0] += kappa * (1 - share)
    probability[-1] += kappa * share
    return probability

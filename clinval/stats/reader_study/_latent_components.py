"""Between scores and estimates: the variance components of estimates that scores lead to, and back.

The covariance of two estimates is a mean of probabilities that two comparisons of scores go the
same way; the scores being normal, each is a bivariate normal probability whose correlation is
what the two comparisons share: reader, modality, diseased case, non-diseased case.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special
from scipy.optimize import brentq

from clinval.stats.reader_study._roe_metz import Latent

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["Cases", "Parts", "latent_of", "parts_of"]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Variance components of estimates by reader and modality."""

    var_reader: float
    var_reader_modality: float
    var_error: float
    cov1: float
    cov2: float
    cov3: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What is estimated, and from how many cases of each class."""

    metric: str
    diseased: int
    nondiseased: int

    def error(
        self, first: float, second: float, of_readers: float, shares: tuple[float, float]
    ) -> float:
        """Return the covariance of the errors of two estimates on the same cases.

        Parameters
        ----------
        first, second
            Expected values, as normal quantiles.
        of_readers
            Correlation of two comparisons that share no case.
        shares
            What a diseased and a non-diseased case that are shared add to it.
        """
        apart = both_below(first, second, of_readers)
        if self.metric != "auc":
            ill = self.metric == "sensitivity"
            n, share = (self.diseased, shares[0]) if ill else (self.nondiseased, shares[1])
            return (both_below(first, second, of_readers + share) - apart) / n
        n1, n0 = self.diseased, self.nondiseased
        whole, only_ill, only_well = (
            both_below(first, second, of_readers + share)
            for share in (sum(shares), shares[0], shares[1])
        )
        total = whole + (n0 - 1) * only_ill + (n1 - 1) * only_well + (n1 - 1) * (n0 - 1) * apart
        return total / (n1 * n0) - apart

    def shares(self, latent: Latent, part: float) -> tuple[float, float]:
        """Return what a shared case adds to a correlation, where part of its variance is shared."""
        spread = latent.spread(self.metric)
        return part * latent.diseased / spread, part / spread

    @property
    def classes(self) -> int:
        """Scores that are compared: those of two classes for an area, else of one."""
        return 2 if self.metric == "auc" else 1


def both_below(h: float, k: float, correlation: float) -> float:
    """Return the probability that two standard normal values lie below h and k."""
    angle = math.asin(min(max(correlation, -1.0), 1.0))
    theta = angle * (_POINTS + 1) / 2
    sine, cosine = np.sin(theta), np.cos(theta)
    inner: FloatArray = np.exp(-(h * h + k * k - 2 * h * k * sine) / (2 * cosine**2))
    product = float(special.ndtr(h)) * float(special.ndtr(k))
    return product + angle / 2 * float(_WEIGHTS @ inner) / (2 * math.pi)


def parts_of(latent: Latent, accuracies: tuple[float, float], cases: Cases) -> Parts:
    """Return the variance components of estimates that scores lead to.

    Parameters
    ----------
    latent
        Variances of scores.
    accuracies
        Expected value of the metric in each of the two modalities.
    cases
        What is estimated, and from how many cases.
    """
    first, second = (float(special.ndtri(value)) for value in accuracies)
    scale = cases.classes / latent.spread(cases.metric)
    own, other = scale * (latent.reader + latent.reader_modality), scale * latent.reader
    same_case = {
        "var_error": (own, 1.0),
        "cov1": (other, latent.case + latent.reader_case),
        "cov2": (0.0, latent.case + latent.case_modality),
        "cov3": (0.0, latent.case),
    }
    found = {}
    for name, (of_readers, part) in same_case.items():
        shares = cases.shares(latent, part)
        crossed = name in ("cov1", "cov3")
        pairs = ((first, second),) if crossed else ((first, first), (second, second))
        found[name] = float(np.mean([cases.error(*pair, of_readers, shares) for pair in pairs]))
    between = [both_below(h, h, own) - float(special.ndtr(h)) ** 2 for h in (first, second)]
    var_reader = both_below(first, second, other) - math.prod(accuracies)
    return Parts(
        var_reader=var_reader,
        var_reader_modality=float(np.mean(between)) - var_reader,
        **found,
    )


def latent_of(parts: Parts, accuracy: float, cases: Cases, b: float = 1.0) -> Latent:
    """Return variances of scores whose estimates have the components of a study.

    Correlations of the errors are those of the study; their variance follows from the accuracy
    and the cases. Negative components count as 0, as does what is left of cov1 and cov2 beyond
    cov3.

    Parameters
    ----------
    parts
        The components.
    accuracy
        Expected value of the metric, in both modalities.
    cases
        What is estimated, and from how many cases, in that study.
    b
        As in :class:`Latent`.

    Raises
    ------
    ValueError
        When no variances of scores lead to these components.
    """
    h = float(special.ndtri(accuracy))
    var_reader, crossed = max(parts.var_reader, 0.0), max(parts.var_reader_modality, 0.0)
    square = float(special.ndtr(h)) ** 2
    other = _root(lambda rho: both_below(h, h, rho) - square - var_reader, "var_reader")
    own = _root(
        lambda rho: both_below(h, h, rho) - square - var_reader - crossed, "var_reader_modality"
    )
    of_cases = (
        1 + 1 / b**2 if cases.classes == 2 else (1 / b**2 if cases.metric == "sensitivity" else 1.0)
    )
    readers = own * of_cases / (1 - own) / cases.classes
    spread = of_cases + cases.classes * readers
    reader = min(other * spread / cases.classes, readers)
    bare = Latent(
        reader=reader, reader_modality=readers - reader,
        case=0.0, case_modality=0.0, reader_case=0.0, error=1.0, b=b,
    )  # fmt: skip
    var_error = cases.error(h, h, own, cases.shares(bare, 1.0))

    def part(covariance: float, of_readers: float, name: str) -> float:
        wanted = max(covariance, 0.0) / parts.var_error * var_error
        return _root(
            lambda share: cases.error(h, h, of_readers, cases.shares(bare, share)) - wanted, name
        )

    case = part(parts.cov3, 0.0, "cov3")
    case_modality = max(part(parts.cov2, 0.0, "cov2") - case, 0.0)
    reader_case = max(part(parts.cov1, other, "cov1") - case, 0.0)
    error = 1 - case - case_modality - reader_case
    if error < -_CLOSE:
        raise ValueError("cov1, cov2 and cov3 leave scores no variance of their own")
    return Latent(
        reader=bare.reader, reader_modality=bare.reader_modality,
        case=case, case_modality=case_modality, reader_case=reader_case,
        error=max(error, 0.0), b=b,
    )  # fmt: skip


def _root(beyond: Callable[[float], float], name: str) -> float:
    """Return the share in [0, 1) at which an increasing function is 0."""
    if beyond(0.0) >= 0:
        return 0.0
    if beyond(1 - _CLOSE) < 0:
        raise ValueError(f"{name} is larger than scores of such an accuracy can have")
    return float(brentq(beyond, 0.0, 1 - _CLOSE, xtol=1e-13))

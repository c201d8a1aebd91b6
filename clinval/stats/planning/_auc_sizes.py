"""The variance that an area is planned with: Obuchowski's binormal formula."""

from __future__ import annotations

import math

from scipy import special

__all__ = ["variance_of_auc"]


def variance_of_auc(auc: float, ratio: float) -> float:
    """Return the variance of an area times the diseased cases.

    Parameters
    ----------
    auc
        The area that is expected.
    ratio
        Non-diseased cases for each diseased one.
    """
    a = 1.414 * float(special.ndtri(auc))  # as published: not the root of 2
    return 0.0099 * math.exp(-(a**2) / 2) * ((5 * a**2 + 8) + (a**2 + 8) / ratio)

"""Power of studies with many readers: what a difference varies by in each design, and its test.

A design changes two things: how many cases a reader reads in a modality, and how many pairs of
readers have cases in common. Everything else is the model of Obuchowski and Rockette.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, NotEstimableError, check_level, check_option, finite
from clinval.stats.planning._claims import ROUNDING, check_one_sided, distance, smallest
from clinval.stats.planning._student import (
    one_sided_power,
    two_one_sided_power,
    two_sided_power,
)

__all__ = [
    "DESIGNS",
    "OUT_OF_REACH",
    "RANDOM",
    "Aim",
    "Errors",
    "MrmcPower",
    "MrmcSize",
    "Spread",
    "aim",
    "errors",
    "found_power",
    "power_of",
    "size_of",
    "spread_of_alone",
    "spread_of_pair",
    "whole_number",
]

DESIGNS = (
    "crossed",
    "split_plot",
    "cases_nested_in_readers",
    "cases_nested_in_modalities",
    "readers_nested_in_modalities",
    "unpaired",
)
RANDOM = ("readers_cases", "cases", "readers")
ALTERNATIVES = ("two-sided", "greater", "less", "equivalence")
OUT_OF_REACH = "no number of cases gives this power with so few readers"


@dataclass(frozen=True, slots=True, kw_only=True)
class MrmcPower(Result):
    """The power, the noncentrality of F or chi-square, and the denominator's degrees of freedom.

    Of an equivalence the noncentrality is that of the nearer bound; df2 is ``None`` where readers
    are fixed.
    """

    power: float
    noncentrality: float
    df2: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MrmcSize(Result):
    """The smallest number of cases, diseased or not, that has the power, and that power."""

    sample_size: int | None
    power: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """What the estimate varies by: its squared standard error and its degrees of freedom."""

    variance: FloatArray
    df: FloatArray


SpreadAt: TypeAlias = Callable[[FloatArray], Spread]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Variance components of a pilot, and the cases that it had."""

    n_cases: float
    var_error: float
    cov1: float
    cov2: float
    cov3: float
    var_reader: float
    var_reader_modality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is to be shown of the expected effect, and at which level of each test."""

    effect: float
    margin: float
    alternative: str
    alpha: float

    @property
    def gaps(self) -> tuple[float, ...]:
        """The way from each bound to the effect, in the direction that is claimed."""
        if self.alternative == "equivalence":
            return self.effect + self.margin, self.margin - self.effect
        gap = self.effect - self.margin
        return (-gap,) if self.alternative == "less" else (gap,)


def aim(effect: float, margin: float, alternative: str, alpha: float) -> Aim:
    """Return a checked aim; the level of a two-sided test is that of both sides together."""
    check_option("alternative", alternative, ALTERNATIVES)
    level = check_level(alpha, "alpha")
    if alternative == "equivalence" and not margin > 0:
        raise ValueError(f"margin must be above 0 for an equivalence, not {margin!r}")
    return Aim(
        effect=finite("effect", effect),
        margin=finite("margin", margin),
        alternative=alternative,
        alpha=level if alternative == "two-sided" else check_one_sided(alpha),
    )


def errors(
    n_cases: float,
    var_error: float,
    cov1: float,
    cov2: float,
    cov3: float,
    var_reader: float | None,
    var_reader_modality: float,
) -> Errors:
    """Return checked variance components; negative ones of readers count as 0."""
    found = Errors(
        n_cases=_positive("n_cases_pilot", n_cases),
        var_error=_positive("var_error", var_error),
        cov1=finite("cov1", cov1),
        cov2=finite("cov2", cov2),
        cov3=finite("cov3", cov3),
        var_reader=max(finite("var_reader", var_reader or 0.0), 0.0),
        var_reader_modality=max(finite("var_reader_modality", var_reader_modality), 0.0),
    )
    largest = max(found.cov1, found.cov2, found.cov3)
    if largest > found.var_error:
        raise ValueError(f"a covariance of {largest:g} exceeds var_error, {found.var_error:g}")
    return found


def whole_number(name: str, value: float, least: int) -> int:
    """Return a whole number that is not below the least one."""
    number = finite(name, value)
    if number < least or number != int(number):
        raise ValueError(f"{name} must be a whole number, {least} or more, not {value!r}")
    return int(number)


def spread_of_pair(
    given: Errors, n_readers: float, *, random: str, design: str, n_blocks: float
) -> SpreadAt:
    """Return what a difference of two modalities varies by, as a function of the cases."""
    check_option("random", random, RANDOM)
    check_option("design", design, DESIGNS)
    readers = whole_number("n_readers", n_readers, 1 if random == "cases" else 2)
    blocks = whole_number("n_blocks", n_blocks, 1)
    if blocks > readers:
        raise ValueError(f"n_blocks is {blocks}, more than n_readers, which is {readers}")
    if (blocks > 1) != (design == "split_plot"):
        raise ValueError('n_blocks above 1 and design="split_plot" go together')
    other_readers = design in ("readers_nested_in_modalities", "unpaired")
    other_cases = design in ("cases_nested_in_modalities", "unpaired")
    parts = readers if design == "cases_nested_in_readers" else blocks
    shared = _pairs_in_a_block(readers, parts)
    cov1 = 0.0 if other_cases else given.cov1
    gap = max(given.cov2 - (0.0 if other_cases else given.cov3), 0.0) * shared
    if other_readers:
        of_readers = given.var_reader + given.var_reader_modality
        own = given.var_error - given.cov2 * shared
    else:
        of_readers = given.var_reader_modality
        own = given.var_error - cov1 - gap
    if own < 0 or (own == 0 and of_readers == 0 and random != "cases"):
        raise ValueError("var_error is too small beside the covariances: no variance is left")
    df = (2 if other_readers else 1) * (readers - 1)
    scale = given.n_cases * parts * (2 if other_cases else 1)

    def at(cases: FloatArray) -> Spread:
        k = scale / cases
        return _spread(of_readers, own * k, readers * gap * k, df, 2 / readers, random)

    return at


def spread_of_alone(given: Errors, n_readers: float, *, random: str) -> SpreadAt:
    """Return what the product less the mean of its readers varies by, by number of cases."""
    check_option("random", random, RANDOM[::2])
    readers = whole_number("n_readers", n_readers, 2)
    own, gap = given.var_error - given.cov2, max(given.cov2, 0.0)
    if own == 0 and given.var_reader == 0:
        raise ValueError("var_error is too small beside the covariances: no variance is left")

    def at(cases: FloatArray) -> Spread:
        k = given.n_cases / cases
        own_k, shared = own * k, readers * gap * k
        return _spread(given.var_reader, own_k, shared, readers - 1, 1 / readers, random)

    return at


def _spread(
    of_readers: float, own: FloatArray, shared: FloatArray, df: int, factor: float, random: str
) -> Spread:
    """Return variance and degrees of freedom from a mean square's expectation and what is added."""
    if random == "cases":
        return Spread(factor * (own + shared), np.full_like(own, np.inf))
    mean_square = of_readers + own
    if random == "readers":
        return Spread(factor * mean_square, np.full_like(own, df))
    denominator = mean_square + shared
    return Spread(factor * denominator, df * (denominator / mean_square) ** 2)


def _pairs_in_a_block(readers: int, blocks: int) -> float:
    """Return the share of pairs of readers in the same block, of blocks as equal as can be."""
    if readers == 1:
        return 1.0
    small, larger = divmod(readers, blocks)
    pairs = larger * (small + 1) * small + (blocks - larger) * small * (small - 1)
    return pairs / (readers * (readers - 1))


def _positive(name: str, value: float) -> float:
    number = finite(name, value)
    if number <= 0:
        raise ValueError(f"{name} must be above 0, not {number:g}")
    return number


def power_of(wanted: Aim, spread: Spread) -> FloatArray:
    """Return the power of the t test, or of the normal one, at each variance."""
    se = np.sqrt(spread.variance)
    normal = not np.isfinite(spread.df).all()
    if wanted.alternative == "two-sided":
        shift = wanted.gaps[0] / se
        if normal:
            z = special.ndtri(wanted.alpha / 2)
            both: FloatArray = special.ndtr(z + shift) + special.ndtr(z - shift)
            return both
        return two_sided_power(shift, spread.df, wanted.alpha)
    shifts = [gap / se for gap in wanted.gaps]
    if normal:
        z = special.ndtri(wanted.alpha)
        tails = sum((special.ndtr(z + shift) for shift in shifts), start=np.zeros_like(se))
        reached: FloatArray = np.maximum(tails - (len(shifts) - 1), 0.0)
        return reached
    if len(shifts) == 1:
        return one_sided_power(shifts[0], spread.df, wanted.alpha)
    return two_one_sided_power(shifts[0], shifts[1], spread.df, wanted.alpha)


def found_power(method: str, wanted: Aim, spread_at: SpreadAt, n_cases: float) -> MrmcPower:
    """Return the power at one number of cases."""
    cases = np.array([whole_number("n_cases", n_cases, 2)], dtype=np.float64)
    spread = spread_at(cases)
    df = float(spread.df[0])
    return MrmcPower(
        method=method,
        power=float(power_of(wanted, spread)[0]),
        noncentrality=float(min(wanted.gaps, key=abs) ** 2 / spread.variance[0]),
        df2=df if np.isfinite(df) else None,
    )


def size_of(method: str, wanted: Aim, spread_at: SpreadAt, power: float) -> MrmcSize:
    """Return the smallest number of cases with a power."""
    target = check_level(power, "power")
    if target <= wanted.alpha:
        raise ValueError(f"power must lie strictly between alpha and 1, not {power!r}")
    if wanted.alternative in ("greater", "less"):
        distance(wanted.effect, wanted.margin, wanted.alternative)
    elif min(map(abs, wanted.gaps)) <= ROUNDING or min(wanted.gaps) * max(wanted.gaps) <= 0:
        raise ValueError(f"the expected effect {wanted.effect:g} has to lie off the margin")
    try:
        cases, reached = smallest(lambda n: power_of(wanted, spread_at(n)), target, 2, 1)
    except NotEstimableError:
        return MrmcSize(
            method=method, sample_size=None, power=None, undefined=True, reason=OUT_OF_REACH
        )
    return MrmcSize(method=method, sample_size=cases, power=reached)

"""Power of studies in which many readers read many cases."""

from __future__ import annotations

from clinval.stats.planning._reader_study_power import (
    MrmcPower,
    aim,
    errors,
    found_power,
    spread_of_alone,
    spread_of_pair,
)

__all__ = ["MrmcPower", "ai_versus_readers", "obuchowski_rockette"]


def obuchowski_rockette(
    effect: float,
    n_readers: int,
    n_cases: int,
    n_cases_pilot: float,
    var_reader_modality: float,
    cov1: float,
    cov2: float,
    cov3: float,
    var_error: float,
    *,
    var_reader: float = 0.0,
    alpha: float = 0.05,
    random: str = "readers_cases",
    design: str = "crossed",
    n_blocks: int = 1,
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> MrmcPower:
    r"""Power to show a difference of two modalities, by Obuchowski and Rockette's model.

    Parameters
    ----------
    effect
        Expected difference, test less reference, on the scale of the metric.
    n_readers
        Readers in each modality; the same ones unless readers are nested in modalities.
    n_cases
        Cases of the whole study, diseased or not, in the proportion of the pilot.
    n_cases_pilot
        Cases of the study, or of the model, that the error covariances are from.
    var_reader_modality, cov1, cov2, cov3, var_error
        Variance components of that study; a negative var_reader_modality counts as 0.
    var_reader
        Variance between readers; it only matters where readers are nested in modalities.
    alpha
        Level; of both sides together if ``alternative`` is "two-sided", else of each test.
    random
        What is drawn from a population: "readers_cases", "cases" (fixed readers) or "readers".
    design
        "crossed", "split_plot" (``n_blocks`` groups of readers, each with its own cases, in every
        modality), "cases_nested_in_readers", "cases_nested_in_modalities",
        "readers_nested_in_modalities" or "unpaired" (other readers and other cases in each).
    n_blocks
        Blocks of a split plot, with as many readers and cases each as can be.
    margin
        What the difference is tested against; negative for a loss that is allowed. For an
        equivalence, above 0.
    alternative
        "two-sided", "greater", "less" or "equivalence" (two one-sided tests, both of which have
        to succeed).

    Returns
    -------
    MrmcPower
        ``power``, ``noncentrality`` and ``df2``.

    Raises
    ------
    ValueError
        For components that cannot be those of one study, too few readers, unknown words.

    Notes
    -----
    With J readers, k the pilot's cases over those that a reader reads in a modality, s the share
    of pairs of readers who read the same cases, v and d = s (cov2 - cov3) not below 0, and cov1 =
    cov3 = 0 where no case is read in both modalities:

    .. math:: MS = v + k (\sigma^2_\varepsilon - cov_1 - d),\quad D = MS + J k d,\quad
              df_2 = (J - 1) \frac{D^2}{MS^2},\quad
              \lambda = \frac{(effect - margin)^2 J}{2 D}

    of F(1, df2). Fixed readers: v is left out and the test is chi-square. Readers alone: D is MS.
    Readers nested in modalities: MS is the sum of both variances of readers and k (var_error -
    cov2), with 2(J - 1) degrees of freedom. One-sided tests and equivalence are those of the same
    t; the power of two one-sided tests is exact given D and df2.

    References
    ----------
    .. [1] Hillis, Obuchowski & Berbaum 2011.

    Examples
    --------
    >>> found = obuchowski_rockette(
    ...     0.04, 8, 240, 114, 0.0002, 0.0003466, 0.000344, 0.000239, 0.0008023
    ... )
    >>> round(found.power, 6), round(found.df2, 3)
    (0.799363, 30.531)
    """
    given = errors(n_cases_pilot, var_error, cov1, cov2, cov3, var_reader, var_reader_modality)
    spread = spread_of_pair(given, n_readers, random=random, design=design, n_blocks=n_blocks)
    wanted = aim(effect, margin, alternative, alpha)
    return found_power("mrmc_power.obuchowski_rockette", wanted, spread, n_cases)


def ai_versus_readers(
    effect: float,
    n_readers: int,
    n_cases: int,
    n_cases_pilot: float,
    var_reader: float,
    cov2: float,
    var_error: float,
    *,
    alpha: float = 0.05,
    random: str = "readers_cases",
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> MrmcPower:
    r"""Power to show a difference of a product alone from the mean of its readers.

    Parameters
    ----------
    effect
        Expected difference, product less readers, on the scale of the metric.
    n_readers
        Readers.
    n_cases
        Cases, diseased or not, in the proportion of the pilot.
    n_cases_pilot
        Cases of the study that the error variances are from.
    var_reader
        Variance between readers; a negative one counts as 0.
    cov2, var_error
        Covariance and variance of the errors of the differences, product less one reader.
    alpha
        Level; of both sides together if ``alternative`` is "two-sided", else of each test.
    random
        What is drawn from a population: "readers_cases" or "readers".
    margin, alternative
        As in :func:`obuchowski_rockette`.

    Returns
    -------
    MrmcPower
        ``power``, ``noncentrality`` and ``df2``.

    Raises
    ------
    ValueError
        For components that cannot be those of one study, fewer than two readers, unknown words.

    Notes
    -----
    The analysis of a single modality, of the differences of the product from each reader. With k
    = n_cases_pilot/n_cases:

    .. math:: MS = v + k (\sigma^2_\varepsilon - cov_2),\quad D = MS + J k \max(cov_2, 0),\quad
              df_2 = (J - 1) \frac{D^2}{MS^2},\quad \lambda = \frac{(effect - margin)^2 J}{D}

    References
    ----------
    .. [1] Hillis 2007; Hillis, Obuchowski & Berbaum 2011.

    Examples
    --------
    >>> round(ai_versus_readers(0.05, 9, 240, 120, 0.0005, 0.0006, 0.0009).power, 4)
    0.7323
    """
    given = errors(n_cases_pilot, var_error, 0.0, cov2, 0.0, var_reader, 0.0)
    spread = spread_of_alone(given, n_readers, random=random)
    wanted = aim(effect, margin, alternative, alpha)
    return found_power("mrmc_power.ai_versus_readers", wanted, spread, n_cases)

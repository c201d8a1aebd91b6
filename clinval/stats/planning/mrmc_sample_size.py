"""Cases of studies in which many readers read many cases."""

from __future__ import annotations

from clinval.stats.planning._obuchowski_sizes import ConjecturedSize, obuchowski
from clinval.stats.planning._reader_study_power import (
    MrmcSize,
    aim,
    errors,
    size_of,
    spread_of_alone,
    spread_of_pair,
)

__all__ = ["ConjecturedSize", "MrmcSize", "ai_versus_readers", "obuchowski", "obuchowski_rockette"]


def obuchowski_rockette(
    effect: float,
    n_readers: int,
    n_cases_pilot: float,
    var_reader_modality: float,
    cov1: float,
    cov2: float,
    cov3: float,
    var_error: float,
    *,
    power: float = 0.8,
    var_reader: float = 0.0,
    alpha: float = 0.05,
    random: str = "readers_cases",
    design: str = "crossed",
    n_blocks: int = 1,
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> MrmcSize:
    r"""Cases to show a difference of two modalities, by Obuchowski and Rockette's model.

    Parameters
    ----------
    effect, n_readers, n_cases_pilot
        As in ``mrmc_power.obuchowski_rockette``.
    var_reader_modality, cov1, cov2, cov3, var_error, var_reader
        Variance components, as there.
    power
        Probability that the test succeeds.
    alpha, random, design, n_blocks, margin, alternative
        As there.

    Returns
    -------
    MrmcSize
        ``sample_size``, the cases of the whole study, and their ``power``.

    Raises
    ------
    ValueError
        For an effect on the wrong side of the margin, components that cannot be those of one
        study, unknown words.

    Notes
    -----
    The first of 2, 3, ... cases at which ``mrmc_power.obuchowski_rockette`` reaches the power.
    With random readers the power has a limit however many cases there are; beyond it the size is
    undefined.

    References
    ----------
    .. [1] Hillis, Obuchowski & Berbaum 2011.

    Examples
    --------
    >>> parts = dict(cov1=0.0003466, cov2=0.000344, cov3=0.000239, var_error=0.0008023)
    >>> obuchowski_rockette(0.04, 8, 114, 0.0002, **parts).sample_size
    241
    >>> obuchowski_rockette(0.03, 3, 114, 0.0004, **parts).reason
    'no number of cases gives this power with so few readers'
    """
    given = errors(n_cases_pilot, var_error, cov1, cov2, cov3, var_reader, var_reader_modality)
    spread = spread_of_pair(given, n_readers, random=random, design=design, n_blocks=n_blocks)
    wanted = aim(effect, margin, alternative, alpha)
    return size_of("mrmc_sample_size.obuchowski_rockette", wanted, spread, power)


def ai_versus_readers(
    effect: float,
    n_readers: int,
    n_cases_pilot: float,
    var_reader: float,
    cov2: float,
    var_error: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    random: str = "readers_cases",
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> MrmcSize:
    r"""Cases to show a difference of a product alone from the mean of its readers.

    Parameters
    ----------
    effect, n_readers, n_cases_pilot, var_reader, cov2, var_error
        As in ``mrmc_power.ai_versus_readers``.
    power
        Probability that the test succeeds.
    alpha, random, margin, alternative
        As there.

    Returns
    -------
    MrmcSize
        ``sample_size``, the cases of the whole study, and their ``power``.

    Raises
    ------
    ValueError
        As :func:`obuchowski_rockette`.

    Notes
    -----
    The first of 2, 3, ... cases at which ``mrmc_power.ai_versus_readers`` reaches the power.

    References
    ----------
    .. [1] Hillis 2007; Hillis, Obuchowski & Berbaum 2011.

    Examples
    --------
    >>> ai_versus_readers(
    ...     0.0, 9, 120, 0.0005, 0.0006, 0.0009, margin=-0.05, alternative="greater", alpha=0.025
    ... ).sample_size
    294
    """
    given = errors(n_cases_pilot, var_error, 0.0, cov2, 0.0, var_reader, 0.0)
    spread = spread_of_alone(given, n_readers, random=random)
    wanted = aim(effect, margin, alternative, alpha)
    return size_of("mrmc_sample_size.ai_versus_readers", wanted, spread, power)

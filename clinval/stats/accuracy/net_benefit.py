"""Net benefit of acting on a predicted probability (decision curve analysis)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Numbers, sample
from clinval.stats.accuracy._probabilities import NO_SUBJECT, read_probabilities

__all__ = ["NetBenefit", "vickers_elkin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetBenefit(Result):
    """Net benefit per subject at each threshold: of the model, of treating all, of treating none.

    ``n`` subjects; ``dropped`` rows had no probability.
    """

    estimate: tuple[float, ...] | None
    treat_all: tuple[float, ...] | None
    treat_none: tuple[float, ...] | None
    threshold: tuple[float, ...]
    true_positives: tuple[int, ...]
    false_positives: tuple[int, ...]
    n: int = 0
    dropped: int = 0


def vickers_elkin(
    truth: Numbers, probability: Numbers, *, threshold: Numbers | float
) -> NetBenefit:
    r"""Net benefit at threshold probabilities.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    probability
        The predicted probability of disease of each subject, in [0, 1]; ``None`` drops the row.
    threshold
        One threshold probability or a list of them, strictly between 0 and 1.

    Returns
    -------
    NetBenefit
        Lists with one entry a threshold: ``estimate``, ``treat_all``, ``treat_none`` (0),
        ``true_positives`` and ``false_positives``; ``n`` subjects. Undefined without subjects.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, probabilities outside [0, 1], thresholds outside (0, 1)
        or lists of different length.

    Notes
    -----
    .. math:: NB(t) = \frac{TP}{n} - \frac{FP}{n} \frac{t}{1 - t}

    A subject is positive when its probability is at least t. Treating all is the same with
    everybody positive.

    References
    ----------
    .. [1] Vickers & Elkin 2006.

    Examples
    --------
    >>> result = vickers_elkin([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], threshold=[0.2, 0.5])
    >>> result.estimate, result.treat_all
    ((0.4375, 0.25), (0.375, 0.0))
    """
    cuts = sample("threshold", [threshold] if isinstance(threshold, int | float) else threshold)
    if not ((cuts > 0) & (cuts < 1)).all():
        raise ValueError("threshold must lie strictly between 0 and 1")
    data = read_probabilities(truth, probability)
    ascending = [np.sort(data.probability[chosen]) for chosen in (data.diseased, ~data.diseased)]
    true, false = (len(part) - np.searchsorted(part, cuts, side="left") for part in ascending)
    odds, n = cuts / (1 - cuts), len(data.diseased)
    estimate = treat_all = treat_none = None
    if n:
        estimate = tuple(((true - false * odds) / n).tolist())
        treat_all = tuple(((len(ascending[0]) - len(ascending[1]) * odds) / n).tolist())
        treat_none = (0.0,) * len(cuts)
    return NetBenefit(
        method="net_benefit.vickers_elkin",
        estimate=estimate,
        treat_all=treat_all,
        treat_none=treat_none,
        threshold=tuple(cuts.tolist()),
        true_positives=tuple(true.tolist()),
        false_positives=tuple(false.tolist()),
        n=n,
        dropped=data.dropped,
        undefined=n == 0,
        reason="" if n else NO_SUBJECT,
    )

"""Made-up reads: where and when they are made, and scores that hang on the truth of the case."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinval.protocol.model import Protocol
from clinval.protocol.reading_order import reading_order

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["as_listed", "called", "centers", "changed", "on_scale"]


def as_listed(
    protocol: Protocol, part: str, recipe: Mapping[str, Any], frame: pd.DataFrame
) -> list[Any]:
    """Return the session or the day of each read, as the reader's list has it.

    Parameters
    ----------
    protocol
        The study.
    part
        ``session`` or ``date``.
    recipe
        Of a date: ``sessions`` (first day of each), ``days`` (that a session takes) and ``early``
        (reader to the days by which the last session begins too early).
    frame
        The keys of the reads.
    """
    places = {
        (reader, read.subject, read.arm): read
        for reader, reads in reading_order(protocol).items()
        for read in reads
    }
    keys = zip(frame["reader_id"], frame["subject_id"], frame["arm"], strict=True)
    if part == "session":
        return [places[key].session for key in keys]
    starts = [datetime.date.fromisoformat(str(day)) for day in recipe["sessions"]]
    lengths = {
        (reader, session): max(read.place for read in reads if read.session == session)
        for reader, reads in reading_order(protocol).items()
        for session in {read.session for read in reads}
    }
    early = recipe.get("early", {})
    found = []
    for key in keys:
        reader, read = key[0], places[key]
        days = int(recipe["days"]) * (read.place - 1) // lengths[reader, read.session]
        if read.session == len(starts):
            days -= int(early.get(reader, 0))
        found.append((starts[read.session - 1] + datetime.timedelta(days=days)).isoformat())
    return found


def centers(
    means: Mapping[str, Any], truth: pd.Series[Any], arm: pd.Series[Any] | None
) -> NDArray[np.float64]:
    """Return the mean of each row by the truth of its case, and by arm where that is said."""
    import numpy as np

    arms = [""] * len(truth) if arm is None else list(arm)
    chosen = [means[state] for state in truth]
    return np.array(
        [
            float(mean[name] if isinstance(mean, Mapping) else mean)
            for mean, name in zip(chosen, arms, strict=True)
        ]
    )


def on_scale(values: NDArray[np.float64], recipe: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return latent values on a scale from ``low`` to ``high``, half way at ``middle``."""
    from scipy.special import ndtr

    low, high = float(recipe["low"]), float(recipe["high"])
    share = ndtr((values - float(recipe["middle"])) / float(recipe["width"]))
    scaled: NDArray[np.float64] = (low + (high - low) * share).round(int(recipe.get("decimals", 0)))
    return scaled


def called(
    scores: pd.Series[Any], threshold: NDArray[np.float64], then: str, otherwise: str
) -> list[str | None]:
    """Return the call of each row: which side of the threshold its score lies on."""
    return [
        None if score != score else then if score >= limit else otherwise  # noqa: PLR0124 - NaN
        for score, limit in zip(scores, threshold, strict=True)
    ]


def changed(
    values: pd.Series[Any],
    changes: Mapping[str, Mapping[str, float]],
    draw: np.random.Generator,
) -> list[Any]:
    """Return values, a share of each kind of them changed into others."""
    found = []
    for value, drawn in zip(values, draw.random(len(values)).tolist(), strict=True):
        kept, below = value, 0.0
        for other, share in changes.get(value, {}).items():
            if below <= drawn < below + float(share):
                kept = other
            below += float(share)
        found.append(kept)
    return found

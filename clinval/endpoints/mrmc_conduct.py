"""How a reader study was read, and what a reviewer looks for: curves, order, washout, panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.mrmc_study import ReaderStudy
    from clinval.endpoints.reader_reads import StudyReads

__all__ = ["record_curves", "record_warnings"]

_POINTS = 400  # of a curve that is drawn; more are not seen
_GRID = 201  # false positive rates at which curves are averaged
_DIGITS = 12  # beyond which shares of cases differ by rounding only
_CHANCE = 0.5
_DATE, _PANEL, _READER = "read_date", "on_truth_panel", "F03"


def record_warnings(study: ReaderStudy) -> None:
    """Record what casts doubt on the reads, each with the readers that it is said of."""
    if study.endpoint.metric == "auc":
        _record_below_half(study)
    on_panel = _on_panel(study)
    word = ", ".join(on_panel) or "none"
    study.context.recorder.add("readers_on_truth_panel", word, n=len(on_panel))
    _record_washout(study)


def _record_below_half(study: ReaderStudy) -> None:
    """Record the readers with an area below one half, whose scale may be turned round."""
    recorder, reads = study.context.recorder, study.reads
    below = []
    for reader in reads.read_by:
        areas = [recorder.value("estimate", {"reader": reader, "arm": arm}) for arm in reads.arms]
        if any(isinstance(area, float) and area < _CHANCE for area in areas):
            below.append(reader)
    recorder.add("below_half", ", ".join(below) or "none", n=len(below))


def _on_panel(study: ReaderStudy) -> list[str]:
    """Return the readers who set the reference too, by the protocol or by their own form."""
    data = study.context.data
    found = set(data.protocol.truth_panel)
    form = next((form for form in data.protocol.forms if form.id == _READER), None)
    if form is not None and form.field(_PANEL) is not None:
        names, said = (data.column(form.id, name) for name in ("reader_id", _PANEL))
        yes = [*(category == "yes" for category in said.categories), False]
        found |= {
            str(names.categories[name])
            for name, answer in zip(names.codes, said.codes, strict=True)
            if yes[answer] and name >= 0
        }
    return [reader for reader in study.reads.read_by if reader in found]


def _record_washout(study: ReaderStudy) -> None:
    """Record the days between a reader's two reads of a case: the fewest, and how often too few."""
    import numpy as np

    reads, data, recorder = study.reads, study.context.data, study.context.recorder
    form = data.protocol.form(study.endpoint.form)
    field = form.field(_DATE)
    declared = data.protocol.design.washout_days
    if field is None or not field.temporal or declared is None or len(reads.arms) < 2:
        return
    days = _days_between(reads, np.asarray(data.column(form.id, _DATE)))
    recorder.add("washout_declared", declared, unit="days")
    known = ~np.isnan(days)
    short = known & (days < declared)
    least = int(days[known].min()) if known.any() else None
    reason = "no reader has two dated reads of a case"
    recorder.add("washout_shortest", least, unit="days", n=int(known.sum()), reason=reason)
    recorder.add("washout_short", int(short.sum()), unit="rows", n=int(known.sum()))
    for code in np.unique(reads.reader).tolist():
        group, n = {"reader": reads.readers[code]}, int(known[code].sum())
        recorder.add("washout_short", int(short[code].sum()), group=group, unit="rows", n=n)


def _days_between(reads: StudyReads, date: NDArray[Any]) -> NDArray[np.float64]:
    """Return the days between the two arms, by reader (rows) and case, NaN without both dates."""
    import numpy as np

    table = np.full((len(reads.arms), len(reads.readers), len(reads.truth)), np.datetime64("NaT"))
    table = table.astype("datetime64[D]")
    table[reads.arm, reads.reader, reads.case] = date[reads.row].astype("datetime64[D]")
    apart = table[0] - table[1]
    days: NDArray[np.float64] = np.abs(apart.astype(np.float64))
    days[np.isnat(apart)] = np.nan
    return days


# ---------------------------------------------------------------------- curves


def record_curves(study: ReaderStudy) -> None:
    """Record the ROC curve of each reader in each arm, and their vertical average by arm.

    A measure with two values, a call, has no curve.
    """
    import numpy as np

    from clinval.stats.accuracy import auc

    reads, recorder = study.reads, study.context.recorder
    if len(np.unique(reads.score)) <= 2:
        return
    truth, grid = reads.truth[reads.case] == 1, np.linspace(0.0, 1.0, _GRID)
    for arm, label in enumerate(reads.arms):
        averaged = []
        for code in np.unique(reads.reader).tolist():
            own = (reads.arm == arm) & (reads.reader == code)
            curve = auc.curve(truth[own], reads.score[own])
            if curve.undefined:
                continue
            false = np.round(1 - np.array(curve.specificity), _DIGITS)
            true = np.array(curve.sensitivity)
            averaged.append(_height(false, true, grid))
            kept = _seen(len(true))
            recorder.points(
                f"roc.{label}.{reads.readers[code]}",
                {
                    "false_positive": false[kept],
                    "true_positive": true[kept],
                    "threshold": np.array(curve.threshold)[kept],
                },
            )
        if averaged:
            recorder.points(
                f"roc.{label}",
                {
                    "false_positive": np.concatenate([[0.0], grid]),
                    "true_positive": np.concatenate([[0.0], np.mean(averaged, axis=0)]),
                },
            )


def _seen(points: int) -> NDArray[np.intp]:
    """Return the places of the points of a curve that are kept, both ends among them."""
    import numpy as np

    return np.unique(np.linspace(0, points - 1, min(points, _POINTS)).round().astype(np.intp))


def _height(
    false: NDArray[np.float64], true: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how high a curve is at false positive rates: where it rises upright, its top."""
    import numpy as np

    false, true = (np.concatenate([[0.0], np.sort(values)]) for values in (false, true))
    left = np.searchsorted(false, at, side="right") - 1
    right = np.minimum(left + 1, len(false) - 1)
    width = false[right] - false[left]
    share = np.where(width > 0, (at - false[left]) / np.where(width > 0, width, 1.0), 0.0)
    height: NDArray[np.float64] = true[left] + share * (true[right] - true[left])
    return height

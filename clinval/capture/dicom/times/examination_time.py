"""How long an examination lasted, by its images and by its dose reports.

From the first start to the last end of what was acquired, localizers included: pauses between
series count, and so does the time to plan them. Time in the room is longer, and no image tells it.
"""

from __future__ import annotations

from collections.abc import Sequence

from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.measured import Measured
from clinval.capture.dicom.times.acquisitions import Place
from clinval.capture.dicom.times.moments import SECOND, on_one_axis, read_moment, read_offset
from clinval.capture.dicom.times.scan_rungs import Rung, event_length
from clinval.capture.dicom.times.series_time import LOWER, SeriesTime, differing
from clinval.capture.dicom.times.shots import Shot, times_modified
from clinval.capture.dicom.times.spans import clock_step

__all__ = ["examination_time"]

_X_RAY = frozenset(("CT", "CR", "DX", "MG", "IO", "PX", "XA", "RF"))


def examination_time(
    study: str,
    series: Sequence[SeriesTime],
    places: Sequence[Place | None],
    clocks: tuple[str, ...],
    reports: Sequence[Instance],
    *,
    derived: bool,
) -> Measured | None:
    """Return the time of an examination, ``None`` where there is nothing that could have one.

    Parameters
    ----------
    study
        Hash of its identifier.
    series
        What was acquired, with `places`, their begins and ends.
    clocks
        What is to be known about the clocks of the images.
    reports
        Its dose reports of X-ray.
    derived
        Whether there are series, too, that were computed and do not count.

    Notes
    -----
    Reports tell the first and the last irradiation to the second, and are believed first where all
    that was acquired is X-ray. Where something else was acquired as well (PET of a PET/CT), they
    tell of a part, and the images are believed first.
    """
    images, told = _by_images(series, places, clocks), _by_reports(reports)
    whole = all(one.modality in _X_RAY for one in series)
    order = (told, images) if whole else (images, told)
    rungs = [rung for rung in order if rung is not None]
    left_out = ("derived_left_out",) if derived else ()
    if not rungs:
        if not series:
            return None
        return Measured(
            quantity="examination_time", value=None, source="none", confidence="low",
            scope="examination", study=study,
            flags=("single_moment" if any(places) else "no_times", *left_out),
            instances=_hashes(series, ()),
        )  # fmt: skip
    best = rungs[0]
    differ = whole and differing(rungs)
    used = reports if told is not None else ()
    return Measured(
        quantity="examination_time",
        value=best.seconds,
        source=best.source,
        confidence=LOWER[best.confidence] if differ else best.confidence,
        scope="examination",
        study=study,
        flags=(*best.flags, *(("several_rungs_differ",) if differ else ()), *left_out),
        instances=_hashes(series, used),
        others=tuple((rung.source, rung.seconds) for rung in rungs[1:]),
    )


def _hashes(series: Sequence[SeriesTime], reports: Sequence[Instance]) -> tuple[str, ...]:
    instances = [instance for one in series for instance in one.instances]
    return tuple(one.uid for one in sorted((*instances, *reports), key=lambda one: one.file))


def _by_images(
    series: Sequence[SeriesTime], places: Sequence[Place | None], clocks: tuple[str, ...]
) -> Rung | None:
    known = [place for place in places if place is not None]
    length = max((end for _, end in known), default=0) - min((b for b, _ in known), default=0)
    if not length:
        return None
    flags = list(clocks)
    if len(known) < len(places):
        flags.append("some_without_times")
    last = max((place[1], k) for k, place in enumerate(places) if place is not None)[1]
    if any("no_last_slice" in rung.flags for rung in series[last].rungs[:1]) or (
        not series[last].rungs
    ):
        flags.append("no_last_slice")
    if any(one.images.modified == "times_modified" for one in series):
        flags.append("times_modified")
    starts = [shot.start for one in series for shot in one.shots if shot.start is not None]
    if len(set(starts)) == 1:  # one exposure: true, and not what people mean by an examination
        flags.append("single_moment")
    lowering = {"some_without_times", "times_modified", "clock_offset"}
    return Rung(
        source="acquisition_span",
        seconds=length / SECOND,
        confidence="medium" if lowering.isdisjoint(flags) else "low",
        flags=tuple(flags),
        tolerance=clock_step(starts) / SECOND,
    )


def _by_reports(reports: Sequence[Instance]) -> Rung | None:
    """First start to last end of irradiation, over all reports: cumulative ones begin alike."""
    shots = [shot for report in reports for shot in _irradiation(report)]
    starts = [shot.start for shot in shots if shot.start is not None]
    if not starts:
        return None
    positions, clocks = on_one_axis(starts, dates_may_lag=False)
    ends = [p + (shot.length or 0) for p, shot in zip(positions, shots, strict=True)]
    length = max(ends) - min(positions)
    if not length:
        return None
    flags = list(clocks)
    if shots[ends.index(max(ends))].length is None:
        flags.append("no_last_slice")
    if len(set(positions)) == 1:
        flags.append("single_moment")
    modified = any(times_modified(report.header) for report in reports)
    flags += ["times_modified"] if modified else []
    return Rung(
        source="irradiation_times",
        seconds=length / SECOND,
        confidence="medium" if flags else "high",
        flags=tuple(flags),
        tolerance=clock_step(starts) / SECOND,
    )


def _irradiation(report: Instance) -> list[Shot]:
    """Return the start and end of irradiation that a report states, or else those of its events."""
    told = report.report
    if told is None or times_modified(report.header) == "REMOVED":
        return []
    offset = read_offset(report.header.text("TimezoneOffsetFromUTC"))
    stated = [read_moment("", text, offset) for text in (told.began, told.ended)]
    if all(moment is not None for moment in stated):
        return [Shot("", moment, 0) for moment in stated]
    shots = []
    for event in told.events:
        start, lasted = read_moment("", event.started, offset), event_length(event)
        if start is not None:
            seconds = lasted.value if lasted is not None else None
            length = None if seconds is None else round(seconds * SECOND)
            shots.append(Shot("", start, length))
    return shots

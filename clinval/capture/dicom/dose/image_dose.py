"""Dose that images carry, and one dose where reports state it, too."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from clinval.capture.dicom.dose.activity import activities
from clinval.capture.dicom.dose.ct_image_dose import ct_doses, summary_doses
from clinval.capture.dicom.dose.projection_dose import SIDES, projection_doses
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.measured import Measured

__all__ = ["TOLERANCE", "image_doses", "merge_doses"]

TOLERANCE = 0.05
"""How far the dose in an image may be from the one in a report, as a part of the latter."""


def image_doses(instances: Sequence[Instance]) -> list[Measured]:
    """Return the doses and administered activities that images carry.

    Parameters
    ----------
    instances
        Of one examination or many, in any order; reports among them are passed over.

    Returns
    -------
    list of Measured
        CTDIvol [mGy] and its phantom [cm] by irradiation event or series; dose area product
        [Gy*cm2], average glandular and entrance dose [mGy] by exposure; activity [MBq] by
        administration; and sums over the examination where a sum means something. The source is
        ``image_header``, or ``dose_summary`` for what Philips keeps beside its screen of doses.
    """
    images = [one for one in instances if one.report is None]
    return [
        *ct_doses(images),
        *summary_doses(images),
        *projection_doses(images),
        *activities(images),
    ]


def merge_doses(reports: Sequence[Measured], images: Sequence[Measured]) -> list[Measured]:
    """Return one set of doses: those of reports, and of images what no report has.

    Within an examination and for one quantity,

    * a value of an image whose irradiation event is in the report gives way to it;
    * an exposure that names no event, and an administration, which has other names in images than
      in reports, gives way to the value of the report that is closest to it, each to another one;
    * so does the value of a series or of the examination, several of them to the same one;
    * the value that stays is flagged ``image_differs`` where the image is farther from it than
      `TOLERANCE`;
    * where the report leaves the number empty, the image fills it, with ``report_empty``;
    * what no report has keeps the value of its image, with ``not_in_report``, and the totals that
      the report states are flagged ``irradiation_missing``.

    Parameters
    ----------
    reports, images
        As `report_doses` and `image_doses` return them.
    """
    stated: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(reports):
        stated[one.study, one.quantity].append(place)
    events = {(one.study, one.event) for one in reports if one.event}
    partners = _partners(stated, reports, images)
    flags: defaultdict[int, set[str]] = defaultdict(set)
    dropped: set[int] = set()
    added: list[Measured] = []
    for number, image in enumerate(images):
        places = stated[image.study, image.quantity]
        if not places:
            added.append(image)
            continue
        if image.value is None:
            continue
        named = (image.study, image.event) in events
        alike = [place for place in places if _comparable(reports[place], image)]
        if named:
            alike = [place for place in alike if reports[place].event == image.event]
        known = [place for place in alike if reports[place].value is not None]
        if number in partners:
            known = [partners[number]]
        elif image.event and not named and (known or not _goes_by_value(image)):
            added.append(replace(image, flags=(*image.flags, "not_in_report")))
            for total in _totals(stated, reports, image):
                flags[total].add("irradiation_missing")
            continue
        if known:
            closest = min(known, key=lambda place: (_distance(reports[place], image), place))
            if _distance(reports[closest], image) > TOLERANCE:
                flags[closest].add("image_differs")
        else:
            dropped.update(alike)
            added.append(replace(image, flags=(*image.flags, "report_empty")))
    kept = [
        replace(one, flags=tuple(sorted({*one.flags, *flags[place]}))) if flags[place] else one
        for place, one in enumerate(reports)
        if place not in dropped
    ]
    return kept + added


def _partners(
    stated: Mapping[tuple[str, str], Sequence[int]],
    reports: Sequence[Measured],
    images: Sequence[Measured],
) -> dict[int, int]:
    """Return, for exposures and administrations of images, which value of a report is theirs.

    Those that are closest to each other go together first, and each value goes with one only.
    """
    events = {(one.study, one.event) for one in reports if one.event}
    named = {(one.study, one.event) for one in images} & events
    pairs = [
        (_distance(reports[place], image), number, place)
        for number, image in enumerate(images)
        if _goes_by_value(image) and (image.study, image.event) not in events
        for place in stated.get((image.study, image.quantity), ())
        if _comparable(reports[place], image)
        and reports[place].value is not None
        and (image.study, reports[place].event) not in named
    ]
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for _, number, place in sorted(pairs):
        if number not in partners and place not in taken:
            partners[number] = place
            taken.add(place)
    return partners


def _goes_by_value(image: Measured) -> bool:
    nameless = "event_unnamed" in image.flags or image.quantity == "administered_activity"
    return image.scope == "event" and nameless and image.value is not None


def _comparable(report: Measured, image: Measured) -> bool:
    """Whether both are of a whole examination or of a part, and of no two different breasts."""
    sides = {flag for one in (report, image) for flag in one.flags if flag in SIDES}
    return (report.scope == "examination") == (image.scope == "examination") and len(sides) < 2


def _totals(
    stated: Mapping[tuple[str, str], Sequence[int]], reports: Sequence[Measured], image: Measured
) -> list[int]:
    """Return the totals that lack an irradiation; CTDIvol has none of its own."""
    quantity = "dlp" if image.quantity == "ctdivol" else image.quantity
    places = stated.get((image.study, quantity), ())
    return [place for place in places if reports[place].scope == "examination"]


def _distance(report: Measured, image: Measured) -> float:
    """Return how far an image is from a report, rounded so that 5 % written in decimals is 5 %."""
    if report.value is None or image.value is None:
        return math.inf
    apart = abs(image.value - report.value)
    if report.value == 0:
        return math.inf if apart else 0.0
    return round(apart / abs(report.value), 9)

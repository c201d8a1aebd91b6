"""Dose of radiographs, mammograms, dental and angiographic images, as the images carry it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from clinval.capture.dicom.dose.image_facts import acquired, event_of, instant, name_of
from clinval.capture.dicom.dose.report import Quantity
from clinval.capture.dicom.dose.units import converted, summed
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import Instance, hash_of_uid
from clinval.capture.dicom.measured import UNITS, Measured

__all__ = ["SIDES", "projection_doses"]

_AREA = "ImageAndFluoroscopyAreaDoseProduct"
_DOSES = (_AREA, "OrganDose", "EntranceDoseInmGy", "EntranceDose")
_SETTINGS = ("KVP", "ExposureTime")

_DOUBTS = {
    "event": (),
    "time": ("event_unnamed",),
    "alike": ("event_unnamed", "exposure_guessed"),
}
"""What is to be known of an exposure, by what its images are put together."""

SIDES = ("left", "right", "both")
"""Which breast, as a flag."""

_Key = tuple[object, ...]


def projection_doses(instances: Iterable[Instance]) -> Iterator[Measured]:
    """Yield the doses of each exposure, and sums over the examination.

    Sums are those of dose area products and, by breast, of glandular doses. They are what the
    images have; fluoroscopy without images is not in them.

    Units are those of the attributes (PS3.3, C.8.7.8): dose area product in dGy.cm2,
    organ dose in dGy, entrance dose in mGy, or in whole dGy in an older attribute that counts only
    where the newer one is missing.

    One exposure has several images: for processing and for presentation, or the slices of a cone
    beam CT. Images are of one exposure when they name the same irradiation event; else when doses
    and time of acquisition are the same. Without a time, images of different classes with the same
    doses and settings are of one exposure, images of one class are not, and a flag says that this
    is a guess. An exposure that names no event is called by a hash of its first image, and
    ``event_unnamed`` says so.
    """
    totals: defaultdict[tuple[str, str, str], list[Measured]] = defaultdict(list)
    for key, found in sorted(_exposures(instances).items(), key=lambda one: _order(one[1])):
        told_by = str(key[0])
        first, uids = min(found, key=lambda one: one.uid), _uids(found)
        event = event_of(first.header) or hash_of_uid(f"exposure|{uids[0]}")
        series = {one.series for one in found}
        for quantity, value in _doses(first.header).items():
            side = _side(first.header) if quantity == "average_glandular_dose" else ()
            one = Measured(
                quantity=quantity,
                value=value.value,
                source="image_header",
                confidence="medium" if told_by == "alike" else "high",
                scope="event",
                study=first.study,
                series=first.series if len(series) == 1 else "",
                event=event,
                instances=tuple(uids),
                original=value.original,
                flags=(*value.flags, *_DOUBTS[told_by], *side),
                label=name_of(first.header),
            )
            yield one
            if quantity == "dose_area_product" or side:
                totals[first.study, quantity, "".join(side)].append(one)
    for (study, quantity, _), parts in totals.items():
        total = summed([Quantity(value=one.value, original=one.original) for one in parts])
        flags = {flag for one in parts for flag in one.flags} - {"event_unnamed"}
        yield Measured(
            quantity=quantity,
            value=total.value,
            source="image_header",
            confidence="medium",
            scope="examination",
            study=study,
            instances=tuple(sorted({uid for one in parts for uid in one.instances})),
            original=total.original,
            flags=tuple(sorted({*flags, "sum_of_images"})),
        )


def _side(header: Header) -> tuple[str, ...]:
    side = header.text("ImageLaterality") or header.text("Laterality")
    return tuple(name for name in SIDES if name[0].upper() == side)


def _doses(header: Header) -> Mapping[str, Quantity]:
    """Return what an image says of its dose, in our units."""
    found = {}
    if text := header.text(_AREA):
        found["dose_area_product"] = converted(text, "dGy.cm2", UNITS["dose_area_product"])
    breast = header.text("Modality") == "MG" or header.text("OrganExposed") == "BREAST"
    if breast and (text := header.text("OrganDose")):
        found["average_glandular_dose"] = converted(text, "dGy", UNITS["average_glandular_dose"])
    if text := header.text("EntranceDoseInmGy"):
        found["entrance_dose"] = converted(text, "mGy", UNITS["entrance_dose"])
    elif (text := header.text("EntranceDose")) and header.number("EntranceDose") != 0:
        found["entrance_dose"] = converted(text, "dGy", UNITS["entrance_dose"])
    return found


def _exposures(instances: Iterable[Instance]) -> dict[_Key, list[Instance]]:
    """Return images by exposure; the first part of the key says what it is told by."""
    found: defaultdict[_Key, list[Instance]] = defaultdict(list)
    volumes: defaultdict[_Key, list[Instance]] = defaultdict(list)
    alike: defaultdict[_Key, list[Instance]] = defaultdict(list)
    for instance in instances:
        header = instance.header
        doses = tuple(header.text(name) for name in _DOSES)
        if not any(doses):
            continue
        if event := event_of(header):
            found["event", instance.study, event].append(instance)
        elif header.text("Modality") == "CT":
            volumes[instance.study, instance.series, *doses].append(instance)
        elif start := _start([instance]):
            found["time", instance.study, start, *doses].append(instance)
        else:
            settings = (header.text(name) for name in _SETTINGS)
            alike[instance.study, *doses, *settings].append(instance)
    for (study, series, *same), images in volumes.items():
        # Two reconstructions of one rotation begin at the same time.
        found["time", study, _start(images) or series, *same] += images
    for key, images in alike.items():
        place: Counter[str] = Counter()
        for image in sorted(images, key=lambda one: one.uid):
            name = image.header.text("SOPClassUID")
            found["alike", *key, place[name]].append(image)
            place[name] += 1
    return found


def _start(images: Sequence[Instance]) -> tuple[int, int] | None:
    moments = (acquired(one.header) for one in images)
    return min((instant(one) for one in moments if one), default=None)


def _order(images: Sequence[Instance]) -> tuple[str, tuple[int, int], list[str]]:
    return images[0].study, _start(images) or (0, 0), _uids(images)


def _uids(images: Sequence[Instance]) -> list[str]:
    return sorted(one.uid for one in images)

"""Dose of CT as its images carry it: CTDIvol of the scan, and the summaries that Philips keeps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from clinval.capture.dicom.dose.codes import PHANTOMS
from clinval.capture.dicom.dose.image_facts import event_of, name_of
from clinval.capture.dicom.dose.report import Quantity
from clinval.capture.dicom.dose.units import converted, summed
from clinval.capture.dicom.instance import Instance, hash_of_uid
from clinval.capture.dicom.measured import UNITS, Confidence, Measured
from clinval.capture.dicom.times.series_kind import instance_kind

__all__ = ["ct_doses", "summary_doses"]

_CTDIVOL = (
    "CTDIvol",
    "SharedFunctionalGroupsSequence.CTExposureSequence.CTDIvol",
    "PerFrameFunctionalGroupsSequence.CTExposureSequence.CTDIvol",
)
_PHANTOM = "CTDIPhantomTypeCodeSequence.CodeValue"
_SUMMARY = "ExposureDoseSequence."


def ct_doses(instances: Iterable[Instance]) -> Iterator[Measured]:
    """Yield CTDIvol and its phantom for each irradiation event, or series where none is named.

    Where the tube current follows the patient, some scanners write the CTDIvol of the whole scan
    into each image and others that of the slice: the mean over the images is the one of the scan,
    and the range stands beside it. Images that were computed count only where no acquired image of
    the event or series is there.
    """
    groups: defaultdict[tuple[str, ...], list[Instance]] = defaultdict(list)
    for instance in instances:
        header = instance.header
        if not any(text for name in _CTDIVOL for text in header.texts(name)):
            continue
        event = event_of(header)
        place = ("", event) if event else (instance.series, header.text("AcquisitionNumber"))
        groups[instance.study, *place].append(instance)
    for (study, series, event), found in sorted(groups.items()):
        kinds = {one.uid: instance_kind(one.header) for one in found}
        acquired = [one for one in found if kinds[one.uid] in {"original", "localizer"}]
        doubts = () if acquired else ("of_derived_images",)
        if set(kinds.values()) == {"localizer"}:
            doubts = ("localizer",)
        yield from _of_scan(study, "" if series else event, acquired or found, doubts)


def _of_scan(
    study: str, event: str, found: Sequence[Instance], doubts: Sequence[str]
) -> Iterator[Measured]:
    series = sorted({one.series for one in found})
    first = min(found, key=lambda one: one.uid).header
    confidence: Confidence = "high" if event else "medium"
    if "of_derived_images" in doubts:
        confidence = "low"
    doses = Counter(
        text for one in found for name in _CTDIVOL for text in one.header.texts(name) if text
    )
    codes = sorted({code for one in found for code in one.header.texts(_PHANTOM) if code})
    for quantity, value in (("ctdivol", _mean(doses)), ("ctdi_phantom", _phantom(codes))):
        if value is None:
            continue
        yield Measured(
            quantity=quantity,
            value=value.value,
            source="image_header",
            confidence=confidence,
            scope="event" if event else "series",
            study=study,
            series=series[0] if len(series) == 1 else "",
            event=event,
            instances=tuple(sorted(one.uid for one in found)),
            original=value.original,
            flags=(*value.flags, *doubts),
            label=name_of(first),
        )


def _mean(doses: Counter[str]) -> Quantity:
    """Return the mean over images, and their range where they differ."""
    said = {text: converted(text, "mGy", UNITS["ctdivol"]) for text in doses}
    flags = {flag for one in said.values() for flag in one.flags}
    known = sorted(
        (one.value, text, doses[text]) for text, one in said.items() if one.value is not None
    )
    if not known:
        return Quantity(value=None, original=min(doses), flags=tuple(sorted(flags)))
    (least, lowest, _), (most, highest, _) = known[0], known[-1]
    if least == most:
        return Quantity(value=least, original=f"{lowest} mGy", flags=tuple(sorted(flags)))
    total = sum(Fraction(repr(value)) * images for value, _, images in known)
    return Quantity(
        value=float(total / sum(images for _, _, images in known)),
        original=f"{lowest} .. {highest} mGy",
        flags=tuple(sorted(flags | {"mean_of_images"})),
    )


def _phantom(codes: Sequence[str]) -> Quantity | None:
    if not codes:
        return None
    sizes = {PHANTOMS.get(code) for code in codes}
    size = sizes.pop() if len(sizes) == 1 else None
    flags = () if size else ("several_values",) if sizes else ("phantom_unknown",)
    return Quantity(value=float(size) if size else None, original=", ".join(codes), flags=flags)


def summary_doses(instances: Iterable[Instance]) -> Iterator[Measured]:
    """Yield CTDIvol and DLP of each line of a summary that Philips keeps with its screen of doses.

    The lines name no irradiation event. A line that stands at the same place in two summaries of
    an examination with the same content is the same irradiation: a summary is written again when
    the examination goes on. DLP is a private attribute (ELSCINT1) in mGy.cm.
    """
    lines: defaultdict[tuple[str, int, str, str, str], list[str]] = defaultdict(list)
    for instance in instances:
        columns = [
            instance.header.texts(_SUMMARY + name)
            for name in ("CTDIvol", "00e1,xx21 ELSCINT1", "SeriesDescription")
        ]
        count = max(map(len, columns))
        aligned = (one if len(one) == count else ("",) * count for one in columns)
        for number, (ctdivol, dlp, label) in enumerate(zip(*aligned, strict=True), start=1):
            lines[instance.study, number, ctdivol, dlp, label].append(instance.uid)
    products: defaultdict[str, list[tuple[Quantity, list[str]]]] = defaultdict(list)
    for (study, number, ctdivol, dlp, label), uids in sorted(lines.items()):
        event = hash_of_uid(f"{study}|{number}|{ctdivol}|{dlp}|{label}")
        stated = {
            "ctdivol": converted(ctdivol, "mGy", UNITS["ctdivol"]),
            "dlp": converted(dlp, "mGy.cm", UNITS["dlp"]),
        }
        for quantity, value in stated.items():
            if value.original:
                yield _stated(quantity, value, study, uids, event=event, label=label)
        products[study].append((stated["dlp"], uids))
    for study, found in products.items():
        total = summed([dlp for dlp, _ in found])
        if total.value is not None:
            yield _stated("dlp", total, study, sorted({uid for _, uids in found for uid in uids}))


def _stated(
    quantity: str,
    value: Quantity,
    study: str,
    uids: Sequence[str],
    *,
    event: str = "",
    label: str = "",
) -> Measured:
    return Measured(
        quantity=quantity,
        value=value.value,
        source="dose_summary",
        confidence="medium",
        scope="event" if event else "examination",
        study=study,
        event=event,
        instances=tuple(sorted(uids)),
        original=value.original,
        flags=(*value.flags, "event_unnamed") if event else value.flags,
        label=label,
    )

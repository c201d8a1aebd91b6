"""Scan times of real files: what each rung gives, and the same times read by another road."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clinval.capture.dicom.dose.report_reading import is_dose_report, read_dose_report
from clinval.capture.dicom.files.source import Source
from clinval.capture.dicom.headers.attributes import UIDS
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.headers.reading import UnreadableError, read
from clinval.capture.dicom.instance import Instance, hash_of_uid
from clinval.capture.dicom.measured import Measured
from clinval.capture.dicom.times.scan_time import scan_times

SHARED = Path(__file__).resolve().parents[4] / "shared" / "dicom"

SERIES = {
    # what is written in the file(s) -> what is made of it; spans worked out by hand
    "emri_small": (652.70703125, "acquisition_duration", "high", ()),
    "NM-NmIm-Siemens-s1-1": (17 * 14.695, "frame_times", "medium", ("single_moment",)),
    "NM-NmIm-Siemens-s1-2": (
        17 * 14.297, "frame_times", "medium", ("single_moment", "repeated_reconstruction"),
    ),
    "NM-NmIm-Siemens": (265.485, "acquisition_span", "medium", ("single_moment",)),
    "NM-PetIm-GE": (150.0, "acquisition_span", "medium", ("single_moment",)),
    "NM-PetIm-Siemens": (119.449, "acquisition_span", "medium", ("single_moment",)),
    "NM-PetIm-Siemens-2": (166.436, "acquisition_span", "medium", ("single_moment",)),
    # two beds: 12:14:48 + 166.436 s and 12:15:19 + 135.021 s end at 12:17:34.436 and .021
    "NM-PetIm-Siemens-3 NM-PetIm-Siemens-3-sameseries": (
        166.436, "acquisition_span", "medium", ("repeated_reconstruction",),
    ),
    "MG-Im-GE-SenDS-scaled": (0.834, "acquisition_span", "medium", ("single_moment",)),
    "MG-Im-GE_Seno_1_ForProcessing": (0.206, "acquisition_span", "medium", ("single_moment",)),
    "MG-Im-GE_Seno_1_ForPresentation": (
        0.206, "acquisition_span", "medium", ("single_moment", "repeated_reconstruction"),
    ),
    "MG-Im-GE_Seno_2_ForPresentation": (0.856, "acquisition_span", "medium", ("single_moment",)),
    "PX-Im-NewTom_Go": (6.8, "acquisition_span", "medium", ("single_moment",)),
    "DX-Im-Carestream_DR7500-1": (0.019, "acquisition_span", "medium", ("single_moment",)),
    "DX-Im-Carestream_DR7500-2": (0.018, "acquisition_span", "medium", ("single_moment",)),
    "DX-Im-Carestream_DRX": (0.004, "acquisition_span", "medium", ("single_moment",)),
    "DX-Im-DRGEM": (0.1613, "acquisition_span", "medium", ()),
    "DX-Im-Date-Missing": (0.019, "acquisition_span", "medium", ("single_moment",)),
    "DX-Im-SiemensMultix": (0.006, "acquisition_span", "medium", ("single_moment",)),
    # three exposures of 6, 11 and 27 ms within 70 s
    "DX-Im-GE_XR220-1 DX-Im-GE_XR220-2 DX-Im-GE_XR220-3": (
        0.044, "acquisition_span", "low", ("pauses_left_out", "coarse_clock"),
    ),
    # single images: a spiral, a radiograph without its exposure time, one without any time
    "ct_image": (None, "none", "low", ("single_moment",)),
    "dx_image": (None, "none", "low", ("single_moment",)),
    "RG3_J2KI": (None, "none", "low", ("single_moment",)),
}  # fmt: skip
"""By the names of the files of a series, without their endings."""

EVENTS = {
    "CT-RDSR-Siemens-Multi": [5.28, 26.91, 69.85],
    "CT-RDSR-Siemens-Continued": [3.72, 3.33, 3.43, 2.89],
    "CT-RDSR-Siemens_Flash-TAP-SS": [8.37, 0.5, 1.5, 16.01],
    "CT-RDSR-SpectrumDynamics": [3.183, 1.004, 2.008, 1.919, 3.519],
    "NM-CT-RDSR-Siemens": [8.26, 42.3],
    "CT-RDSR-Philips_BigBore4DCT": [],  # 11912 "s" for 11.912 s: a wrong unit is no time
}
"""Exposure times of the events of reports of CT, in seconds, each event once."""


@pytest.fixture(scope="module")
def harvest() -> tuple[dict[str, str], list[Instance], list[Measured]]:
    """Names of files by their hashes, the instances, and what is made of them."""
    if not SHARED.is_dir():
        pytest.skip("the shared DICOM files (../shared/dicom) are not on this machine")
    # reports of fluoroscopy have thousands of items, and no scan
    paths = sorted(
        set(SHARED.glob("*/*.dcm")) - set(SHARED.glob("*/RF-*")) - set(SHARED.glob("pysk*/*"))
    )
    found = _instances(paths)
    names = {one.uid: paths[one.file - 1].stem for one in found}
    return names, found, scan_times(found)


def _instances(paths: list[Path]) -> list[Instance]:
    found = []
    for number, path in enumerate(paths, 1):
        try:
            parsed = read(Source(number=number, name=path.name, path=path))
        except UnreadableError:
            continue
        header = parsed.header
        uid, study, series = (
            hash_of_uid(header.text(f"{what}InstanceUID")) for what in ("SOP", "Study", "Series")
        )
        kept = {
            name: tuple(map(hash_of_uid, texts)) if name in UIDS else texts
            for name, texts in header.values.items()
        }
        said = read_dose_report(parsed.dataset()) if is_dose_report(header) else None
        found.append(
            Instance(
                file=number, uid=uid, study=study, series=series, header=Header(kept), report=said
            )
        )
    return found


def test_what_the_ladder_gives_on_each_series(harvest):
    names, _, measured = harvest
    found = {
        " ".join(sorted(names[uid] for uid in one.instances)): (
            one.value, one.source, one.confidence, one.flags,
        )
        for one in measured
        if one.quantity == "scan_time" and one.scope == "series"
    }  # fmt: skip
    assert found.keys() == SERIES.keys()
    for name, (value, *rest) in SERIES.items():
        assert found[name] == (value if value is None else pytest.approx(value), *rest), name


@pytest.mark.parametrize("name", EVENTS)
def test_times_of_events_where_only_a_report_is_there(harvest, name):
    names, _, measured = harvest
    found = [
        one.value
        for one in measured
        if one.scope == "event" and all(names[uid].startswith(name) for uid in one.instances)
    ]
    assert found == pytest.approx(EVENTS[name])


def test_irradiation_of_examinations_by_another_road(harvest):
    """First start to last end of each report, united by study: read by pydicom, told by Python."""
    pydicom = pytest.importorskip("pydicom")
    names, instances, measured = harvest
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for one in instances:
        if one.report is None or one.report.kind == "radiopharmaceutical":
            continue
        (path,) = SHARED.glob(f"*/{names[one.uid]}.dcm")
        said = dict(_moments(pydicom.dcmread(path)))
        if {"113809", "113810"} <= said.keys():
            spans.setdefault(one.study, []).append((said["113809"], said["113810"]))
    assert len(spans) == 13
    found = {one.study: one for one in measured if one.quantity == "examination_time"}
    for study, pairs in spans.items():
        length = max(end for _, end in pairs) - min(begin for begin, _ in pairs)
        values = (found[study].value, *(seconds for _, seconds in found[study].others))
        sources = (found[study].source, *(source for source, _ in found[study].others))
        assert values[sources.index("irradiation_times")] == length / timedelta(seconds=1)


def _moments(dataset):
    """Yield code and moment of each start and end of irradiation; offsets are left alone."""
    for item in dataset.get("ContentSequence", ()):
        code = (
            item.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in item else ""
        )
        if code in ("113809", "113810"):
            text = str(item.DateTime).partition("+")[0]
            yield code, datetime.fromisoformat(f"{text[:8]}T{text[8:]}")
        yield from _moments(item)


def test_examinations_of_cumulative_and_continued_reports(harvest):
    names, _, measured = harvest
    found = {
        names[one.instances[0]]: (one.value, len(one.instances))
        for one in measured
        if one.quantity == "examination_time"
    }
    # 17:19:33.5 to 17:25:28.2 of three reports, 10:12:21.0 to 10:18:34.3 of two
    assert found["CT-RDSR-Siemens-Multi-1"] == (pytest.approx(354.739014), 3)
    assert found["CT-RDSR-Siemens-Continued-1"] == (pytest.approx(373.241991), 2)


def test_a_pet_ct_lasts_from_its_first_bed_to_its_last(harvest):
    names, _, measured = harvest
    (one,) = (
        one
        for one in measured
        if one.quantity == "examination_time"
        and "NM-PetIm-Siemens-2" in {names[uid] for uid in one.instances}
    )
    assert one.value == 1295.436  # 11:55:59 to 12:17:34.436
    assert one.others == (("irradiation_times", pytest.approx(88.995011)),)


def test_no_value_tells_a_date(harvest):
    _, instances, measured = harvest
    dates = {one.header.text(f"{k}Date") for one in instances for k in ("Study", "Acquisition")}
    dates.discard("")
    assert len(dates) > 20
    assert not [one for one in measured if any(day in one.original for day in dates)]


PYDICOM = {
    # rotations of a CT that stood still: 17:33:21 to 17:35:25 and the exposure of 2 s
    "17106 17136 17166 17196": (126.0, "acquisition_span", "medium", ()),
    # two views at 00:15:38 and 00:16:20, 518 ms
    "6293 6924": (42.518, "acquisition_span", "medium", ("localizer",)),
    "2062 2392 2693 3023 3353": (1.326, "acquisition_span", "low", ("coarse_clock",)),
    "CT_small": (None, "none", "low", ("single_moment",)),
    "4950 4981 5011": (None, "none", "low", ("localizer", "localizer_by_name", "no_times")),
}
"""Of the files that come with pydicom."""


def test_what_the_ladder_gives_on_the_files_of_pydicom():
    pydicom_data = pytest.importorskip("pydicom.data")
    paths = sorted(
        path for path in map(Path, set(pydicom_data.get_testdata_files())) if path.is_file()
    )
    found = _instances(paths)
    names = {one.uid: paths[one.file - 1].stem for one in found}
    told = {
        " ".join(names[uid] for uid in one.instances): (
            one.value, one.source, one.confidence, one.flags,
        )
        for one in scan_times(found)
        if one.quantity == "scan_time"
    }  # fmt: skip
    assert {name: told.get(name) for name in PYDICOM} == PYDICOM

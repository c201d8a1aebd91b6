"""What was acquired is told from what was computed."""

from __future__ import annotations

import pytest
from scan_kit import header, image

from clinval.capture.dicom.times.series_kind import instance_kind, kinds_of_series

CLASS = "1.2.840.10008.5.1.4.1.1."


@pytest.mark.parametrize(
    ("kind", "modality", "image_type", "values"),
    [
        ("original", "CT", ("ORIGINAL", "PRIMARY", "AXIAL"), {}),
        ("original", "CT", (), {}),
        ("original", "MR", ("ORIGINAL", "PRIMARY", "M", "ND"), {"SeriesDescription": "t1_tse"}),
        ("original", "PT", ("ORIGINAL", "PRIMARY"), {"SOPClassUID": CLASS + "128"}),
        ("original", "DX", ("DERIVED", "PRIMARY"), {"SOPClassUID": CLASS + "1.1"}),
        ("original", "MG", ("DERIVED", "PRIMARY", ""), {"SOPClassUID": CLASS + "1.2"}),
        ("original", "RTIMAGE", ("ORIGINAL", "PRIMARY"), {"SOPClassUID": CLASS + "481.1"}),
        ("localizer", "CT", ("ORIGINAL", "PRIMARY", "LOCALIZER"), {}),
        ("localizer", "CT", ("ORIGINAL", "PRIMARY", "AXIAL"), {"ScanOptions": "SURVIEW"}),
        ("localizer", "CT", ("ORIGINAL", "PRIMARY"), {"ScanOptions": "SCOUT MODE"}),
        ("localizer", "CT", ("ORIGINAL", "PRIMARY"), {"ScanOptions": "SCANOSCOPE"}),
        ("localizer", "MR", ("ORIGINAL", "PRIMARY", "M"), {"SeriesDescription": "AAHead_Scout"}),
        ("localizer", "MR", ("ORIGINAL", "PRIMARY", "M"), {"ProtocolName": "3-Pl Loc FGRE"}),
        ("localizer", "MR", ("ORIGINAL", "PRIMARY", "M"), {"SeriesDescription": "头部定位像"}),
        ("localizer", "MR", ("ORIGINAL", "PRIMARY", "M"), {"SeriesDescription": "SURVEY"}),
        ("original", "MR", ("ORIGINAL", "PRIMARY"), {"SeriesDescription": "allocated local block"}),
        ("original", "MR", ("ORIGINAL", "PRIMARY"), {"SeriesDescription": "fMRI_localizer_run1"}),
        ("original", "CT", ("ORIGINAL", "PRIMARY"), {"SeriesDescription": "after the scout"}),
        ("derived", "CT", ("DERIVED", "PRIMARY", "AXIAL"), {}),
        ("derived", "MR", ("ORIGINAL", "SECONDARY"), {}),
        ("derived", "DX", ("DERIVED", "SECONDARY"), {}),
        ("derived", "SEG", ("DERIVED", "PRIMARY"), {"SOPClassUID": CLASS + "66.4"}),
        ("derived", "MR", ("ORIGINAL", "PRIMARY"), {"SOPClassUID": CLASS + "30"}),
        ("derived", "RTDOSE", (), {"SOPClassUID": CLASS + "481.2"}),
        ("derived", "ANN", (), {"SOPClassUID": CLASS + "91.1"}),
        ("capture", "CT", ("ORIGINAL", "PRIMARY"), {"SOPClassUID": CLASS + "7"}),
        ("capture", "CT", ("DERIVED", "SECONDARY"), {"SOPClassUID": CLASS + "7.4"}),
        ("capture", "CT", ("DERIVED", "SECONDARY", "SCREEN SAVE"), {"SOPClassUID": CLASS + "2"}),
        ("original", "CT", ("ORIGINAL", "PRIMARY"), {"SOPClassUID": CLASS + "77.1.1"}),
        ("report", "SR", (), {"SOPClassUID": CLASS + "88.67"}),
        ("report", "CT", (), {"SOPClassUID": CLASS + "88.22"}),
        ("report", "ECG", (), {"SOPClassUID": CLASS + "9.1.1"}),
        ("report", "DOC", (), {"SOPClassUID": CLASS + "104.1"}),
        ("report", "RTPLAN", (), {}),
    ],
)
def test_kinds(kind, modality, image_type, values):
    assert instance_kind(header(modality, image_type, **values)) == kind


def test_a_series_is_original_when_one_of_its_images_is():
    derived = ("DERIVED", "PRIMARY")
    instances = [
        image("a", image_type=derived),
        image("a"),
        image("b", image_type=derived),
        image("b", study="e2"),
    ]
    assert kinds_of_series(instances) == {
        ("e1", "a"): "original",
        ("e1", "b"): "derived",
        ("e2", "b"): "original",
    }

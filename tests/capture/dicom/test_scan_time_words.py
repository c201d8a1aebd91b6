"""Whatever a scan time may say of itself has words, and an arm's time counts acquisitions."""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import replace
from pathlib import Path

import harvest_kit
import pytest
from scan_kit import event, image, report

from clinval.capture.dicom.measured import UNITS
from clinval.capture.dicom.study.rows import rows_of_harvest
from clinval.capture.dicom.times import scan_time
from clinval.capture.writing.words import words

HERE = Path(scan_time.__file__).parent
MODULES = (
    "acquisitions", "examination_time", "moments", "scan_rungs", "scan_time", "series_time",
    "spans",
)  # fmt: skip
OTHER = frozenset(UNITS) | {
    "capture", "ct", "derived", "event", "examination", "high", "inf", "low", "medium", "original",
    "radiopharmaceutical", "report", "series", "g", "ms", "s", "us",
}  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_every_flag_and_source_has_words_in_both_languages(module):
    names = set(importlib.import_module(f"clinval.capture.dicom.times.{module}").__all__)
    tree = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
    told = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+(_[a-z]+)*", node.value)
    }
    known = {**words("dicom.flag"), **words("dicom.source")}
    told -= OTHER | names
    assert told - known.keys() == set()
    assert {name for name in told if not {"en", "zh"} <= known[name].keys()} == set()


def test_confidences_have_words():
    assert set(words("dicom.confidence")) == {"high", "medium", "low"}


def test_two_reconstructions_in_one_arm_count_once():
    """The thin and the thick slices of one acquisition: the patient was scanned once."""
    subject = "S01-001"
    made = [
        image("thin", modality="CT", SeriesDescription="thin DL", IrradiationEventUID="x"),
        image("thick", modality="CT", SeriesDescription="thick DL", IrradiationEventUID="x"),
        image("late", modality="CT", SeriesDescription="late DL", IrradiationEventUID="y"),
    ]
    told = report(event("x", 4.0), event("y", 2.5))
    instances = [replace(one, subject=subject) for one in (*made, told)]
    (row,) = rows_of_harvest(
        scan_time.scan_times(instances), [], instances, harvest_kit.study()
    ).rows
    assert row.values["scan_time_s"].value == 6.5
    assert row.values["series_counted"].value == 2

"""Whatever a dose of images or a change of a device may say of itself has words."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

from clinval.capture.dicom.devices import device
from clinval.capture.dicom.dose import image_dose
from clinval.capture.dicom.measured import UNITS
from clinval.capture.writing.words import words

HERE = Path(image_dose.__file__).parent
MODULES = ("activity", "ct_image_dose", "image_dose", "projection_dose")
OTHER = frozenset(UNITS) | {
    "alike", "derived", "event", "examination", "high", "low", "medium", "original", "series",
    "time",
}  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_every_flag_and_source_has_words_in_both_languages(module):
    names = set(importlib.import_module(f"clinval.capture.dicom.dose.{module}").__all__)
    tree = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
    told = (
        {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[a-z]+(_[a-z]+)*", node.value)
        }
        - names
        - OTHER
    )
    known = {**words("dicom.flag"), **words("dicom.source")}
    assert told - known.keys() == set()
    assert len(told) > 1
    assert all({"en", "zh"} <= known[name].keys() for name in told)


def test_every_change_of_a_device_has_words():
    assert set(words("dicom.change")) == set(device.What.__args__)
    assert set(words("dicom.device")) == {"scanner", "algorithm"}

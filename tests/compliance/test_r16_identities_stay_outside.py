"""What identifies a patient is found before anything is stored, and is said without the value.

Rules: GDPR 5, 25, 32, 89; HIPAA 45 CFR 164.514(b)(2); PIPL 28, 29, 38 to 40
Where: capture/phi.py, capture/phi_gate.py, app/quarantine.py; `clinval phi`
Also: tests/capture/privacy/test_identifying_texts.py, tests/capture/privacy/test_gate_files.py
"""

import proof_kit as k
import pytest

from clinval.app.ingest import ingest
from clinval.capture.phi import kinds_in
from clinval.capture.template import write_template

PHONE = "13912345678"


@pytest.mark.parametrize(
    "text", [PHONE, "wang.fang@hospital.cn", "患者王芳，女", "MRN 20031234", "DOB 1961-04-02"]
)
def test_it_is_found_in_free_text(text):
    assert kinds_in(text)


@pytest.mark.parametrize("text", ["motion artefact, repeated", "左膝内侧半月板损伤", "TE 35 ms"])
def test_ordinary_words_are_not(text):
    assert kinds_in(text) == ()


def test_a_value_that_identifies_is_neither_stored_nor_said(tmp_path):
    folder = k.empty(tmp_path / "study")
    people = k.rows()["F04"].head(3).to_dict("records")
    reads = k.rows()["F07"].head(2).to_dict("records")
    reads[0]["comment"] = f"spoke to the wife, {PHONE}"
    path = folder.inbox / "S01.xlsx"
    write_template(
        folder.protocol(), "S01", path, protocol_sha256=folder.protocol_sha256(),
        content={"F04": people, "F07": reads},
    )  # fmt: skip
    (taken,) = ingest(folder, actor="ann")
    assert PHONE.encode() not in folder.store_path.read_bytes()
    said = [defect.problem for defect in taken.defects]
    assert said
    assert not [p for p in said for language in ("en", "zh") if PHONE in p.line(language)]

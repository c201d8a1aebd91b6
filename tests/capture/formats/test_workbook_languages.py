"""Workbooks in one language, in two others, in a third by a catalogue: they mean the same."""

import re

import openpyxl
import pytest

from clinval.capture.template import write_template
from clinval.capture.workbook import read_workbook

SHA = "5" * 64
GERMAN = {
    "Sex": "Geschlecht", "Female": "weiblich", "Poor": "schlecht", "not done": "nicht erfolgt",
    "How to fill it": "So wird es ausgefüllt", "Yes": "Ja",
}  # fmt: skip


def content():
    subject = {
        "consent": "yes", "eligible": "yes", "enrolled": "yes", "sex": "female", "age_years": 54,
        "indication": "ND", "completed": "yes",
    }  # fmt: skip
    return {"F04": [{"subject_id": "S01-001", **subject}]}


def write(protocol, folder, *languages, catalogues=None):
    path = folder / f"{'+'.join(languages)}.xlsx"
    write_template(
        protocol, "S01", path, protocol_sha256=SHA, content=content(), languages=languages,
        catalogues=catalogues,
    )  # fmt: skip
    return path


def words_of(path):
    """Everything a workbook says: cells, prompts, messages, titles."""
    workbook = openpyxl.load_workbook(path)
    said = []
    for sheet in workbook:
        said += [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
        for rule in sheet.data_validations.dataValidation:
            said += [
                rule.prompt or "",
                rule.promptTitle or "",
                rule.error or "",
                rule.errorTitle or "",
            ]
        said += [str(sheet.oddHeader.left.text or "")]
    return "\n".join(said)


@pytest.fixture(scope="module")
def protocol(make_protocol):
    return make_protocol(forms=("F04",))


@pytest.fixture(scope="module")
def both(protocol, tmp_path_factory):
    return read_workbook(write(protocol, tmp_path_factory.mktemp("both")), protocol)


@pytest.mark.parametrize(
    ("languages", "has", "lacks"),
    [
        (("en",), ["Sex", "female | Female", "How to fill it"], "[\u4e00-\u9fff]"),
        (("zh",), ["性别", "female | 女", "填写说明"], r"\bSex\b|Female|How to fill|None"),
        (("de",), ["Geschlecht", "female | weiblich", "So wird es ausgefüllt"], "[\u4e00-\u9fff]"),
        (("de", "zh"), ["Geschlecht\n性别", "female | weiblich 女"], r"\bSex\b|How to fill"),
    ],
)
def test_a_workbook_speaks_the_languages_asked_for_and_is_read_as_any_other(
    protocol, both, tmp_path, languages, has, lacks
):
    path = write(protocol, tmp_path, *languages, catalogues={"de": GERMAN})
    said = words_of(path)
    for words in has:
        assert words in said
    assert not re.search(lacks, said)
    returned = read_workbook(path, protocol)
    assert [defect.problem.kind for defect in returned.defects] == [
        defect.problem.kind for defect in both.defects
    ]
    assert returned.template == both.template
    assert returned.forms[0].frame.equals(both.forms[0].frame)
    assert len(returned.forms[0].frame) == 1


def test_the_next_workbook_speaks_both_again(protocol, tmp_path):
    before = write(protocol, tmp_path).read_bytes()
    write(protocol, tmp_path, "de", catalogues={"de": GERMAN})
    assert write(protocol, tmp_path).read_bytes() == before

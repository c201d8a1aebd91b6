"""What is held back and what is not, counted on lists of texts as sites write them."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from clinval.capture.phi import KINDS, kinds_in
from clinval.capture.phi_file_name import kinds_in_name, without_people

HERE = Path(__file__).parent
ORDINARY = (HERE / "ordinary_texts.txt").read_text(encoding="utf-8").splitlines()
IDENTIFYING = YAML(typ="safe").load((HERE / "identifying_texts.yaml").read_text(encoding="utf-8"))


def test_the_lists_are_as_long_as_they_have_to_be():
    assert len(set(ORDINARY)) == len(ORDINARY) >= 200
    texts = [text for texts in IDENTIFYING.values() for text in texts]
    assert len(set(texts)) == len(texts) >= 150
    assert set(IDENTIFYING) == set(KINDS)


def test_no_ordinary_text_is_held_back():
    assert {text: kinds_in(text) for text in ORDINARY if kinds_in(text)} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_what_identifies_is_found_as_what_it_is(kind):
    assert [text for text in IDENTIFYING[kind] if kind not in kinds_in(text)] == []


@pytest.mark.parametrize(
    "text", ["x" * 2000, "a" * 2000 + "@", "Aa " * 600, "1 " * 1000, "王" * 2000, "8." * 1000]
)
def test_no_text_takes_long(text):
    import time

    before = time.process_time()
    kinds_in(text)
    assert time.process_time() - before < 0.2


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("S01.xlsx", "S01.xlsx"),
        ("S01_2026-03-04 v2.xlsx", "S01_2026-03-04 v2.xlsx"),
        ("北京第三医院_返回数据.xlsx", "北京第三医院_返回数据.xlsx"),
        ("S01_王芳.xlsx", "S01_*.xlsx"),
        ("S02-张建国-F05.xlsx", "S02-*-F05.xlsx"),
        ("Wang Fang.xlsx", "*.xlsx"),
        ("S01_WangFang.xlsx", "S01_*.xlsx"),
        ("S03_13800138000.csv", "S03_*.csv"),
        ("MRN445566.dcm", "*.dcm"),
        ("Smith^John.dcm", "*.dcm"),
        ("110101199003070038.xml", "*.xml"),
        ("S01 John Smith.xlsx", "*.xlsx"),
    ],
)
def test_the_name_of_a_file_is_shown_without_people(name, shown):
    assert without_people(name) == shown
    assert bool(kinds_in_name(name.rpartition(".")[0])) == (name != shown)

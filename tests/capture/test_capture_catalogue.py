"""Every kind of problem of a return: catalogued, used, and sayable in both languages."""

import re
import string
from pathlib import Path

import pytest

import clinval.capture
from clinval.core.files import canonical_json
from clinval.core.problems import kinds
from clinval.study.receive import receive
from clinval.study.store import StudyStore

SOURCES = "".join(
    path.read_text(encoding="utf-8") for path in Path(clinval.capture.__file__).parent.rglob("*.py")
)
OWN = {
    name: kind
    for name, kind in kinds().items()
    if re.fullmatch(r"S(0[1-9]\d|1\d\d)", str(kind["code"])) and f'"{name}"' in SOURCES
}


def test_codes_are_given_once():
    codes = [str(kind["code"]) for kind in kinds().values()]
    assert len(codes) == len(set(codes))


def test_kinds_of_reading_are_many():
    assert len(OWN) > 80


@pytest.mark.parametrize("name", OWN)
def test_texts_have_the_same_places_in_both_languages(name):
    kind = OWN[name]
    assert str(kind.get("severity", "error")) in ("error", "query", "note")

    def places(language):
        text = kind[language]["says"] + kind[language]["do"]
        return {field for _, field, _, _ in string.Formatter().parse(text) if field}

    assert {place.removesuffix("_zh") for place in places("zh")} == places("en")


def test_a_return_goes_into_the_store_and_its_correction_after_it(tmp_path, fill, content):
    with StudyStore(tmp_path / "study.db", "KNEE-1") as store:
        spoilt = fill(content).set("F05", "H3", "1,234").set("F05", "B5", "S01-112").read()
        first = receive(store, spoilt, actor="test")
        assert (first.status, first.rows, first.held, first.added) == ("accepted", 20, 1, 20)
        assert [d.problem.kind for d in store.open_defects()] == ["number-ambiguous", "key-unknown"]
        second = receive(store, fill(content).read(), actor="test", reason="answers to queries")
        assert (second.rows, second.held, second.added, second.changed) == (21, 0, 1, 1)
        assert store.open_defects() == []


def test_what_is_returned_can_be_stored_as_json(filled):
    def spoil(workbook):
        for sheet in ("F04", "F05", "F07"):
            for column in range(1, 14):
                workbook[sheet].cell(3, column).value = ("x", 7.5, "04/03/2026")[column % 3]

    for defect in filled.edit(spoil).read().defects:
        assert canonical_json(dict(defect.problem.parameters))

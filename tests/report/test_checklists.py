"""Checklists are data held to what was seen; a crosswalk says where, or that nothing does."""

from __future__ import annotations

import dataclasses
import re

import kit
import pytest

from clinval.core.errors import ReportError
from clinval.core.i18n import LANGUAGES
from clinval.core.records import Record, Results
from clinval.core.resources import folder
from clinval.protocol.audiences import checklists
from clinval.protocol.base import Text
from clinval.report.blocks import (
    Contents,
    Cover,
    Heading,
    NotSupplied,
    Number,
    PageOf,
    Paragraph,
    Table,
    runs,
)
from clinval.report.checklists import Item, load
from clinval.report.composed import Composed
from clinval.report.pieces.checklists import answer, checklists as crosswalks, gaps
from clinval.report.view import View

PROVENANCE = {"synthetic": False, "data": {"state": "locked"}}
# how many items each list has, and the numbers that were compared with a public page
ITEMS = {
    "stard-2015": (34, {*"123456789", "10a", "10b", "11", "12a", "12b", "13a", "13b",
                        *map(str, range(14, 19))}),
    "claim": (44, set()),
    "consort-ai": (14, ...),
    "decide-ai": (32, {"1", "2a", "2b", "3a", "3b", "3c", "4a", "4b", "4c"}),
    "grras": (15, ...),
    "cheers-2022": (28, set(map(str, range(1, 27)))),
    "ich-e3": (26, set()),
    "stard-ai": (0, set()),
    "cheers-ai": (18, set()),
}  # fmt: skip


def sourced(value):
    return {"value": value, "source": "a payer"}


BUDGET = {
    "id": "B1", "kind": "budget_impact", "payer": "p", "population": "q", "currency": "EUR",
    "price_year": 2026, "first_year": 2027, "eligible": sourced(10), "cost_new": sourced(2),
    "cost_old": sourced(1), "uptake": [sourced(0.5)],
}  # fmt: skip


def view(language="en", **said):
    protocol = kit.protocol(**said)
    results = Results(provenance=PROVENANCE, records=())
    return View(protocol=protocol, results=results, language=language)


def composed(*names, neutral="", supplied=True, lists=()):
    """Return a report of one section: its pieces, which have something to say or not."""
    found = Composed(checklists=tuple(lists))
    found.blocks.append(Heading(level=1, text="1 Methods", anchor="section.methods"))
    block = Paragraph(text="x") if supplied else NotSupplied(slot="ethics", text="ethics: write it")
    for name in names:
        found.add([block], name, "section.methods", "1 Methods", neutral)
    return found


def item(**said):
    topic = {"en": "Ethics", "zh": "伦理"}
    return Item.model_validate({"number": "7", "topic": topic, "status": "verified", **said})


def words(rich):
    return "".join(run if isinstance(run, str) else run.text for run in runs(rich))


# ---------------------------------------------------------------------- the lists


def test_every_list_is_here_and_sound():
    assert set(checklists()) == set(ITEMS)
    for name, (count, verified) in ITEMS.items():
        checklist = load(name)
        found = {item.number for item in checklist.items if item.status == "verified"}
        everything = {item.number for item in checklist.items}
        assert len(checklist.items) == count, name
        assert found == (everything if verified is ... else verified), name
        assert checklist.to_load == (count == 0), name


def edited(tmp_path, old, new, name="grras"):
    text = (folder("reports") / "checklists" / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / f"{name}.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("status: verified", "status: guessed", "checklist-broken"),
        ("zh: 受试者}", "}", "checklist-broken"),
        ("items:", "to_load: true\nitems:", "checklist-broken"),
        ("id: grras", "id: gras", "checklist-broken"),
        ("year: 2011", "year: 2011\ncolour: red", "checklist-broken"),
        ("[reader_agreement, ", "[reader_disagreement, ", "checklist-name-unknown"),
        (
            "pieces: [rating_numbers, disposition, flow]",
            "pieces: [disposal]",
            "checklist-name-unknown",
        ),
        ("neutral: [N]", "neutral: [Ω]", "checklist-name-unknown"),
        ('number: "15"', 'number: "14"', "checklist-item-twice"),
        ("items:", "items: [", "yaml-syntax"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path, old, new, kind):
    with pytest.raises(ReportError) as caught:
        load("grras", edited(tmp_path, old, new))
    found = caught.value.problems
    assert kind in {problem.kind for problem in found}
    assert all(re.fullmatch(r"grras\.yaml:\d+:\d+", str(problem.place)) for problem in found)


def test_every_mistake_is_named(tmp_path):
    path = edited(
        tmp_path, "pieces: [rating_numbers, disposition, flow]", "pieces: [disposal, dispersal]"
    )
    path.write_text(path.read_text().replace('number: "15"', 'number: "14"'), encoding="utf-8")
    with pytest.raises(ReportError) as caught:
        load("grras", path)
    kinds = [problem.kind for problem in caught.value.problems]
    assert kinds.count("checklist-name-unknown") == 2
    assert kinds.count("checklist-item-twice") == 1


# ---------------------------------------------------------------------- an item


def test_an_item_is_answered_where_one_of_its_pieces_has_something_to_say():
    found = answer(item(pieces=["design", "safety"]), view(), composed("safety"))
    assert (found.kind, found.words, found.anchor) == ("answered", "1 Methods", "section.methods")


def test_an_item_is_answered_by_its_section():
    assert answer(item(neutral=["W"]), view(), composed("x", neutral="V W")).kind == "answered"
    assert answer(item(neutral=["W"]), view(), composed("x", neutral="V")).kind == "not_here"


def test_an_empty_section_answers_nothing_and_is_still_found():
    found = answer(item(pieces=["safety"]), view(), composed("safety", supplied=False))
    assert (found.kind, found.anchor) == ("not_supplied", "section.methods")


def test_cover_and_contents_answer_what_belongs_there():
    report = composed("x")
    for letter in "AB":
        assert answer(item(neutral=[letter]), view(), report).kind == "not_here"
    report.blocks += [Cover(kicker="", title="", subtitle="", facts=()), Contents("Contents")]
    for letter in "AB":
        assert answer(item(neutral=[letter]), view(), report).kind == "answered"


def test_what_a_study_does_not_have_does_not_apply():
    asked = item(pieces=["safety"], applies={"reference_standard": True})
    assert answer(asked, view(), composed("safety")).kind == "not_applicable"
    seen = view()
    biopsy = {"reference_standard": Text(en="biopsy")}
    design = seen.protocol.design.model_copy(update=biopsy)
    declared = seen.protocol.model_copy(update={"design": design})
    seen = dataclasses.replace(seen, protocol=declared)
    assert answer(asked, seen, composed("safety")).kind == "answered"


def recorded(value, statistic="npv"):
    record = Record(
        id=f"P1.FAS.all.{statistic}", endpoint="P1", analysis_set="FAS", statistic=statistic,
        value=value, unit="EUR", undefined=value is None, reason="" if value else "no subject",
    )  # fmt: skip
    results = Results(provenance=PROVENANCE, records=(record,))
    return dataclasses.replace(view(), results=results)


def test_numbers_that_answer_an_item_are_shown_and_undefined_ones_answer_nothing():
    asked, report = item(pieces=["safety"], records=["npv", "evpi"]), composed("safety")
    found = answer(asked, recorded(1234.0), report)
    assert (found.kind, [record.id for record in found.records]) == ("answered", ["P1.FAS.all.npv"])
    for seen in (recorded(None), recorded(1.0, "other"), view()):
        assert answer(asked, seen, report).kind == "not_supplied"


def test_a_row_shows_the_numbers_that_answer_it():
    report = composed("economic_results", neutral="Q", lists=["cheers-2022"])
    protocol = kit.protocol(endpoints=[kit.QUALITY, BUDGET])
    seen = dataclasses.replace(recorded(1234.0, "net_benefit.1"), protocol=protocol)
    [_, _, table] = crosswalks(seen, report)
    [row] = [row for row in table.rows if row.cells[0] == "23"]
    assert words(row.cells[2]) == "1 Methods: P1 net_benefit.1 1,234 EUR"
    assert Number("1,234", "P1.FAS.all.net_benefit.1") in runs(row.cells[2])


# ---------------------------------------------------------------------- the crosswalk


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crosswalk_has_every_item_and_counts_them(language):
    report = composed("disposition", "safety", neutral="S", lists=["stard-2015"])
    seen = view(language)
    [heading, lead, table] = crosswalks(seen, report)
    assert isinstance(heading, Heading)
    assert isinstance(lead, Paragraph)
    assert isinstance(table, Table)
    found = [answer(one, seen, report).kind for one in load("stard-2015").items]
    assert len(table.rows) == len(found) == 34
    counts = [found.count("answered"), found.count("not_applicable")]
    assert counts == [2, 7]
    assert re.findall(r"\d+", words(lead.text))[-4:] == ["34", "2", "25", "7"]
    linked = [row for row in table.rows if any(isinstance(r, PageOf) for r in runs(row.cells[3]))]
    assert len(linked) == 2
    marked = [row for row in table.rows if str(row.cells[0]).endswith("*")]
    assert len(marked) == 13
    assert any(seen.texts("checklist.unverified", mark="*") == note for note in table.notes)


def test_a_list_that_does_not_suit_says_why_and_one_to_load_shows_no_items():
    report = composed("safety", lists=["consort-ai", "grras", "stard-ai"])
    blocks = crosswalks(view(), report)
    assert not [block for block in blocks if isinstance(block, Table)]
    said = [words(block.text) for block in blocks if isinstance(block, Paragraph)]
    assert "design is paired" in said[0]
    assert "agreement of readers" in said[1]
    assert "official table" in said[2]


def test_a_list_that_does_not_exist_cannot_be_asked_for():
    sound, wrong = (
        [{"audience": "fda", "checklists": [name]}] for name in ("cheers-2022", "cheers-2013")
    )
    assert kit.problems(reports=sound) == []
    assert kit.problems(reports=wrong) == ["report-checklist-unknown"]


# ---------------------------------------------------------------------- the gaps


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_gaps_name_each_slot_once_with_its_page(language):
    report = composed("safety", "design", supplied=False, lists=["grras", "stard-ai"])
    blocks = gaps(view(language), report)
    [table] = [block for block in blocks if isinstance(block, Table)]
    [row] = table.rows
    assert row.cells[:3] == ("ethics", "ethics: write it", "1 Methods")
    assert row.cells[3] == (PageOf("section.methods"),)
    assert "STARD-AI" in words(blocks[-1].text)


def test_the_gaps_list_every_item_that_nothing_answers():
    readers = {"id": "P1", "kind": "reader_agreement", "form": "F07", "measure": "image_quality",
               "coefficient": "kappa", "method": "cohen"}  # fmt: skip
    seen = view(design="crossed_readers", endpoints=[readers])
    report = composed("disposition", "product", lists=["grras"])
    table = gaps(seen, report)[-1]
    assert isinstance(table, Table)
    [row] = table.rows
    numbers = re.findall(r"(?:^|; )(\d+) ", str(row.cells[1]))
    wanted = [
        one.number for one in load("grras").items if answer(one, seen, report).kind != "answered"
    ]
    assert numbers == wanted
    assert len(numbers) == 13


def test_where_nothing_is_missing_the_page_says_so():
    blocks = gaps(view(), composed("safety"))
    said = [words(block.text) for block in blocks if isinstance(block, Paragraph)]
    assert view().texts("gaps.none") in said

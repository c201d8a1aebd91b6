"""A report's definition: every mistake in it is named where it stands."""

from __future__ import annotations

import pytest
import site_study

from clinval.core.errors import ReportError
from clinval.core.resources import folder
from clinval.protocol.audiences import audiences
from clinval.protocol.model import ReportRequest
from clinval.protocol.narrative import slots
from clinval.report.blocks import Contents, Heading, PageBreak
from clinval.report.definition import Numbering, Profile
from clinval.report.pieces import CLOSING, COVER, PIECES, closing_piece, cover_fact, piece
from clinval.report.profile import compose

SOUND = """\
title: {en: Report, zh: 报告}
file: {name: "board.{language}"}
cover: [study, narrative.period]
sections:
  - id: summary
    neutral: [C]
    title: {en: Summary, zh: 摘要}
    pieces: [claims, narrative.background]
  - id: results
    title: {en: Results, zh: 结果}
    sections:
      - {id: primary, title: {en: Primary, zh: 主要}, pieces: [primary_results]}
appendices:
  - {id: numbers, title: {en: Numbers, zh: 数字}, pieces: [records]}
"""


def problems(text: str) -> list[tuple[str, int, int]]:
    with pytest.raises(ReportError) as stopped:
        Profile.parse(text, "board")
    return [(p.kind, p.place.line, p.place.column) for p in stopped.value.problems]


def test_a_sound_definition_is_read():
    profile = Profile.parse(SOUND, "board")
    assert profile.audience == "board"
    assert not profile.each_site
    assert profile.file_name("zh") == "board.zh"
    assert [part.id for _, part in profile.parts()] == ["summary", "results", "primary", "numbers"]


def test_a_report_of_a_few_pages_goes_on_without_contents():
    protocol, results = site_study.study((12,))
    front = "front: {title: {en: Front, zh: 摘要}, pieces: [claims]}\nsections:\n  - id: summary"
    text = SOUND.replace("sections:\n  - id: summary", front)
    for given, breaks in ((text, 2), (text + "contents: false\n", 0)):
        made = compose(Profile.parse(given, "board"), protocol, results, "en")
        assert sum(isinstance(block, Contents) for block in made.blocks) == breaks // 2
        assert sum(isinstance(block, PageBreak) for block in made.blocks) == breaks


def test_a_protocol_asks_for_further_checklists_of_a_report():
    protocol, results = site_study.study((12,))
    text = SOUND.replace("pieces: [records]", "pieces: [checklists]") + "checklists: [grras]\n"
    asked = ReportRequest(audience="board", checklists=("cheers-ai", "grras"))
    other = ReportRequest(audience="fda", checklists=("ich-e3",))
    for reports, lists in (((), ["grras"]), ((asked, other), ["grras", "cheers-ai"])):
        declared = protocol.model_copy(update={"reports": reports})
        made = compose(Profile.parse(text, "board"), declared, results, "en")
        anchors = [block.anchor for block in made.blocks if isinstance(block, Heading)]
        found = [anchor for anchor in anchors if anchor.startswith("checklist.")]
        assert found == [f"checklist.{name}" for name in lists]


@pytest.mark.parametrize("audience", audiences())
def test_every_definition_is_sound(audience):
    assert Profile.load(audience).audience == audience


@pytest.mark.parametrize(
    ("old", "new", "kind", "line", "column"),
    [
        ("[claims,", "[claim,", "piece-unknown", 8, 14),
        ("narrative.background", "narrative.backgruond", "piece-unknown", 8, 22),
        ("pieces: [records]", "pieces: [recods]", "piece-unknown", 14, 58),
        ("cover: [study", "cover: [studdy", "cover-fact-unknown", 3, 9),
        ("id: numbers", "id: primary", "section-id-twice", 14, 10),
        (", pieces: [primary_results]", "", "section-empty", 12, 9),
        (
            'file: {name: "board.{language}"}',
            'file: {name: "b.{language}", attach_results: true}',
            "attachment-not-allowed", 2, 46,
        ),
        (", zh: 摘要}", "}", "key-missing", 7, 5),
        ("board.{language}", "board", "value-not-of-form", 2, 14),
        ("    neutral: [C]", "    neutral: [c]", "value-not-of-form", 6, 15),
        ("cover:", "covers:", "yaml-key-unknown", 3, 1),
        ("sections:\n  - id: summary", "checklists: [stard]\nsections:\n  - id: summary",
         "checklist-unknown", 4, 14),
        ("sections:\n  - id: summary",
         'numbering: {zh: {numerals: [一], patterns: ["{title}"]}}\nsections:\n  - id: summary',
         "numerals-too-few", 4, 18),
    ],
)  # fmt: skip
def test_one_mistake_is_named_once_where_it_stands(old, new, kind, line, column):
    assert SOUND.count(old) == 1
    assert problems(SOUND.replace(old, new)) == [(kind, line, column)]


def test_all_mistakes_are_named_at_once():
    text = SOUND.replace("[claims,", "[claim,").replace("[study", "[studdy")
    text = text.replace("id: numbers", "id: primary")
    kinds = {kind for kind, _, _ in problems(text)}
    assert kinds == {"piece-unknown", "cover-fact-unknown", "section-id-twice"}


@pytest.mark.parametrize("text", ["", "- a\n", "title: [\n"])
def test_what_is_no_definition_stops(text):
    with pytest.raises(ReportError):
        Profile.parse(text, "board")


def test_every_piece_and_fact_exists():
    for name in PIECES:
        assert callable(piece(name)), name
    for name in CLOSING:
        assert callable(closing_piece(name)), name
    for name in COVER:
        assert callable(cover_fact(name)), name


def test_every_piece_is_used_by_a_report():
    used = {
        name
        for audience in audiences()
        for _, part in Profile.load(audience).parts()
        for name in part.pieces
    }
    used |= {n for a in audiences() if (f := Profile.load(a).front) for n in f.pieces}
    assert set(PIECES) | set(CLOSING) == {name for name in used if "." not in name}


def test_every_slot_stands_in_the_reports_of_its_audiences():
    for audience in ("fda", "eu", "nmpa", "hospital"):
        profile = Profile.load(audience)
        names = {name for _, part in profile.parts() for name in part.pieces} | {*profile.cover}
        placed = {name.partition(".")[2] for name in names if name.startswith("narrative.")}
        assert placed == {name for name, slot in slots().items() if audience in slot.audiences}


def test_files_of_words_are_no_audiences():
    assert (folder("reports") / "narrative.yaml").is_file()
    assert "narrative" not in audiences()


def test_numbers_are_those_of_the_language():
    chinese = Numbering(
        numerals=("一", "二"), patterns=("{numeral}、{title}", "（{numeral}）{title}")
    )
    profile = Profile.parse(SOUND, "board").model_copy(update={"numbering": {"zh": chinese}})
    assert profile.headed("zh", (2,), "结果") == "二、结果"
    assert profile.headed("zh", (2, 1), "主要") == "（一）主要"
    assert profile.headed("en", (2, 1), "Primary") == "2.1 Primary"

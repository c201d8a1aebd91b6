"""Returned reads against the reading list: one question a reader, and the values stand."""

import datetime

import pytest

from clinval.protocol.base import Text
from clinval.protocol.model import Design
from clinval.protocol.reading_order import reading_order
from clinval.protocol.reading_plan import BlockSubjects, ReadingBlock, ReadingPlan

WASHOUT = 28
FIRST, SECOND = datetime.date(2026, 4, 1), datetime.date(2026, 4, 29)


@pytest.fixture
def study(make_protocol):
    """Return a protocol whose readers read in two sessions."""
    design = Design(type="crossed_readers", description=Text(en="crossed"), washout_days=WASHOUT)

    def make(**plan):
        made = make_protocol(reading=ReadingPlan(**{"sessions": 2, **plan}))
        return made.model_copy(update={"design": design})

    return make


@pytest.fixture
def asked(fill, content):
    """Return what is asked when a study's reads are returned as listed, then spoilt."""

    def ask(protocol, spoil=None):
        session = {
            (read.subject, read.arm, reader): read.session
            for reader, reads in reading_order(protocol).items()
            for read in reads
        }
        rows = content["F07"]
        for row in rows:
            number = session.get((row["subject_id"], row["arm"], row["reader_id"]), 1)
            row |= {"session": number, "read_date": (FIRST, SECOND)[number - 1]}
        if spoil:
            spoil(rows)
        returned = fill(content, of=protocol).read()
        assert all(part.frame["_held"].isna().all() for part in returned.forms)
        return [
            (found.problem.kind, found.problem.place.cell, dict(found.problem.parameters))
            for found in returned.defects
        ]

    return ask


def of(rows, reader, subject, session=None):
    """Return the rows of a reader's reads of a subject, of one session where it is said."""
    return [
        row
        for row in rows
        if (row["reader_id"], row["subject_id"]) == (reader, subject)
        and session in (None, row["session"])
    ]


def test_reads_as_listed_are_asked_nothing(asked, study):
    assert asked(study()) == []


def test_a_washout_that_was_cut_short_is_asked_once_a_reader(asked, study):
    def spoil(rows):
        for subject, days in (("S01-001", 1), ("S01-003", 27)):
            of(rows, "R2", subject, 2)[0]["read_date"] = SECOND - datetime.timedelta(days=days)
        of(rows, "R1", "S01-002", 2)[0]["read_date"] = SECOND - datetime.timedelta(days=2)

    found = asked(study(), spoil)
    assert [kind for kind, _, _ in found] == ["washout-cut-short"] * 2
    counts = {told["reader"]: (told["count"], told["shortest"]) for _, _, told in found}
    assert counts == {"R1": (1, 26), "R2": (2, 1)}
    assert {told["washout"] for _, _, told in found} == {WASHOUT}


def test_the_cell_of_a_question_is_that_of_the_first_such_read(asked, study):
    def spoil(rows):
        of(rows, "R2", "S01-002", 2)[0]["read_date"] = FIRST

    protocol = study()
    ((kind, cell, _),) = asked(protocol, spoil)
    assert kind == "washout-cut-short"
    later = next(
        read.arm
        for read in reading_order(protocol)["R2"]
        if (read.subject, read.session) == ("S01-002", 2)
    )
    # rows of a subject: both readers in the first arm, then both in the second; two before it
    assert cell == f"D{3 + 4 + (1 if later == 'TEST' else 3)}"


def test_dates_the_wrong_way_round_are_not_taken_for_a_short_washout(asked, study):
    def spoil(rows):
        for row in of(rows, "R1", "S01-001"):
            row["read_date"] = SECOND if row["session"] == 1 else FIRST

    assert [(kind, told["count"]) for kind, _, told in asked(study(), spoil)] == [
        ("sessions-reversed", 1)
    ]


def test_sessions_that_were_exchanged(asked, study):
    def spoil(rows):
        for row in of(rows, "R2", "S01-001"):
            row["session"] = 3 - row["session"]
            row["read_date"] = (FIRST, SECOND)[row["session"] - 1]

    assert [(kind, told["reader"], told["count"]) for kind, _, told in asked(study(), spoil)] == [
        ("read-in-other-session", "R2", 2)
    ]


def test_reads_of_another_block(asked, study):
    """R1 reads the second subject only, and returns all three."""
    half = BlockSubjects(every=2, offset=1)
    blocks = (
        ReadingBlock(id="A", readers=("R2",)),
        ReadingBlock(id="B", readers=("R1",), subjects=half),
    )
    found = asked(study(blocks=blocks))
    assert [(kind, told["reader"], told["count"]) for kind, _, told in found] == [
        ("read-not-planned", "R1", 4)
    ]


def test_without_dates_and_sessions_nothing_is_known_and_nothing_asked(asked, study):
    def spoil(rows):
        for row in rows:
            row["read_date"] = "ND"
            row["session"] = None

    assert asked(study(), spoil) == []


@pytest.mark.parametrize("plan", [None, ReadingPlan()])
def test_without_sessions_there_is_no_washout(fill, content, make_protocol, plan):
    returned = fill(content, of=make_protocol(reading=plan)).read()
    assert returned.defects == ()

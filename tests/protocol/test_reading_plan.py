"""Who reads what: every slip is named once, where it is; planned reads are those of the blocks."""

import pytest
from sound_study import change, marked, named, reading

from clinval.protocol.reading_plan import reads_of

SPLIT = ("type: crossed_readers", "type: split_plot")
BLOCKS = """\
reading:
  sessions: 2
  blocks:
    - {id: A, readers: [R1], subjects: {sites: [S01]}}
    - {id: B, readers: [R2], subjects: {sites: [S02]}}
"""


def plan(text):
    """Declare how reads are planned."""
    return ("truth_panel:", f"{text}truth_panel:")


def blocks(*changes):
    """Declare a block of each site, with parts replaced."""
    text = BLOCKS
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return plan(text)


SLIPS = {
    "blocks-missing": [("type: crossed_readers", "type: «split_plot")],
    "sessions-beyond-arms": [plan("reading: {sessions: «3}\n")],
    "sessions-without-washout": [plan("reading: {sessions: «2}\n"), ("  washout_days: 28\n", "")],
    "block-empty": [SPLIT, blocks(("{sites: [S01]}", "{every: 2, offset: «2}"))],
    "readers-idle": [SPLIT, blocks(("  blocks", "  «blocks"), ("[R2]", "[R1]"))],
    "subject-unread": [SPLIT, blocks(("  blocks", "  «blocks"), ("[S02]", "[S02], every: 2"))],
    "reads-planned-twice": [
        SPLIT,
        blocks(
            (
                "{sites: [S02]}}\n",
                "{sites: [S02]}}\n    - «{id: C, readers: [R1], subjects: {every: 2}}\n",
            )
        ),
    ],
    "block-without-arm": [SPLIT, blocks(("{sites: [S02]}", "{sites: [S02]}, «arms: [TEST]"))],
    "blocks-not-crossed": [("type: crossed_readers", "type: «crossed_readers"), blocks()],
    "blocks-crossed": [
        ("type: crossed_readers", "type: «split_plot"),
        plan("reading:\n  blocks:\n    - {id: A, readers: [R1, R2]}\n"),
    ],
}


@pytest.mark.parametrize("kind", SLIPS)
def test_one_slip_is_named_once_where_it_is(kind, tmp_path):
    text, places = marked(change(*SLIPS[kind]))
    assert named(text, tmp_path) == [(*place, kind) for place in places]
    for problem in reading(text, tmp_path).problems:
        assert problem.line("en") != problem.line("zh")


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("[R2]", "[R2, «R9]", "reader-unknown"),
        ("[S02]", "[S02, «S09]", "site-unknown"),
        ("{sites: [S02]}", "{sites: [S02]}, arms: [TEST, REF, «TSET]", "arm-unknown"),
        ("id: B", "id: «A", "id-twice"),
    ],
)
def test_what_a_block_names_is_declared(old, new, kind, tmp_path):
    text, places = marked(change(SPLIT, blocks((old, new))))
    assert named(text, tmp_path) == [(*place, kind) for place in places]


def planned(text, folder):
    """Return the protocol of a sound text."""
    found = reading(text, folder)
    assert found.problems == ()
    return found.protocol


def test_without_blocks_everybody_reads_everything(tmp_path):
    reads = reads_of(planned(change(plan("reading: {order: random}\n")), tmp_path), "S01")
    assert len(reads) == len(set(reads)) == 60 * 2 * 2
    assert reads[:3] == [
        ("S01-001", "TEST", "R1"), ("S01-001", "TEST", "R2"), ("S01-001", "REF", "R1"),
    ]  # fmt: skip
    assert reads == reads_of(planned(change(), tmp_path), "S01")


def test_blocks_by_site(tmp_path):
    protocol = planned(change(SPLIT, blocks()), tmp_path)
    assert protocol.design.paired
    assert {(read.reader, read.arm) for read in reads_of(protocol, "S01")} == {
        ("R1", "TEST"), ("R1", "REF"),
    }  # fmt: skip
    assert {read.reader for read in reads_of(protocol, "S02")} == {"R2"}
    assert len(reads_of(protocol, "S02")) == 60 * 2


def test_blocks_that_alternate_within_a_site(tmp_path):
    halves = blocks(("{sites: [S01]}", "{every: 2}"), ("{sites: [S02]}", "{every: 2, offset: 1}"))
    protocol = planned(change(SPLIT, halves), tmp_path)
    for site in ("S01", "S02"):
        for read in reads_of(protocol, site):
            assert (read.reader == "R1") == (int(read.subject[-3:]) % 2 == 1)


def test_readers_of_one_arm_each(tmp_path):
    """Readers nested in arms: every subject is read in both arms, by different readers."""
    apart = plan(
        "reading:\n  blocks:\n"
        "    - {id: A, readers: [R1], arms: [TEST]}\n"
        "    - {id: B, readers: [R2], arms: [REF]}\n"
    )
    protocol = planned(change(("type: crossed_readers", "type: paired"), apart), tmp_path)
    reads = reads_of(protocol, "S01")
    assert len(reads) == 60 * 2
    assert {(read.arm, read.reader) for read in reads} == {("TEST", "R1"), ("REF", "R2")}

"""In which order readers read: everything once, balanced, the same every time."""

from collections import Counter, defaultdict

import kit
import pytest
from hypothesis import given, settings, strategies as st

from clinval.protocol.reading_order import reading_order
from clinval.protocol.reading_plan import reads_of

HALVES = (
    {"id": "A", "readers": ["R1", "R3", "R5"], "subjects": {"every": 2}},
    {"id": "B", "readers": ["R2", "R4"], "subjects": {"every": 2, "offset": 1}},
)


def study(order="balanced", sessions=2, blocks=(), planned=(5, 8, 3), arms=(), seed=3):
    """Return the protocol of a reader study with five readers."""
    more = {"arms": list(arms)} if arms else {}
    return kit.protocol(
        design="split_plot" if blocks else "crossed_readers",
        sites={f"S{n}": {"planned_subjects": count} for n, count in enumerate(planned, start=1)},
        readers=[f"R{number}" for number in range(1, 6)],
        reading={"order": order, "sessions": sessions, "blocks": list(blocks)},
        seed=seed,
        **more,
    )


def flat(protocol):
    """Return every placed read with its reader."""
    return [(reader, *read) for reader, reads in reading_order(protocol).items() for read in reads]


@pytest.mark.parametrize("order", ["balanced", "random", "reference_first"])
@pytest.mark.parametrize("blocks", [(), HALVES])
def test_every_planned_read_is_listed_once(order, blocks):
    protocol = study(order, blocks=blocks)
    planned = {
        (read.reader, site.id, read.subject, read.arm)
        for site in protocol.sites
        for read in reads_of(protocol, site.id)
    }
    listed = [(reader, site, subject, arm) for reader, _, _, site, subject, arm in flat(protocol)]
    assert len(listed) == len(set(listed))
    assert set(listed) == planned
    for reads in reading_order(protocol).values():
        for session in (1, 2):
            places = [read.place for read in reads if read.session == session]
            assert places == list(range(1, len(places) + 1))


@settings(max_examples=12, deadline=None)
@given(
    planned=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    blocks=st.sampled_from([(), HALVES]),
    seed=st.integers(0, 2**31),
)
def test_a_balanced_order_is_balanced_for_readers_sites_and_cases(planned, blocks, seed):
    """In two sessions each case is read once a session, and each arm is first as often."""
    protocol = study(blocks=blocks, planned=planned, seed=seed)
    first = defaultdict(Counter)
    sessions = defaultdict(list)
    for reader, session, _, site, subject, arm in flat(protocol):
        sessions[reader, subject].append(session)
        if session == 1:
            for group in (("reader", reader), ("site", reader, site), ("case", subject)):
                first[group][arm] += 1
    assert all(sorted(found) == [1, 2] for found in sessions.values())
    for group, arms in first.items():
        assert abs(arms["TEST"] - arms["REF"]) <= 1, group


def test_the_reference_first():
    for reader, session, _, _, subject, arm in flat(study("reference_first")):
        assert (arm == "REF") == (session == 1), (reader, subject)


def test_a_second_look_follows_the_first_within_one_session():
    reads = reading_order(study("reference_first", sessions=1))["R1"]
    assert len(reads) == 32
    for before, after in zip(reads[::2], reads[1::2], strict=True):
        assert (before.subject, before.arm, after.arm) == (after.subject, "REF", "TEST")


def test_in_one_session_every_case_is_read_once_before_any_is_read_again():
    reads = reading_order(study(sessions=1))["R2"]
    assert len({read.subject for read in reads[:16]}) == 16
    assert {read.session for read in reads} == {1}


def test_three_arms_in_turn():
    arms = [
        {"id": name, "role": role, "label": name}
        for name, role in (("TEST", "test"), ("REF", "reference"), ("OLD", "other"))
    ]
    protocol = study(sessions=3, arms=arms, planned=(9, 9))
    session = {}
    for reader, number, _, _, subject, arm in flat(protocol):
        session[reader, subject, arm] = number
    counted = Counter((reader, arm, number) for (reader, _, arm), number in session.items())
    assert set(counted.values()) == {6}


def test_the_order_hangs_on_the_seed_and_on_nothing_else():
    assert flat(study()) == flat(study())
    assert flat(study()) != flat(study(seed=4))
    cases = [
        [read.subject for read in reads if read.session == 1]
        for reads in reading_order(study()).values()
    ]
    assert len({tuple(order) for order in cases}) == 5

"""A query follows one finding through the returns: asked once, until it is gone or accepted."""

import kit
import pytest

from clinval.core.errors import UsageError
from clinval.core.problems import Place, Problem
from clinval.study.people import add
from clinval.study.queries import found_now, query_id, read_queries, sync
from clinval.study.query_acts import Given, answer, ask_again, close, mark_sent
from clinval.study.receive import receive
from clinval.study.returns import Defect

DECLARED = kit.protocol()
KEY = "S01-001 | TEST"


@pytest.fixture
def store(tmp_path):
    with kit.opened(tmp_path / "study.db") as opened:
        yield opened


def unusual(value, *, kind="value-unexpected", field="scan_time_s", cell="D5", key=KEY, **more):
    parameters = {"field": field, "field_zh": field, "value": str(value), "limits": "1-9", **more}
    place = Place(file="S01.xlsx", sheet="F05", cell=cell)
    problem = Problem(kind=kind, place=place, parameters=parameters)
    return Defect(problem=problem, form="F05", key=key, field=field)


def give(store, time, *defects, site="S01"):
    """Receive a file with one row, and ask what is found in it."""
    row = {"site_id": site, "subject_id": f"{site}-001", "arm": "TEST", "scan_time_s": time}
    receive(store, kit.returned(DECLARED, site, {"F05": [row]}, defects=defects), actor="ann")
    return sync(store, found_now(store), actor="ann")


def states(store):
    return {query.name: query.state for query in read_queries(store)}


def dump(store):
    return list(store._connection.iterdump())


def test_a_finding_is_asked_once_and_never_again_for_the_same_value(store):
    assert give(store, 20.0, unusual(20)).opened == ("Q1",)
    before = dump(store)
    assert sync(store, found_now(store), actor="ann") == type(give(store, 20.0, unusual(20)))()
    assert dump(store) == before
    (query,) = read_queries(store)
    assert (query.state, query.critical, query.problem.place.cell) == ("open", False, "D5")
    assert query.id == query_id("S01", unusual(999, cell="Z9"))  # of what it is about alone


def test_notes_ask_nothing_and_equal_findings_are_one_query(store):
    note = unusual(1, kind="time-dropped", count=1)
    twice = (unusual(20, key="", cell="D5"), unusual(30, key="", cell="D6"))
    assert give(store, 20.0, note, *twice).opened == ("Q1",)
    (query,) = read_queries(store)
    assert (query.more, query.problem.place.cell) == (1, "D5")


def test_two_checks_on_one_field_are_two_queries(store):
    checks = [
        unusual(20, kind="check-fires", check=name, severity="minor", message="m", message_zh="m")
        for name in ("a", "b")
    ]
    assert give(store, 20.0, *checks).opened == ("Q1", "Q2")


def test_what_is_no_longer_found_is_closed_and_comes_back_under_its_number(store):
    give(store, 20.0, unusual(20))
    assert give(store, 5.0).closed == ("Q1",)
    assert states(store) == {"Q1": "closed"}
    assert give(store, 20.5, unusual(20, cell="D9")).reopened == ("Q1",)
    (query,) = read_queries(store)
    assert [event.event for event in query.events] == ["opened", "closed", "reopened"]
    assert query.events[-1].code == "found_again"
    assert query.problem.place.cell == "D9"  # where it is now


def test_an_accepted_value_stays_accepted_until_it_is_another(store):
    give(store, 20.0, unusual(20))
    close(store, ["Q1"], actor="mona", reason="seen in the source")
    assert give(store, 20.0, unusual(20, cell="D8")) == give(store, 20.0, unusual(20, cell="D8"))
    assert states(store) == {"Q1": "closed"}
    assert give(store, 21.0, unusual(21)).reopened == ("Q1",)
    assert read_queries(store)[0].events[-1].code == "changed"


def test_an_accepted_row_is_asked_again_when_another_field_of_the_check_changes(store):
    check = {"check": "a", "severity": "minor", "message": "m", "message_zh": "m"}
    found = unusual(1, kind="check-fires", field="arm", reads=["arm", "scan_time_s"], **check)
    give(store, 20.0, found)
    close(store, ["Q1"], actor="mona", reason="seen")
    assert give(store, 21.0, found).reopened == ("Q1",)


def test_what_was_said_to_be_corrected_is_asked_again_when_it_is_not(store):
    give(store, 20.0, unusual(20))
    (query,) = read_queries(store)
    given = Given(query=query.id, code="corrected", text="", value_sha256=query.value_sha256)
    assert answer(store, "S01", [given], actor="sue") == [("taken", given)]
    assert states(store) == {"Q1": "answered"}
    sync(store, found_now(store), actor="ann")
    assert states(store) == {"Q1": "answered"}  # there is no next file yet
    defects = (unusual(20), unusual(7, field="noise"))  # another file, with the same value
    assert give(store, 20.0, *defects).reopened == ("Q1",)
    assert read_queries(store)[0].events[-1].code == "not_corrected"


def given_to(store, code="confirmed", text="", *, name="Q1", value=None):
    query = next(query for query in read_queries(store) if query.name == name)
    value = query.value_sha256 if value is None else value
    return Given(query=query.id, code=code, text=text, value_sha256=value)


def test_answers_of_two_files_are_both_kept_and_the_later_counts(store):
    give(store, 20.0, unusual(20))
    first, second = given_to(store), given_to(store, "other", "the scanner was new")
    outcomes = [
        answer(store, "S01", [given], actor="sue")[0][0] for given in (first, first, second)
    ]
    assert outcomes == ["taken", "unchanged", "replaced"]
    (query,) = read_queries(store)
    assert query.answer.text == "the scanner was new"
    assert [event.event for event in query.events] == ["opened", "answered", "answered"]


def test_answers_that_have_no_query_are_not_taken(store):
    give(store, 20.0, unusual(20))
    give(store, 20.0, unusual(20), site="S02")
    elsewhere = given_to(store)
    stranger = Given(query="f" * 12, code="confirmed", text="", value_sha256="")
    stale = given_to(store, value="0" * 64)
    close(store, ["Q2"], actor="mona", reason="seen")
    late = given_to(store, name="Q2")
    assert answer(store, "S02", [elsewhere, stranger, late], actor="sue") == [
        ("unknown", elsewhere),
        ("unknown", stranger),
        ("closed", late),
    ]
    assert answer(store, "S01", [stale], actor="sue") == [("outdated", stale)]
    assert states(store) == {"Q1": "open", "Q2": "closed"}


def test_people_send_ask_again_and_close_and_the_trail_says_who_and_why(store):
    give(store, 20.0, unusual(20))
    assert mark_sent(store, read_queries(store), actor="mona") == ("Q1",)
    assert mark_sent(store, read_queries(store), actor="mona") == ()
    answer(store, "S01", [given_to(store)], actor="sue")
    mark_sent(store, read_queries(store), actor="mona")
    assert states(store) == {"Q1": "answered"}
    ask_again(store, ["q1"], actor="mona", reason="say why")
    assert read_queries(store)[0].answer is None
    close(store, ["1"], actor="mona", reason="never mind")
    said = [
        (entry.actor, entry.subject, entry.reason)
        for entry in store.audit_entries()
        if entry.action == "query"
    ]
    assert said[0] == ("ann", f"S01 F05 {KEY}", "")
    assert said[-2:] == [
        ("mona", f"S01 F05 {KEY}", "say why"),
        ("mona", f"S01 F05 {KEY}", "never mind"),
    ]
    assert store.audit_broken_at(rows=True) is None


@pytest.mark.parametrize(
    ("names", "reason", "kind"),
    [
        (["Q9"], "why", "query-not-known"),
        (["all"], "why", "query-not-known"),
        (["Q1"], " ", "query-without-reason"),
        (["Q1", "Q2"], "why", "query-closed"),
    ],
)
def test_a_decision_is_refused_whole(store, names, reason, kind):
    give(store, 20.0, unusual(20), unusual(7, field="noise"))
    close(store, ["Q2"], actor="mona", reason="seen")
    before = dump(store)
    with pytest.raises(UsageError) as refused:
        close(store, names, actor="mona", reason=reason)
    assert [problem.kind for problem in refused.value.problems] == [kind]
    assert dump(store) == before


def test_with_people_only_a_monitor_or_data_manager_of_the_site_decides(store):
    give(store, 20.0, unusual(20))
    add(store, "Sue", "site", site="S01", actor="Sue", reason="coordinator")
    add(store, "Mo", "monitor", site="S02", actor="Sue", reason="monitor of another site")
    before = dump(store)
    for name in ("Sue", "Mo", "stranger"):
        with pytest.raises(UsageError) as refused:
            close(store, ["Q1"], actor=name, reason="fine")
        assert [problem.kind for problem in refused.value.problems] == ["role-missing"]
    assert dump(store) == before
    add(store, "Mona", "monitor", site="S01", actor="Sue", reason="monitor")
    close(store, ["Q1"], actor="Mona", reason="fine")
    assert states(store) == {"Q1": "closed"}


def test_what_was_stopped_before_its_queries_is_made_good_by_the_next_run(store, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("clinval.study.queries.record", stopped)
        with pytest.raises(KeyboardInterrupt):
            give(store, 20.0, unusual(20), unusual(7, field="noise"))
    assert read_queries(store) == []  # nothing is half there
    assert sync(store, found_now(store), actor="ann").opened == ("Q1", "Q2")


def test_days_are_counted_from_when_it_was_last_asked(store):
    give(store, 20.0, unusual(20))
    (query,) = read_queries(store)
    assert query.days_open("2026-01-09T12:00:00+00:00") == 8
    close(store, ["Q1"], actor="mona", reason="seen")
    assert read_queries(store)[0].days_open("2026-02-01T00:00:00+00:00") == 0
    store.clock = lambda: "2026-03-01T00:00:00+00:00"
    give(store, 21.0, unusual(21))
    assert read_queries(store)[0].days_open("2026-03-03T00:00:00+00:00") == 2

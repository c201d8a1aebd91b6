"""A correction has a reason: given, or the query it answers; without one the site is asked."""

import kit
import pytest
from test_receive import scans

from clinval.core.errors import UsageError
from clinval.core.problems import Place, Problem
from clinval.study.corrections import UNEXPLAINED, unexplained
from clinval.study.queries import read_queries, sync
from clinval.study.receive import receive
from clinval.study.returns import Defect

DECLARED = kit.protocol()
KEY = "S01-001 | TEST"


@pytest.fixture
def store():
    with kit.opened() as opened:
        receive(opened, file(100.0), actor="ann")
        yield opened


def file(value):
    return kit.returned(DECLARED, "S01", {"F05": scans(value)})


def changes(store):
    return [
        (entry.subject, entry.reason) for entry in store.audit_entries() if entry.action == "change"
    ]


def test_a_reason_of_blanks_is_none(store):
    for reason in (" ", "\t\n", "　"):
        with pytest.raises(UsageError, match="missing or blank"):
            receive(store, file(110.0), actor="ann", reason=reason)
    assert store.version == 1


def test_the_reason_that_was_given_stands_at_each_change(store):
    receive(store, file(110.0), actor="ann", reason="typing error")
    assert changes(store) == [(f"S01 F05 {KEY}", "typing error")]
    assert unexplained(store) == []


def test_a_correction_that_answers_a_query_is_explained_by_it(store):
    asked = Problem(kind="value-unexpected", place=Place(file="S01.xlsx"), parameters={"value": 1})
    defect = Defect(problem=asked, form="F05", key=KEY, field="scan_time_s")
    sync(store, [("S01", defect)], actor="ann")
    (query,) = read_queries(store)
    receive(store, file(110.0), actor="ann")
    assert changes(store) == [(f"S01 F05 {KEY}", query.name)]
    assert unexplained(store) == []


def test_a_correction_without_a_reason_is_taken_and_asked_about(store):
    assert receive(store, file(110.0), actor="ann").changed == 1
    ((site, defect),) = unexplained(store)
    assert (site, defect.form, defect.key, defect.field) == ("S01", "F05", KEY, "scan_time_s")
    assert defect.problem.kind == UNEXPLAINED
    assert "from 100 to 110" in defect.problem.says("en")
    receive(store, file(120.0), actor="ann", reason="the console's own record")
    assert unexplained(store) == []  # the value that stands has a reason
    receive(store, file(130.0), actor="ann")
    assert "from 120 to 130" in unexplained(store)[0][1].problem.says("en")


def test_the_question_is_not_its_own_reason(store):
    receive(store, file(110.0), actor="ann")
    sync(store, unexplained(store), actor="ann")
    receive(store, file(120.0), actor="ann")
    assert [reason for _, reason in changes(store)] == ["", ""]

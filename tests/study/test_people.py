"""Who may do what: roles are given and taken in the audit trail, by those who may."""

import json

import kit
import pytest

from clinval.core.errors import UsageError
from clinval.study.people import ROLES, add, people, remove, require
from clinval.study.receive import receive


@pytest.fixture
def store():
    with kit.opened() as opened:
        yield opened


def give(store, name, role, site="", actor="boss"):
    add(store, name, role, site=site, actor=actor, reason="")


def refused(act, *arguments, **more):
    with pytest.raises(UsageError) as error:
        act(*arguments, **more)
    (problem,) = error.value.problems
    return problem.kind


def test_while_nobody_has_a_role_anybody_may_act(store):
    assert require(store, "anybody", "monitor") == ""
    assert people(store) == []


def test_from_the_first_person_on_an_act_needs_a_role(store):
    give(store, "Ann Lee", "monitor")
    assert require(store, "Ann Lee", "data_manager", "monitor") == "monitor"
    for name in ("Bob", "", "Ann"):
        assert refused(require, store, name, "monitor") == "role-missing"
    assert refused(require, store, "Ann Lee", "sponsor") == "role-missing"


def test_a_name_is_the_same_however_it_is_spaced_or_wide(store):
    give(store, "Ann  Lee", "monitor")
    for name in ("ann lee", " ANN LEE ", "Ａｎｎ Ｌｅｅ"):
        assert require(store, name, "monitor") == "monitor"
        assert refused(give, store, name, "monitor") == "role-held"


def test_a_role_for_one_site_does_not_do_for_another(store):
    give(store, "Ann", "site", site="S01")
    assert require(store, "Ann", "site", site="S01") == "site"
    assert refused(require, store, "Ann", "site", site="S02") == "role-missing"
    assert refused(require, store, "Ann", "site") == "role-missing"


def test_a_data_manager_or_the_sponsor_gives_roles_once_there_is_one(store):
    give(store, "Ann", "monitor", actor="anybody")
    give(store, "Bob", "data_manager", actor="anybody")
    assert refused(give, store, "Cy", "monitor", actor="Ann") == "role-missing"
    give(store, "Cy", "sponsor", actor="Bob")
    give(store, "Di", "reader", actor="Cy")
    assert [(person.name, person.role) for person in people(store)] == [
        ("Ann", "monitor"), ("Bob", "data_manager"), ("Cy", "sponsor"), ("Di", "reader"),
    ]  # fmt: skip


def test_a_role_is_taken_with_a_reason_and_not_from_the_last_who_gives_them(store):
    give(store, "Bob", "data_manager")
    give(store, "Ann", "monitor", actor="Bob")

    def take(name, role, reason="left"):
        remove(store, name, role, site="", actor="Bob", reason=reason)

    assert refused(take, "Ann", "monitor", " \t") == "reason-missing"
    assert refused(take, "Ann", "sponsor") == "role-not-held"
    assert refused(take, "Bob", "data_manager") == "role-last"
    take("Ann", "monitor")
    assert refused(require, store, "Ann", "monitor") == "role-missing"
    give(store, "Ann", "monitor", actor="Bob")  # and it may be given again
    assert require(store, "Ann", "monitor") == "monitor"


@pytest.mark.parametrize(
    ("name", "role", "kind"), [("Ann", "boss", "role-unknown"), (" ", ROLES[0], "name-blank")]
)
def test_a_slip_is_named(store, name, role, kind):
    assert refused(give, store, name, role) == kind
    assert people(store) == []


def test_each_change_of_a_role_is_in_the_trail(store):
    give(store, "Bob", "data_manager")
    give(store, "Ann", "monitor", site="S01", actor="Bob")
    remove(store, "Ann", "monitor", site="S01", actor="Bob", reason="left")
    said = [
        (entry.actor, entry.subject, json.loads(entry.detail), entry.reason)
        for entry in store.audit_entries()
        if entry.action == "role"
    ]
    assert said[1:] == [
        ("Bob", "Ann", {"role": "monitor", "site": "S01", "granted": True}, ""),
        ("Bob", "Ann", {"role": "monitor", "site": "S01", "granted": False}, "left"),
    ]
    assert store.audit_broken_at(rows=True) is None


def test_data_of_a_site_are_brought_in_by_who_has_a_role_for_it(store):
    declared = kit.protocol()
    rows = {"F04": kit.enrolled({"S01": 2})}
    give(store, "Ann", "site", site="S02")
    with pytest.raises(UsageError, match="Ann has no role"):
        receive(store, kit.returned(declared, "S01", rows), actor="Ann")
    assert store.submissions() == []
    give(store, "Ann", "site", site="S01")
    assert receive(store, kit.returned(declared, "S01", rows), actor="Ann").status == "accepted"

"""Who may do what: roles of people, given and taken in the audit trail.

While no person has been entered anybody may act, and the trail says no role: a study of one person
must work. From the first person on, an act needs a role.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.study import audit
from clinval.study.store import StudyStore

__all__ = ["ROLES", "Person", "add", "normal", "people", "remove", "require"]

ROLES = ("monitor", "data_manager", "statistician", "sponsor", "site", "reader")
_GIVERS = ("data_manager", "sponsor")  # who gives and takes roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A role that a person has; ``site`` is empty where it is for all sites."""

    name: str
    role: str
    site: str
    since_utc: str


def normal(name: str) -> str:
    """Return a name as it is compared: its width, its case and the spaces in it do not count.

    Examples
    --------
    >>> normal(" Ann  Lee ") == normal("ann lee")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def people(store: StudyStore) -> list[Person]:
    """Return the roles that people have, in the order in which they were given."""
    query = "SELECT name, role, site, granted, at_utc FROM person ORDER BY id"
    found: dict[tuple[str, str, str], Person] = {}
    for name, role, site, granted, at_utc in store.select(query):
        which = (normal(name), role, site)
        found.pop(which, None)
        if granted:
            found[which] = Person(name=name, role=role, site=site, since_utc=at_utc)
    return list(found.values())


def require(store: StudyStore, actor: str, *roles: str, site: str = "") -> str:
    """Return the role in which a person may act, the first of ``roles`` that they have.

    Parameters
    ----------
    store
        The study's store.
    actor
        The person.
    roles
        The roles that may do it.
    site
        The site that it is about, where it is about one: a role for another site does not do.

    Returns
    -------
    str
        The role; empty while no person has been entered.

    Raises
    ------
    UsageError
        When the person has none of the roles (``role-missing``).
    """
    known = people(store)
    if not known:
        return ""
    own = {
        person.role
        for person in known
        if normal(person.name) == normal(actor) and person.site in ("", site)
    }
    for role in roles:
        if role in own:
            return role
    place = Place(file=store.path.name)
    raise UsageError.of("role-missing", place, name=actor, roles=", ".join(roles))


def add(store: StudyStore, name: str, role: str, *, site: str, actor: str, reason: str) -> None:
    """Give a person a role.

    Raises
    ------
    UsageError
        When there is no such role, the name is blank, the person has it already, or ``actor`` may
        not give it: a data manager and the sponsor may, and anybody while there is none of them.
    """
    _refuse_unusable(store, name, role)
    _write(store, name, role, site, granted=True, actor=actor, reason=reason)


def remove(store: StudyStore, name: str, role: str, *, site: str, actor: str, reason: str) -> None:
    """Take a role from a person; why has to be said.

    Raises
    ------
    UsageError
        When the person does not have it, the reason is blank, nobody would be left who may give
        roles, or ``actor`` may not take it.
    """
    if not reason.strip():
        raise UsageError.of("reason-missing", Place(file=store.path.name))
    _refuse_unusable(store, name, role)
    _write(store, name, role, site, granted=False, actor=actor, reason=reason)


def _refuse_unusable(store: StudyStore, name: str, role: str) -> None:
    place = Place(file=store.path.name)
    if role not in ROLES:
        raise UsageError.of("role-unknown", place, role=role, roles=", ".join(ROLES))
    if not name.strip():
        raise UsageError.of("name-blank", place)


def _write(
    store: StudyStore,
    name: str,
    role: str,
    site: str,
    *,
    granted: bool,
    actor: str,
    reason: str,
) -> None:
    place = Place(file=store.path.name)
    with store.transaction() as connection:
        known = people(store)
        givers = [person for person in known if person.role in _GIVERS and not person.site]
        if givers:
            require(store, actor, *_GIVERS)
        has = [p for p in known if (normal(p.name), p.role, p.site) == (normal(name), role, site)]
        if granted and has:
            raise UsageError.of("role-held", place, name=name, role=role)
        if not granted and not has:
            raise UsageError.of("role-not-held", place, name=name, role=role)
        if not granted and len(known) > 1 and givers == has:
            raise UsageError.of("role-last", place, name=name, role=role)
        now = store.clock()
        connection.execute(
            "INSERT INTO person (at_utc, name, role, site, granted, actor, reason)"
            " VALUES (?,?,?,?,?,?,?)",
            (now, name.strip(), role, site, int(granted), actor, reason),
        )
        detail = {"role": role, "site": site, "granted": granted}
        audit.append(
            connection, [("role", name.strip(), detail)], actor=actor, reason=reason,
            clock=lambda: now,
        )  # fmt: skip

"""Give and take the roles of people in a study."""

from __future__ import annotations

from pathlib import Path

from clinval.app.folder import StudyFolder
from clinval.app.ingest import user
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.study.people import Person, add, people, remove
from clinval.study.store import StudyStore

__all__ = ["give", "take", "who"]


def give(root: Path, name: str, role: str, *, site: str, actor: str, reason: str) -> None:
    """Give a person a role for a site, or for all; see :func:`clinval.study.people.add`."""
    with _opened(root, site) as store:
        add(store, name, role, site=site, actor=actor or user(), reason=reason)


def take(root: Path, name: str, role: str, *, site: str, actor: str, reason: str) -> None:
    """Take a role from a person; see :func:`clinval.study.people.remove`."""
    with _opened(root, site) as store:
        remove(store, name, role, site=site, actor=actor or user(), reason=reason)


def who(root: Path) -> list[Person]:
    """Return who has which role."""
    with _opened(root, "") as store:
        return people(store)


def _opened(root: Path, site: str) -> StudyStore:
    folder = StudyFolder(root)
    protocol = folder.protocol()
    sites = [known.id for known in protocol.sites]
    if site and site not in sites:
        place = Place(file=folder.protocol_path.name)
        raise UsageError.of("site-not-found", place, site=site, sites=", ".join(sites))
    return StudyStore(folder.store_path, protocol.study.id)

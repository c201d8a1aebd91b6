"""Commands on the state of the data: lock, unlock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinval.cli.options import actor_option, named, study_option
from clinval.core.i18n import tr

if TYPE_CHECKING:
    from clinval.study.states import State

__all__ = ["lock", "unlock"]

_DATA = 4


def _said(state: State) -> str:
    """Return what a state means for those who send and use data."""
    texts = {
        "cleaning": tr("Cleaning (data version {version}): corrections are still taken in."),
        "frozen": tr("Frozen (data version {version}): nothing is taken in."),
        "locked": tr("Locked (data version {version}): nothing is taken in, results are final."),
    }
    return texts[state.state].format(version=state.data_version)


@click.command(
    epilog='Example:  clinval lock   |   clinval lock --waive Q17 --reason "source lost, see note"'
)
@study_option
@click.option("--clean", "to", flag_value="cleaning", help="Only to cleaning: collection is over.")
@click.option("--freeze", "to", flag_value="frozen", help="Only to frozen: nothing is taken in.")
@click.option(
    "--waive",
    multiple=True,
    help="Let pass by name what is open: a query, a refused file, a site; may be repeated.",
)
@click.option("--reason", default="", help="Why; a waiver needs it.")
@actor_option
def lock(study: Path, to: str | None, waive: tuple[str, ...], reason: str, actor: str) -> int:
    """Lock the data: refused while something critical is open.

    The study goes through cleaning and frozen to locked; each is said, and is in the audit trail.
    """
    from clinval.app.folder import StudyFolder
    from clinval.app.ingest import user
    from clinval.app.locking import lock as run
    from clinval.cli.errors import print_problems

    names = named(waive, "--waive")
    done = run(
        StudyFolder(study), to=to or "locked", actor=actor or user(), reason=reason, waive=names
    )
    for state in done.states:
        click.echo(_said(state))
    for name in done.states[-1].waivers if done.states else ():
        click.echo(tr("  waived: {name}").format(name=name))
    if done.open:
        print_problems((item.problem for item in done.open), err=False)
        click.echo(tr("Not locked: {count} things are open.").format(count=len(done.open)))
        return _DATA
    if done.manifest is not None:
        click.echo(tr("What was locked: {path}").format(path=done.manifest))
    return 0


@click.command(epilog='Example:  clinval unlock --by "A. Lee" --and "M. Roth" --reason "..."')
@study_option
@click.option("--by", "first", required=True, help="Who opens the data.")
@click.option("--and", "second", default="", help="The second person, with another role.")
@click.option("--reason", required=True, help="Why.")
def unlock(study: Path, first: str, second: str, reason: str) -> None:
    """Open locked data again: two people with two roles, and a reason.

    A new data version begins. Results, reports and signatures of the old one are no longer valid;
    they are kept in superseded/.
    """
    from clinval.app.folder import StudyFolder
    from clinval.app.locking import unlock as run

    by = [name for name in (first, second) if name]
    state = run(StudyFolder(study), by=by, reason=reason)
    click.echo(_said(state))
    click.echo(tr("By {by} as {role}.").format(by=state.actor, role=state.role or "-"))

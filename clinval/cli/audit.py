"""Commands on the audit trail: audit verify, list, redact."""

from __future__ import annotations

from pathlib import Path

import click

from clinval.cli.groups import Group
from clinval.cli.options import actor_option, study_option
from clinval.cli.tables import table
from clinval.core.i18n import tr

__all__ = ["audit"]

_DATA = 4
_WIDEST = 40  # columns of a cell on the terminal


@click.group(cls=Group, epilog="Example:  clinval audit verify")
def audit() -> None:
    """Prove, list and redact the audit trail."""


@audit.command("verify", epilog="Example:  clinval audit verify")
@study_option
def verify(study: Path) -> int:
    """Prove the trail and the data by it; name the first entry that does not hold."""
    from clinval.app.auditing import verify_trail
    from clinval.app.folder import StudyFolder
    from clinval.cli.errors import print_problems

    found = verify_trail(StudyFolder(study))
    if found.problem is not None:
        print_problems([found.problem], err=False)
        return _DATA
    click.echo(tr("audit trail: {count} entries, unbroken").format(count=found.entries))
    click.echo(tr("last entry: {head}").format(head=found.head))
    return 0


@audit.command(
    "list",
    epilog="Example:  clinval audit list --subject S01-003   |   clinval audit list --csv t.csv",
)
@study_option
@click.option("--subject", default="", help="What it is about: a subject, a form, a site.")
@click.option("--person", default="", help="Who did it.")
@click.option("--field", default="", help="A field of a form, by its id.")
@click.option("--action", default="", help="What was done: receive, change, query, state ...")
@click.option(
    "--csv", "path", type=click.Path(path_type=Path), help="Write them to this CSV file instead."
)
def show(
    study: Path, subject: str, person: str, field: str, action: str, path: Path | None
) -> None:
    """List entries of the trail: who, when (UTC), what, old and new value, why."""
    from clinval.app.auditing import lines, write
    from clinval.app.folder import StudyFolder

    found = lines(StudyFolder(study), subject=subject, person=person, field=field, action=action)
    if path is not None:
        write(path, found)
        click.echo(tr("{count} entries: {path}").format(count=len(found), path=path))
        return
    header = [
        tr("entry"), tr("time (UTC)"), tr("person"), tr("action"), tr("subject"), tr("field"),
        tr("old"), tr("new"), tr("reason"),
    ]  # fmt: skip
    rows = [
        [
            str(line.entry.seq), line.entry.at_utc, line.entry.actor, line.entry.action,
            _short(line.entry.subject), line.field, _short(line.old), _short(line.new),
            _short(line.entry.reason),
        ]
        for line in found
    ]  # fmt: skip
    for text in table(header, rows):
        click.echo(text)


def _short(text: str) -> str:
    """Return a cell on one line, as wide as a terminal can show beside others."""
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST else line[: _WIDEST - 3] + "..."


@audit.command(
    "redact", epilog='Example:  clinval audit redact 17 --reason "a patient\'s name in a comment"'
)
@click.argument("entry", type=int)
@study_option
@click.option("--reason", required=True, help="Why; it is shown to everybody.")
@actor_option
def redact(entry: int, study: Path, reason: str, actor: str) -> None:
    """Take out the words of an entry that identify a person; the trail still holds."""
    from clinval.app.auditing import redact as run
    from clinval.app.folder import StudyFolder
    from clinval.app.ingest import user

    run(StudyFolder(study), entry, actor=actor or user(), reason=reason)
    click.echo(tr("Entry {entry} was redacted.").format(entry=entry))
    click.echo(tr("Rows as returned, and the files in inbox/received, are as the site sent them."))

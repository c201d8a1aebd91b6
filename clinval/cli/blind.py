"""Commands on the blind key of a study: blind make, blind open."""

from __future__ import annotations

from pathlib import Path

import click

from clinval.cli.groups import Group
from clinval.cli.options import actor_option, study_option
from clinval.core.i18n import tr

__all__ = ["blind"]


@click.group(
    cls=Group,
    invoke_without_command=True,
    epilog='Example:  clinval blind   |   clinval blind open --by "A. Lee" --role statistician'
    ' --reason "data are locked"',
)
@study_option
@actor_option
@click.pass_context
def blind(context: click.Context, study: Path, actor: str) -> None:
    """Make blind codes for arms and reads; lists and forms of readers show codes from then on.

    The key goes to keys/, apart from everything that is sent, and is opened only by an act that is
    in the audit trail: clinval blind open.
    """
    if context.invoked_subcommand is not None:
        return
    from clinval.app.blinding import blind as run
    from clinval.app.folder import StudyFolder

    folder = StudyFolder(study)
    key = run(folder, actor=actor)
    click.echo(
        tr("{reads} reads of {arms} arms have codes; the key is {path}").format(
            reads=len(key.reads), arms=len(key.arms), path=folder.blind_key
        )
    )
    click.echo(tr("Write the lists and templates again:  clinval reading-list; clinval templates"))


@blind.command(
    "open",
    epilog='Example:  clinval blind open --by "A. Lee" --role statistician --reason "locked"',
)
@study_option
@click.option("--by", "actor", required=True, help="Who opens it.")
@click.option("--role", required=True, help="statistician, data_manager or sponsor.")
@click.option("--reason", required=True, help="Why; goes into the audit trail.")
@click.option("--subject", default="", help="Only the reads of this subject.")
@click.option("--images", is_flag=True, help="Only a list in keys/, for who puts up the images.")
@click.pass_context
def open_(
    context: click.Context,
    study: Path,
    actor: str,
    role: str,
    reason: str,
    subject: str,
    images: bool,
) -> None:
    """Open the key: who, in which role and why goes into the audit trail."""
    from clinval.app.blinding import open_key
    from clinval.app.folder import StudyFolder
    from clinval.cli.tables import table

    if study == Path() and context.parent is not None:
        study = context.parent.params["study"]  # clinval blind --study DIRECTORY open
    opened = open_key(
        StudyFolder(study), actor=actor, role=role, reason=reason, subject=subject, images=images
    )
    if opened.before_lock:
        click.echo(tr("The data are not locked yet; the audit trail says so."))
    if opened.path is not None:
        click.echo(tr("Codes with their images: {path}").format(path=opened.path))
    elif subject:
        header = [tr("code"), tr("subject"), tr("arm"), tr("reader")]
        for line in table(header, [[code, *read] for code, read in opened.reads.items()]):
            click.echo(line)
    else:
        click.echo(
            tr("The key is open: {reads} reads can be analysed by arm.").format(
                reads=len(opened.reads)
            )
        )

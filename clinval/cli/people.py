"""Commands on who may do what: people add, remove, list."""

from __future__ import annotations

from pathlib import Path

import click

from clinval.cli.groups import Group
from clinval.cli.options import actor_option, study_option
from clinval.cli.tables import table
from clinval.core.i18n import tr

__all__ = ["people"]


@click.group(cls=Group, epilog='Example:  clinval people add "A. Lee" --role data_manager')
def people() -> None:
    """Say who may do what: roles of people, in the audit trail."""


@people.command("add", epilog='Example:  clinval people add "M. Roth" --role monitor --site S01')
@click.argument("name")
@study_option
@click.option(
    "--role",
    required=True,
    help="monitor, data_manager, statistician, sponsor, site or reader.",
)
@click.option("--site", default="", help="Only for this site (default: for all).")
@click.option("--reason", default="", help="Why.")
@actor_option
def add(name: str, study: Path, role: str, site: str, reason: str, actor: str) -> None:
    """Give a person a role."""
    from clinval.app.acting import give

    give(study, name, role, site=site, actor=actor, reason=reason)
    click.echo(tr("{name} has the role {role}.").format(name=name, role=role))


@people.command(
    "remove", epilog='Example:  clinval people remove "M. Roth" --role monitor --reason "left"'
)
@click.argument("name")
@study_option
@click.option("--role", required=True, help="The role that is taken.")
@click.option("--site", default="", help="The site that it was for.")
@click.option("--reason", required=True, help="Why.")
@actor_option
def remove(name: str, study: Path, role: str, site: str, reason: str, actor: str) -> None:
    """Take a role from a person."""
    from clinval.app.acting import take

    take(study, name, role, site=site, actor=actor, reason=reason)
    click.echo(tr("{name} no longer has the role {role}.").format(name=name, role=role))


@people.command("list", epilog="Example:  clinval people list")
@study_option
def show(study: Path) -> None:
    """List who has which role."""
    from clinval.app.acting import who

    header = [tr("person"), tr("role"), tr("site"), tr("since (UTC)")]
    rows = [
        [person.name, person.role, person.site or tr("all"), person.since_utc]
        for person in who(study)
    ]
    for line in table(header, rows):
        click.echo(line)

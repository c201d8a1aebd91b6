"""Commands on a running study's protocol: amend, migrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinval.cli.options import study_option
from clinval.cli.tables import table
from clinval.core.i18n import tr

if TYPE_CHECKING:
    from clinval.protocol.diff import Difference
    from clinval.protocol.touching import Touch

__all__ = ["amend", "migrate"]

_WIDEST = 44  # characters of a value on the terminal


@click.command(
    epilog="Example:  clinval amend protocol-2.yaml   |   clinval amend protocol-2.yaml --apply"
    ' --by "A. Monitor" --reason "protocol amendment 1"'
)
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@study_option
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
@click.option("--apply", is_flag=True, help="Put the new version in force.")
@click.option("--by", "actor", default="", help="Who does it (default: this computer's user).")
@click.option("--reason", default="", help="Why; goes into the audit trail.")
def amend(new: Path, study: Path, as_json: bool, apply: bool, actor: str, reason: str) -> None:
    """Show what a new version of the protocol changes and what that touches.

    With --apply it is put in force; the version before is kept in versions/.
    """
    from clinval.app.amend import amend as run
    from clinval.app.folder import StudyFolder
    from clinval.cli.errors import print_problems

    amended = run(StudyFolder(study), new, apply=apply, actor=actor, reason=reason)
    if as_json:
        import json

        click.echo(json.dumps(amended.difference.as_dict(), ensure_ascii=False, indent=2))
    else:
        _print(amended.difference)
    print_problems(amended.problems, err=as_json)
    if amended.data and not as_json:
        click.echo(tr("Of the data that are there:"))
        print_problems(amended.data, err=False)
    if amended.applied and not as_json:
        text = tr("Version {version} is in force; version {before} is kept in versions/")
        click.echo(text.format(
            version=amended.difference.new_version, before=amended.difference.old_version
        ))  # fmt: skip
        click.echo(tr("Next:  clinval templates   |   clinval migrate FILES"))


def _print(difference: Difference) -> None:
    click.echo(tr("{study}: version {old} -> {new}, {count} changes").format(
        study=difference.study, old=difference.old_version, new=difference.new_version,
        count=len(difference.changes),
    ))  # fmt: skip
    header = [tr("part"), tr("item"), tr("change"), tr("what"), tr("before"), tr("after"),
              tr("endpoints")]  # fmt: skip
    headings: dict[Touch, str] = {
        "endpoint": tr("Touches an endpoint or its analysis set:"),
        "capture": tr("Touches what sites fill in:"),
        "administrative": tr("Administrative:"),
    }
    kinds = {
        "added": tr("added"),
        "removed": tr("removed"),
        "renamed": tr("renamed"),
        "changed": tr("changed"),
        "reordered": tr("reordered"),
    }
    for touch, heading in headings.items():
        changes = difference.touching(touch)
        if changes:
            click.echo(heading)
            rows = [
                [
                    change.part, change.item, kinds[change.kind], change.aspect, _short(change.old),
                    _short(change.new), " ".join(change.endpoints),
                ]
                for change in changes
            ]  # fmt: skip
            for line in table(header, rows):
                click.echo(f"  {line.rstrip()}")


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


@click.command(epilog="Example:  clinval migrate returned/S01.xlsx returned/S02.xlsx")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@study_option
@click.option(
    "--out", type=click.Path(path_type=Path), help="Where it goes (default: templates/migrated)."
)
def migrate(files: tuple[Path, ...], study: Path, out: Path | None) -> None:
    """Carry filled workbooks of an earlier version over into templates of today.

    Each gets a report that says of every cell whether it was carried, converted by a declared rule,
    is asked again, or was dropped.
    """
    from clinval.app.folder import StudyFolder
    from clinval.app.migrate import migrate as run
    from clinval.core.progress import shown

    with shown() as progress:
        written = run(StudyFolder(study), files, out=out, progress=progress)
    for done in written:
        click.echo(tr(
            "{file} (version {version}): {carried} cells carried, {converted} converted, {asked}"
            " asked again, {dropped} dropped"
        ).format(
            file=done.file, version=done.version,
            **{name: done.counts[name] for name in ("carried", "converted", "asked", "dropped")},
        ))  # fmt: skip
        click.echo(f"  {done.workbook}")
        click.echo(f"  {done.report}")

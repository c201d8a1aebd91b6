"""Commands about edit checks: checks, deviations."""

from __future__ import annotations

import json
from pathlib import Path

import click

from clinval.core.i18n import tr

__all__ = ["checks"]


@click.command(
    epilog="Example:  clinval checks --form F05   |   clinval checks --protocol my-study"
)
@click.option(
    "--protocol",
    "path",
    type=click.Path(path_type=Path),
    help="Protocol, or folder of a study (default: the form library).",
)
@click.option("--form", "form_id", help="Only the checks of a form, field by field.")
@click.option("--json", "as_json", is_flag=True, help="Print the list for machines.")
def checks(path: Path | None, form_id: str | None, as_json: bool) -> None:
    """List what is asked of returned data: each check with its id, severity, rule and message.

    Without --form the checks of single fields are counted, and all others listed.
    """
    from clinval.app.check_list import check_list
    from clinval.cli.protocol import protocol_path
    from clinval.cli.tables import table
    from clinval.core.i18n import language
    from clinval.protocol.study_checks import study_check_library

    entries = check_list(None if path is None else protocol_path(path), form_id)
    if as_json:
        click.echo(json.dumps([entry.plain() for entry in entries], ensure_ascii=False, indent=1))
        return
    listed = [entry for entry in entries if form_id is not None or not entry.of_field]
    words = study_check_library().words

    def word(name: str) -> str:
        return words[name].in_(language())

    header = [tr("Check"), tr("Code"), tr("Severity"), tr("Type"), tr("Says")]
    rows = [
        [entry.id, entry.code, word(entry.severity), word(entry.type), entry.says.in_(language())]
        for entry in listed
    ]
    for line in table(header, rows):
        click.echo(line.rstrip())
    click.echo(
        tr("{count} checks, {fields} of them of single fields (--form lists them)").format(
            count=len(entries), fields=sum(entry.of_field for entry in entries)
        )
    )

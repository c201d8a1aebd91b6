"""Commands about edit checks: checks, deviations."""

from __future__ import annotations

import json
from pathlib import Path

import click

from clinval.cli.options import study_option
from clinval.core.i18n import tr

__all__ = ["checks", "deviations"]


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


@click.command(epilog="Example:  clinval deviations")
@study_option
@click.option("--json", "as_json", is_flag=True, help="Print the list for machines.")
def deviations(study: Path, as_json: bool) -> None:
    """List deviations from the protocol: those that sites recorded, and those that data show.

    A deviation that data show is marked where F09 does not have it. Each stands with the analysis
    sets that its subject is in.
    """
    from clinval.app.deviations import deviation_log
    from clinval.app.folder import StudyFolder
    from clinval.cli.tables import table
    from clinval.core.i18n import language
    from clinval.protocol.form_library import library_codelists

    log = deviation_log(StudyFolder(study))
    categories = library_codelists()["deviation_category"]
    if as_json:
        plain = [{**each.deviation.plain(), "sets": list(each.sets)} for each in log]
        click.echo(json.dumps(plain, ensure_ascii=False, indent=1))
        return
    header = [
        tr("Site"),
        tr("Subject"),
        tr("Category"),
        tr("Severity"),
        "F09",
        tr("Sets"),
        tr("Row"),
    ]
    rows = [
        [
            each.deviation.site,
            each.deviation.subject,
            categories[each.deviation.category].in_(language())
            if each.deviation.category in categories
            else each.deviation.category,
            each.deviation.severity,
            tr("recorded") if each.deviation.recorded else tr("not recorded"),
            ", ".join(each.sets) or "-",
            " ".join(
                part
                for part in (each.deviation.check, each.deviation.form, each.deviation.key)
                if part
            ),
        ]
        for each in log
    ]
    for line in table(header, rows):
        click.echo(line.rstrip())
    missing = sum(not each.deviation.recorded for each in log)
    click.echo(tr("{count} deviations, {missing} of them not recorded in F09").format(
        count=len(log), missing=missing
    ))  # fmt: skip

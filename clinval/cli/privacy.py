"""Command on what may identify a patient: phi."""

from __future__ import annotations

from pathlib import Path

import click

from clinval.cli.options import study_option
from clinval.core.i18n import tr

__all__ = ["phi"]

_DATA = 4


@click.command(epilog="Example:  clinval phi S01.xlsx scans/   |   clinval phi --csv found.csv")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@study_option
@click.option(
    "--csv", "output", type=click.Path(path_type=Path), help="Write the list to this file."
)
def phi(files: tuple[Path, ...], study: Path, output: Path | None) -> int:
    """Look through files for what may identify a patient, without storing anything.

    Without FILES what lies in quarantine is looked through. Told is what was found by kind, place
    and number, never the thing itself.
    """
    from clinval.app.folder import StudyFolder
    from clinval.app.quarantine import screen_files
    from clinval.capture.writing.words import word
    from clinval.cli.tables import table
    from clinval.core.csv_tables import write_rows
    from clinval.core.i18n import language

    screened = screen_files(StudyFolder(study), files)
    header = [tr("file"), tr("kind"), tr("place"), tr("number")]
    rows = [
        [each.file, word(f"privacy.{one.kind}").in_(language()), one.place, str(one.count)]
        for each in screened
        for one in each.found
    ]
    rows += [[each.file, tr("not readable"), "-", "-"] for each in screened if not each.readable]
    if output is not None:
        write_rows(output, header, rows)
    if rows:
        for line in table(header, rows):
            click.echo(line.rstrip())
    found = sum(bool(each.found) or not each.readable for each in screened)
    click.echo(
        tr("{files} files looked through; {found} may identify somebody or cannot be read").format(
            files=len(screened), found=found
        )
    )
    return _DATA if found else 0

"""The command that exports a study."""

from __future__ import annotations

from pathlib import Path

import click

from clinval.cli.options import named, study_option
from clinval.core.i18n import tr

__all__ = ["export"]

_HINT = "--format"


@click.command(epilog="Example:  clinval export --format csv   |   clinval export --format xpt")
@study_option
@click.option(
    _HINT,
    "formats",
    multiple=True,
    required=True,
    help="Formats, such as csv,ars: dataset-json, ndjson, xpt, csv, ars; may be repeated.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where it goes (default: exports).")
@click.option(
    "--names",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Short names for xpt: the table that is proposed where names are too long.",
)
@click.option("--by", "actor", default="", help="Who does it (default: this computer's user).")
@click.option("--reason", default="", help="Why; goes into the audit trail.")
def export(
    study: Path,
    formats: tuple[str, ...],
    out: Path | None,
    names: Path | None,
    actor: str,
    reason: str,
) -> None:
    """Write the data and results in the formats of others.

    dataset-json and ndjson: Dataset-JSON 1.1. xpt: SAS transport, version 5. csv: an archive of CSV
    and JSON that is read without clinval. ars: the results as a reporting event of ARS 1.0.
    """
    from clinval.app.export import export as run
    from clinval.app.folder import StudyFolder
    from clinval.core.progress import shown

    with shown() as progress:
        written = run(
            StudyFolder(study), named(formats, _HINT), out=out, names=names, actor=actor,
            reason=reason, progress=progress,
        )  # fmt: skip
    for each in written:
        click.echo(tr("{format}: {count} files").format(format=each.format, count=len(each.files)))
        for path in each.files:
            click.echo(f"  {path}")

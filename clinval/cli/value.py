"""The command that computes one hospital's business case with its own numbers."""

from __future__ import annotations

from pathlib import Path

import click

from clinval.cli.options import study_option
from clinval.core.i18n import language, tr

__all__ = ["roi"]


@click.command(
    epilog="Example:  clinval roi --site S01 --set volume=22 --set price=90000 --pdf S01.pdf"
)
@study_option
@click.option("--site", required=True, help="Id of the hospital.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="INPUT=NUMBER",
    help="A number of the hospital's own; may be repeated. volume is its demand a day, price "
    "the purchase, contribution what an exam earns; others as in the protocol.",
)
@click.option(
    "--pdf",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write the case with its pictures to this PDF too.",
)
def roi(study: Path, site: str, settings: tuple[str, ...], pdf: Path | None) -> None:
    """Compute one hospital's return with its own numbers, from the results of the study.

    The effect is that of the results; no data of patients are read.
    """
    from clinval.app.folder import StudyFolder
    from clinval.app.own_case import own_case
    from clinval.cli.blocks import print_blocks

    numbers = dict(_number(text) for text in settings)
    found = own_case(StudyFolder(study), site, numbers, language())
    print_blocks(found.document.blocks)
    if pdf is not None:
        from clinval.report.pdf.writer import write

        write(found.document, pdf)
        click.echo(tr("Written:"))
        click.echo(f"  {pdf}")


def _number(text: str) -> tuple[str, float]:
    """Return what is set and to what: a finite number."""
    import math

    name, _, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        message = tr("{text!r} is not INPUT=NUMBER").format(text=text)
        raise click.BadParameter(message, param_hint="--set")
    return name.strip(), value

"""The command that sizes a study before it begins."""

from __future__ import annotations

from pathlib import Path

import click

from clinval.core.i18n import LANGUAGES, language, tr

__all__ = ["design"]

_MOST_STUDIES = 1_000_000


@click.command(epilog="Example:  clinval design   |   clinval design protocol.yaml --simulate 2000")
@click.argument("path", type=click.Path(path_type=Path), default=Path("protocol.yaml"))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder to write to (default: design/ beside the protocol of a study, else here).",
)
@click.option("--no-report", is_flag=True, help="Stop after the results; write no PDFs.")
@click.option(
    "--simulate",
    type=click.IntRange(1, _MOST_STUDIES),
    default=None,
    metavar="N",
    help="Simulate N reader studies of the declared design for each true difference.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    help="Processes that simulate (default: one a core); the numbers do not depend on it.",
)
def design(
    path: Path, output: Path | None, no_report: bool, simulate: int | None, workers: int | None
) -> None:
    """Size every endpoint of a protocol, or of a draft: subjects, power, other assumptions.

    PATH is a protocol or the folder of a study. What each endpoint expects is declared under
    sample_size, planning. Simulated reader studies show the type I error and the power of the
    very design that is declared.
    """
    from clinval.app.design import design_study, where_to_write
    from clinval.cli.blocks import print_blocks
    from clinval.cli.errors import print_problems
    from clinval.cli.protocol import protocol_path
    from clinval.core.progress import shown
    from clinval.report.design import compose

    path = protocol_path(path)
    folder = where_to_write(path) if output is None else output
    with shown() as progress:
        made = design_study(
            path,
            folder,
            () if no_report else LANGUAGES,
            progress,
            studies=simulate or 0,
            workers=workers,
        )
    print_blocks(compose(made.protocol, made.results, language()).blocks)
    click.echo()
    click.echo(tr("Written:"))
    for file in made.files:
        click.echo(f"  {file}")
    if made.questions:
        click.echo(tr("About the sizes:"))
        print_problems(made.questions, err=False)

"""The command that makes mistakes on purpose: corruption-report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinval.cli.options import named
from clinval.cli.tables import table
from clinval.core.i18n import language, tr

if TYPE_CHECKING:
    from clinval.app.corruption import CorruptionReport

__all__ = ["corruption_report"]

_DATA = 4


@click.command(
    "corruption-report",
    epilog="Example:  clinval corruption-report demo   |   clinval corruption-report --kinds date",
)
@click.argument("study", type=click.Path(path_type=Path), default=Path())
@click.option("--seed", type=int, default=1, show_default=True, help="Where mistakes are made.")
@click.option("--kinds", multiple=True, help="Mistakes or families of them, such as date,key.")
@click.option(
    "--times",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="How often a mistake in a cell is made.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def corruption_report(
    study: Path, seed: int, kinds: tuple[str, ...], times: int, as_json: bool
) -> int:
    """Make mistakes in clean returns of a study, and count which are told.

    The study itself is not touched. Ends with code 4 where a mistake that can be known is missed,
    or something is said where there is none.
    """
    import json

    from clinval.app.corruption import as_data, rehearse
    from clinval.app.folder import StudyFolder
    from clinval.core.progress import shown

    with shown() as progress:
        report = rehearse(
            StudyFolder(study),
            seed=seed,
            kinds=named(kinds, "--kinds"),
            times=times,
            progress=progress,
        )
    if as_json:
        click.echo(json.dumps(as_data(report), ensure_ascii=False, indent=1))
    else:
        _print(report)
    return 0 if report.recall == report.precision == 1 else _DATA


def _print(report: CorruptionReport) -> None:
    from clinval.capture.corruption.mistake import FAMILIES

    header = [
        tr("family"), tr("mistake"), tr("what happened"), tr("made"), tr("told"), tr("missed"),
        tr("false alarms"),
    ]  # fmt: skip
    rows = [
        [
            FAMILIES[line.mistake.family].in_(language()),
            line.mistake.id,
            line.mistake.what.in_(language()),
            str(line.injected) if line.injected else tr("not here"),
            str(line.caught),
            str(line.missed) if line.mistake.known else tr("cannot be known"),
            str(len(line.false_alarms)),
        ]
        for line in report.lines
    ]
    for text in table(header, rows):
        click.echo(text)
    known = [line for line in report.lines if line.mistake.known]
    made, told = sum(line.injected for line in known), sum(line.caught for line in known)
    false = sum(len(line.false_alarms) for line in report.lines)
    click.echo()
    click.echo(tr("{kinds} kinds of mistakes, seed {seed}").format(
        kinds=sum(line.injected > 0 for line in report.lines), seed=report.seed
    ))  # fmt: skip
    click.echo(tr("recall: {told} of {made} that can be known ({share:.1%})").format(
        told=told, made=made, share=report.recall
    ))  # fmt: skip
    precision = tr("precision: {false} of {findings} findings are about no mistake ({share:.1%})")
    click.echo(precision.format(false=false, findings=report.findings, share=report.precision))
    click.echo(tr("false alarms in {rows} clean rows: {count}").format(
        rows=report.clean_rows, count=len(report.on_clean)
    ))  # fmt: skip
    for line in report.lines:
        for place in line.untold if line.mistake.known else ():
            click.echo(tr("missed: {name} at {place}").format(name=line.mistake.id, place=place))
        for defect in line.false_alarms:
            click.echo(tr("false alarm: {text}").format(text=defect.problem.line()))
    for defect in report.on_clean:
        click.echo(tr("false alarm: {text}").format(text=defect.problem.line()))

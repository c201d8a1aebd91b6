"""The command that computes one hospital's business case with its own numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinval.cli.options import study_option
from clinval.cli.tables import table
from clinval.core.i18n import tr

if TYPE_CHECKING:
    from clinval.core.records import Record

__all__ = ["roi"]

_SHOWN = (
    "saved", "extra_exams", "slots_above_demand", "investment", "yearly_flow", "npv", "npv_low",
    "npv_high", "probability_positive", "discounted_payback", "irr", "break_even_exams",
    "break_even_price",
)  # fmt: skip


@click.command(epilog="Example:  clinval roi --site S01 --set volume=22 --set price=90000")
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
def roi(study: Path, site: str, settings: tuple[str, ...]) -> None:
    """Compute one hospital's return with its own numbers, from the results of the study.

    The effect is that of the results; no data of patients are read.
    """
    from clinval.app.folder import StudyFolder
    from clinval.app.own_case import own_case

    found = own_case(StudyFolder(study), site, dict(_number(text) for text in settings))
    if found.inputs:
        header = [tr("Input"), tr("Protocol"), tr("Own")]
        rows = [
            [name, "-" if before is None else f"{before:g}", f"{own:g}"]
            for name, (before, own) in found.inputs.items()
        ]
        for line in table(header, rows):
            click.echo(line.rstrip())
        click.echo()
    header = [found.site, tr("Protocol"), tr("Own"), tr("Unit")]
    rows = [
        [name, _printed(found.analysed.get(name)), _printed(found.own.get(name)),
         found.own[name].unit]
        for name in _SHOWN
    ]  # fmt: skip
    for line in table(header, rows):
        click.echo(line.rstrip())


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


def _printed(record: Record | None) -> str:
    if record is None or record.undefined or not isinstance(record.value, int | float):
        return "-" if record is None else record.reason
    return f"{record.value:,.4g}" if abs(record.value) < 1000 else f"{record.value:,.0f}"

"""Command that reads headers of images: dicom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinval.cli.options import actor_option, study_option
from clinval.core.i18n import tr

if TYPE_CHECKING:
    from clinval.app.dicom_study import Harvested
    from clinval.capture.dicom.gate.gate import GatePolicy
    from clinval.capture.dicom.harvest import Harvest

__all__ = ["dicom", "print_report"]

_DATA = 4


@click.command(
    epilog="Example:  clinval dicom /media/images --report   |   clinval dicom /media/S01 --take"
)
@click.argument("directory", type=click.Path(path_type=Path))
@study_option
@click.option(
    "--report",
    "only_report",
    is_flag=True,
    help="Only show what is there, in files too that a study would refuse; needs no study.",
)
@click.option(
    "--csv", "output", type=click.Path(path_type=Path), help="Write every value to this file."
)
@click.option("--site", "sites", multiple=True, help="Only this site; may be repeated.")
@click.option("--take", is_flag=True, help="Store the values, and open queries, at once.")
@click.option("--reason", default="", help="Why data are corrected; goes into the audit trail.")
@actor_option
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that read files at the same time.",
)
@click.option(
    "--scheduler",
    default="",
    metavar="ADDRESS",
    help="Scheduler of a Dask cluster whose workers read, such as tcp://10.0.0.5:8786.",
)
def dicom(
    directory: Path,
    study: Path,
    only_report: bool,
    output: Path | None,
    sites: tuple[str, ...],
    take: bool,
    reason: str,
    actor: str,
    workers: int,
    scheduler: str,
) -> int:
    """Read scan time, dose and device from headers of images and from dose reports.

    DIRECTORY is a folder, a .zip archive or a DICOMDIR; its files are not changed. Into a study go
    only files without identity, and only values, codes and hashes. What is interrupted goes on
    where it stopped when the command is run again.
    """
    from clinval.core.progress import shown

    if only_report:
        _refuse(sites, take, reason, actor)
        from clinval.app.dicom import look

        with shown() as progress:
            harvest = look(
                directory, policy=_policy(study), count=workers, scheduler=scheduler,
                progress=progress,
            )  # fmt: skip
        print_report(harvest)
        if output is not None:
            _write_values(harvest, output)
        return 0
    from clinval.app.dicom_study import harvest_into
    from clinval.app.folder import StudyFolder

    with shown() as progress:
        harvested = harvest_into(
            StudyFolder(study), directory, sites=sites, take=take, reason=reason, actor=actor,
            count=workers, scheduler=scheduler, progress=progress,
        )  # fmt: skip
    if output is not None:
        _write_values(harvested.harvest, output)
    return _print_harvested(harvested)


def _policy(study: Path) -> GatePolicy | None:
    """Return what the gate of a study lets pass, ``None`` where there is no study."""
    from clinval.app.dicom_study import policy_of
    from clinval.app.folder import StudyFolder

    folder = StudyFolder(study)
    return policy_of(folder.protocol()) if folder.protocol_path.is_file() else None


def _refuse(sites: tuple[str, ...], take: bool, reason: str, actor: str) -> None:
    """Say which options have no meaning where nothing goes into a study."""
    given = {"--site": sites, "--take": take, "--reason": reason, "--by": actor}
    for name, value in given.items():
        if value:
            message = tr("--report only shows what is there; leave this option out")
            raise click.BadParameter(message, param_hint=name)


def print_report(harvest: Harvest) -> None:
    """Print what is there: times, doses, devices, and what a study would not take."""
    from clinval.cli.blocks import print_blocks
    from clinval.cli.dicom_tables import tables

    click.echo(_counts(harvest))
    print_blocks(tables(harvest))


def _counts(harvest: Harvest) -> str:
    text = tr(
        "{files} files: {read} read, {refused} of them with what a study would refuse, {copies}"
        " copies, {not_read} not read"
    )
    return text.format(
        files=harvest.files,
        read=harvest.read,
        refused=harvest.refused,
        copies=harvest.copies,
        not_read=harvest.files - harvest.read,
    )


def _write_values(harvest: Harvest, output: Path) -> None:
    from clinval.app.dicom_files import write_values

    write_values(output, harvest)
    click.echo(tr("Written:"))
    click.echo(f"  {output}")


def _print_harvested(harvested: Harvested) -> int:
    from clinval.cli.blocks import print_blocks
    from clinval.cli.dicom_tables import changes_of_devices, reasons
    from clinval.cli.study import print_ingested

    click.echo(_counts(harvested.harvest))
    print_blocks(changes_of_devices(harvested.changes))
    print_blocks(reasons(harvested.harvest, harvested.rows.left_out))
    click.echo(tr("{rows} rows of values").format(rows=len(harvested.rows.rows)))
    click.echo(tr("Written:"))
    for path in harvested.written:
        click.echo(f"  {path}")
    code = print_ingested(harvested.ingested)
    return code if harvested.rows.rows else _DATA

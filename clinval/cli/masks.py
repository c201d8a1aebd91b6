"""Command about mask files: overlap."""

from __future__ import annotations

from pathlib import Path

import click

from clinval.core.i18n import tr

__all__ = ["overlap"]

_DATA = 4
_SHOWN = ("case", "label", "dice", "hausdorff", "hausdorff_95", "mean_surface_distance", "note")


@click.command(epilog="Example:  clinval overlap masks/test masks/reference --output overlap.csv")
@click.argument("test", type=click.Path(path_type=Path))
@click.argument("reference", type=click.Path(path_type=Path))
@click.option(
    "--label", "labels", type=int, multiple=True, help="Label to compare; may be repeated."
)
@click.option("--spacing", help="Distance of voxels on each axis, for .npy files, such as 1,1,3.")
@click.option("--tolerance", type=float, help="Distance that counts as none, for the surface Dice.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write all columns to this CSV file."
)
def overlap(
    test: Path,
    reference: Path,
    labels: tuple[int, ...],
    spacing: str | None,
    tolerance: float | None,
    output: Path | None,
) -> int:
    """Compare mask files of a test with those of a reference: Dice, Hausdorff, surface distance.

    TEST and REFERENCE are files (.nii, .nii.gz, .dcm, .npy), or folders with a file a case.
    """
    from clinval.app.overlap import COLUMNS, compare_masks
    from clinval.cli.errors import print_problems
    from clinval.cli.tables import table
    from clinval.core.csv_tables import write_rows
    from clinval.core.progress import shown

    try:
        steps = None if spacing is None else [float(part) for part in spacing.split(",")]
    except ValueError as error:
        hint = tr("write one number an axis, such as 1,1,3")
        raise click.BadParameter(hint, param_hint="--spacing") from error
    with shown() as progress:
        compared = compare_masks(
            test, reference, labels=labels, spacing=steps, tolerance=tolerance, progress=progress
        )
    if output is not None:
        write_rows(output, COLUMNS, [["" if v is None else v for v in r] for r in compared.rows])
    places = [COLUMNS.index(name) for name in _SHOWN]
    lines = [[_text(row[place]) for place in places] for row in compared.rows]
    for line in table(list(_SHOWN), lines):
        click.echo(line.rstrip())
    print_problems(compared.problems)
    click.echo(
        tr("{rows} compared, {problems} problems").format(
            rows=len(compared.rows), problems=len(compared.problems)
        )
    )
    return _DATA if compared.problems else 0


def _text(value: str | float | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4g}"

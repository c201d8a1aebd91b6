"""The command that measures in images of phantoms: phantom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinval.cli.tables import table
from clinval.core.i18n import LANGUAGES, language, tr

if TYPE_CHECKING:
    from clinval.app.phantom import Comparison, Measurement, PhantomReport
    from clinval.report.texts import Texts

__all__ = ["phantom"]

_DATA = 4


@click.command(
    epilog="Example:  clinval phantom new-tube/ --against old-tube/ --plan water-cylinder --out ."
)
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--plan", "plan", help="A plan of the library, or a file (see --write-plan).")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Folder with scans of the component before the exchange.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write numbers, curves and pages with pictures of where was measured to this folder.",
)
@click.option(
    "--study",
    type=click.Path(path_type=Path),
    help="Folder of a study: fill in form F15 of the site's workbook, in phantom/.",
)
@click.option("--site", default="", help="Whose scans these are, such as S01.")
@click.option(
    "--write-plan",
    "written",
    type=click.Path(path_type=Path),
    help="Write a plan of the library to this file, to change it for your phantom.",
)
def phantom(
    folder: Path | None,
    plan: str | None,
    against: Path | None,
    out: Path | None,
    study: Path | None,
    site: str,
    written: Path | None,
) -> int:
    """Measure noise, contrast, sharpness and noise power in scans of a phantom.

    FOLDER holds the DICOM slices with the component under test. Where the phantom is in them is
    found; where to measure, and what, says the plan.
    """
    from clinval.app.dicom_study import policy_of
    from clinval.app.folder import StudyFolder
    from clinval.app.phantom import measure_phantom, write_plan
    from clinval.app.phantom_results import write_phantom
    from clinval.app.phantom_study import site_of, write_for_study
    from clinval.capture.phantom.plan_reading import library_plans
    from clinval.cli.errors import print_problems
    from clinval.core.problems import Severity
    from clinval.core.progress import shown

    if written is not None:
        write_plan(plan or library_plans()[0], written)
        click.echo(written)
        return 0
    if folder is None or plan is None:
        raise click.UsageError(tr("name a folder with scans, and a plan (--plan)"))
    folder_of_study = None if study is None else StudyFolder(study)
    policy = None
    if folder_of_study is not None:  # what is wrong with it is said before anything is measured
        protocol = folder_of_study.protocol()
        site, policy = site_of(folder_of_study, protocol, site), policy_of(protocol)
    with shown() as progress:
        report = measure_phantom(folder, plan, against=against, policy=policy, progress=progress)
    _print(report)
    problems, paths = list(report.problems), []
    if out is not None:
        paths += write_phantom(report, out, LANGUAGES)
    if folder_of_study is not None:
        written_paths, missing = write_for_study(report, folder_of_study, site, LANGUAGES)
        paths, problems = [*paths, *written_paths], [*problems, *missing]
    for path in paths:
        click.echo(path)
    print_problems(problems)
    return _DATA if any(one.severity is Severity.ERROR for one in problems) else 0


def _print(report: PhantomReport) -> None:
    """Print a table for each scanner and settings: a row a number, a column a scan."""
    from clinval.app.phantom import groups
    from clinval.report.texts import Texts

    texts = Texts(language())
    for (scanner, settings), scans in groups(report.measurements).items():
        place = texts("phantom_page.scanner", serial=scanner or "-", settings=settings)
        click.echo(click.style(place, bold=True))
        compared = {
            (one.measure, one.quantity): one
            for one in report.comparisons
            if (one.scanner, one.settings) == (scanner, settings)
        }
        header = [texts(f"phantom_page.{name}") for name in ("measure", "unit", "variant")]
        header += [_heading(one, texts) for one in scans]
        if compared:
            header += [texts("phantom_page.difference"), texts("phantom_page.ratio")]
        for line in table(["", *header], list(_rows(scans, compared, texts))):
            click.echo(line.rstrip())
        for one in scans:
            for line in _undefined(one, texts):
                click.echo(line)
        click.echo()


def _heading(one: Measurement, texts: Texts) -> str:
    role = texts(f"phantom_page.role.{one.role}")
    return f"{role} {one.number}"


def _rows(
    scans: Sequence[Measurement], compared: Mapping[tuple[str, str], Comparison], texts: Texts
) -> Iterator[list[str]]:
    """Yield the rows: what any of the scans has."""
    from clinval.report.phantom_words import quantity_words, variant_words

    by_scan = [{(v.measure, v.quantity): v for v in one.values} for one in scans]
    found = {key: value for values in by_scan for key, value in values.items()}
    for key, value in found.items():
        words = quantity_words(value.quantity, texts), variant_words(value.variant, texts)
        cells = [value.measure, words[0], value.unit, words[1]]
        cells += [
            _number(values[key].value, value.unit) if key in values else "-" for values in by_scan
        ]
        if compared:
            both = compared.get(key)
            cells.append(_number(both.difference if both else None, value.unit))
            cells.append(_number(both.ratio if both else None, "ratio"))
        yield cells


def _undefined(one: Measurement, texts: Texts) -> Iterator[str]:
    """Yield why numbers of a scan have no value."""
    for value in one.values:
        if value.value is None:
            measure, reason = f"{_heading(one, texts)}, {value.measure}", texts.reason(value.reason)
            yield texts("phantom_page.none", measure=measure, reason=reason)


def _number(value: float | None, unit: str) -> str:
    from clinval.report.numbers import printed

    return "-" if value is None else printed(value, unit)

"""Commands on a study's folder: demo, templates, reading-list, ingest, status, analyze, report."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinval.cli.options import actor_option, audience_options, named, study_option
from clinval.cli.tables import table
from clinval.core.i18n import tr

if TYPE_CHECKING:
    from clinval.app.folder import StudyFolder
    from clinval.app.ingest import Ingested
    from clinval.app.status import Status

__all__ = [
    "analyze",
    "demo",
    "ingest",
    "print_ingested",
    "reading_list",
    "report",
    "status",
    "templates",
]

_DATA = 4


def _folder(study: Path) -> StudyFolder:
    from clinval.app.folder import StudyFolder

    return StudyFolder(study)


def _name_files(label: str, paths: Iterable[Path]) -> None:
    click.echo(label)
    for path in paths:
        click.echo(f"  {path}")


@click.command(epilog="Example:  clinval demo   |   clinval demo /tmp/first-look")
@click.argument("directory", type=click.Path(path_type=Path), default=Path("demo"))
@click.option(
    "--from",
    "name",
    default="dl-mri-fast",
    show_default=True,
    help="Study type of the library that has made-up data.",
)
@click.option("--force", is_flag=True, help="Replace an earlier demonstration in that folder.")
def demo(directory: Path, name: str, force: bool) -> None:
    """Make a whole study with made-up data and run it to the PDFs."""
    import shutil

    from clinval.app.demo import demonstrate
    from clinval.core.progress import shown

    if force and (directory / "study.db").is_file():
        shutil.rmtree(directory)
    with shown() as progress:
        made = demonstrate(directory, name, progress)
    click.echo(tr("A made-up study in {path}").format(path=directory))
    _name_files(tr("Workbooks for the sites:"), made.templates)
    if made.lists:
        _name_files(tr("Reading lists:"), made.lists)
    click.echo(tr("Returned workbooks (made up, some with mistakes as sites make them):"))
    for ingested in made.ingested:
        _print_receipt(ingested)
    click.echo(tr("What is wrong in them:  clinval status --study {path} --defects").format(
        path=directory
    ))  # fmt: skip
    _name_files(tr("Results:"), [made.folder.results_path])
    _name_files(tr("Reports:"), made.reports)


@click.command(
    epilog="Example:  clinval templates   |   clinval templates --format redcap,crf --lang en+zh"
)
@study_option
@click.option("--site", "sites", multiple=True, help="Only this site; may be repeated.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    help="Formats, such as xlsx,redcap,xlsform,odm,crf (default: xlsx).",
)
@click.option(
    "--lang",
    "languages",
    multiple=True,
    help="Languages, such as en,zh or en+zh for both side by side (default: those of the sites).",
)
def templates(
    study: Path, sites: tuple[str, ...], formats: tuple[str, ...], languages: tuple[str, ...]
) -> None:
    """Write what sites fill in: one workbook a site, or the same forms in other formats."""
    from clinval.app.templates import write_templates
    from clinval.cli.errors import print_problems
    from clinval.core.problems import Problems
    from clinval.core.progress import shown

    chosen, problems = named(formats, "--format") or ["xlsx"], Problems()
    with shown() as progress:
        written = write_templates(
            _folder(study), list(dict.fromkeys(sites)), progress,
            formats=chosen, languages=named(languages, "--lang"), problems=problems,
        )  # fmt: skip
    print_problems(problems)
    workbooks = chosen == ["xlsx"]
    _name_files(tr("Workbooks for the sites:") if workbooks else tr("For the sites:"), written)


@click.command(
    "reading-list", epilog="Example:  clinval reading-list   |   clinval reading-list --reader R1"
)
@study_option
@click.option("--reader", "readers", multiple=True, help="Only this reader; may be repeated.")
def reading_list(study: Path, readers: tuple[str, ...]) -> None:
    """Write one workbook a reader: the cases of each session in their order."""
    from clinval.app.reading_lists import write_reading_lists
    from clinval.core.progress import shown

    with shown() as progress:
        written = write_reading_lists(_folder(study), list(dict.fromkeys(readers)), progress)
    _name_files(tr("Reading lists:"), written)


@click.command(epilog="Example:  clinval ingest   |   clinval ingest returned/S01.xlsx")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@study_option
@click.option("--reason", default="", help="Why data are corrected; goes into the audit trail.")
@click.option("--by", "actor", default="", help="Who does it (default: this computer's user).")
@click.option(
    "--withdraw",
    is_flag=True,
    help="Withdraw rows received earlier that a file does not have (default: they are kept).",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that read files at the same time.",
)
def ingest(
    files: tuple[Path, ...], study: Path, reason: str, actor: str, withdraw: bool, workers: int
) -> int:
    """Read returned files (default: all in inbox/) and name every defect."""
    from clinval.app.ingest import ingest as run
    from clinval.core.progress import shown

    with shown() as progress:
        results = run(
            _folder(study), files, actor=actor, reason=reason, withdraw=withdraw,
            workers=workers, progress=progress,
        )  # fmt: skip
    return print_ingested(results)


def print_ingested(results: Iterable[Ingested]) -> int:
    """Print the defects and what became of each file; return the exit code."""
    from clinval.cli.errors import print_problems
    from clinval.core.problems import Severity

    code = 0
    for ingested in results:
        print_problems((defect.problem for defect in ingested.defects), err=False)
        _print_receipt(ingested)
        severe = any(d.problem.severity is Severity.ERROR for d in ingested.defects)
        if ingested.receipt.status == "refused" or severe:
            code = _DATA
    return code


def _print_receipt(ingested: Ingested) -> None:
    from clinval.core.problems import Severity

    receipt = ingested.receipt
    if not ingested.kept:
        text = tr("  {file}: not read; nothing was received")
    elif receipt.status == "refused":
        text = tr("  {file}: refused; kept as it came")
    elif ingested.answers is not None:
        text = tr("  {file}: site {site}, {answers} answers to queries taken")
    elif receipt.status == "unchanged":
        text = tr("  {file}: received before; nothing changed")
    else:
        text = tr(
            "  {file}: site {site}, {rows} rows stored, {held} held back, {errors} values not"
            " accepted, {queries} to confirm; data version {version}"
        )
    severities = [defect.problem.severity for defect in ingested.defects]
    click.echo(
        text.format(
            file=receipt.file_name,
            site=receipt.site,
            rows=receipt.rows,
            held=receipt.held,
            errors=severities.count(Severity.ERROR),
            queries=severities.count(Severity.QUERY),
            version=receipt.data_version,
            answers=ingested.answers,
        )
    )
    if receipt.status == "accepted" and receipt.changed:
        click.echo(tr("    {count} values corrected").format(count=receipt.changed))
    if receipt.absent:
        key = (
            tr("    {count} rows withdrawn: {rows}")
            if receipt.withdrawn
            else tr("    {count} rows received earlier are not in this file and were kept"
                    " (--withdraw removes them): {rows}")
        )  # fmt: skip
        shown = ", ".join(receipt.absent[:10]) + (" ..." if len(receipt.absent) > 10 else "")
        click.echo(key.format(count=len(receipt.absent), rows=shown))


@click.command(epilog="Example:  clinval status   |   clinval status --pdf --lang en")
@study_option
@click.option("--defects", is_flag=True, help="List every open defect.")
@click.option("--pdf", is_flag=True, help="Write a page to print into status/ of the study.")
@click.option("--lang", "languages", multiple=True, help="Languages of the page (default: en,zh).")
def status(study: Path, defects: bool, pdf: bool, languages: tuple[str, ...]) -> None:
    """Show enrolment, completeness and queries by site, or print them."""
    from clinval.app.status import status as run, write_status
    from clinval.cli.errors import print_problems
    from clinval.core.i18n import LANGUAGES
    from clinval.core.progress import shown

    folder, codes = _folder(study), named(languages, "--lang") or list(LANGUAGES)
    unknown = [code for code in codes if code not in LANGUAGES]
    if unknown:
        known = ", ".join(LANGUAGES)
        message = tr("{name}: write one of {choices}.").format(name=unknown[0], choices=known)
        raise click.BadParameter(message, param_hint="--lang")
    if pdf:
        with shown() as progress:
            _name_files(tr("Written:"), write_status(folder, codes, progress))
        return
    found = run(folder)
    click.echo(tr("{study}, protocol {protocol}, data version {version}").format(
        study=found.study, protocol=found.protocol_version, version=found.data_version
    ))  # fmt: skip
    click.echo(tr("state of the data: {state}").format(state=_state(found.state)))
    _print_sites(found)
    if found.audit_broken_at is None:
        click.echo(tr("audit trail: {count} entries, unbroken").format(count=found.audit_entries))
    else:
        click.echo(tr("audit trail: BROKEN at entry {entry}").format(entry=found.audit_broken_at))
    if defects:
        print_problems((defect.problem for defect in found.defects), err=False)


def _state(state: str) -> str:
    words = {
        "draft": tr("draft"), "collecting": tr("collecting"), "cleaning": tr("cleaning"),
        "frozen": tr("frozen"), "locked": tr("locked"), "analysed": tr("analysed"),
    }  # fmt: skip
    return words[state]


def _print_sites(found: Status) -> None:
    """Print what came of each site, then what is still to come of it."""
    header = [
        tr("site"), tr("planned"), tr("returned"), tr("rows"), tr("held"), tr("not accepted"),
        tr("to confirm"), tr("last file"),
    ]  # fmt: skip
    rows = [
        [
            site.site, str(site.planned), str(site.returned), str(site.rows), str(site.held),
            str(site.not_accepted), str(site.to_confirm), site.last_file,
        ]
        for site in found.sites
    ]  # fmt: skip
    for line in table(header, rows):
        click.echo(line)
    click.echo(tr("Still to come (queries by days since they were asked):"))
    header = [
        tr("site"), tr("enrolled"), tr("forms missing"), tr("open"), tr("answered"),
        tr("holds back"), *found.age_classes,
    ]  # fmt: skip
    rows = [
        [
            site.site, str(site.enrolled), str(site.missing), str(site.open), str(site.answered),
            str(site.critical), *map(str, site.ages),
        ]
        for site in found.sites
    ]  # fmt: skip
    for line in table(header, rows):
        click.echo(line)


@click.command(epilog="Example:  clinval analyze   |   clinval analyze --no-report")
@study_option
@click.option("--no-report", is_flag=True, help="Stop after the results; write no PDFs.")
@actor_option
def analyze(study: Path, no_report: bool, actor: str) -> int:
    """Analyze the study: ingest what lies in inbox/, compute every endpoint, write the PDFs."""
    from clinval.app.analysis import analyze as run
    from clinval.app.ingest import ingest as take_in
    from clinval.app.reporting import report as write_reports
    from clinval.cli.errors import print_problems
    from clinval.core.problems import Problems
    from clinval.core.progress import shown

    folder, problems = _folder(study), Problems()
    protocol = folder.protocol()
    with shown() as progress:
        ingested = (
            take_in(folder, actor=actor, progress=progress) if folder.returned_files() else []
        )
        fresh = [part for part in ingested if part.receipt.status != "unchanged"]
        if fresh:
            click.echo(tr("Took in what lay in inbox/:"))
            print_ingested(fresh)
        results = run(folder, progress, actor=actor)
        click.echo(tr("Results: {path} ({count} records)").format(
            path=folder.results_path, count=len(results.records)
        ))  # fmt: skip
        if no_report or not protocol.reports:
            return 0
        written = write_reports(folder, progress=progress, problems=problems)
    print_problems(problems)
    _name_files(tr("Reports:"), written)
    return 0


@click.command(epilog="Example:  clinval report --for fda,hospital --lang en,zh")
@study_option
@audience_options
def report(study: Path, audiences: tuple[str, ...], languages: tuple[str, ...]) -> None:
    """Write the PDFs of an analyzed study."""
    from clinval.app.reporting import chosen, report as run
    from clinval.cli.errors import print_problems
    from clinval.core.problems import Problems
    from clinval.core.progress import shown

    names, codes = named(audiences, "--for"), named(languages, "--lang")
    folder, problems = _folder(study), Problems()
    with shown() as progress:
        written = run(folder, chosen(folder.protocol(), names, codes), progress, problems)
    print_problems(problems)
    _name_files(tr("Reports:"), written)

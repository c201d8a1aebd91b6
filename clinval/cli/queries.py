"""The command on queries: list them, send them, take answers, close them, ask again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinval.cli.options import named, study_option
from clinval.cli.tables import table
from clinval.core.i18n import language, tr

if TYPE_CHECKING:
    from clinval.app.folder import StudyFolder
    from clinval.app.queries import Listed

__all__ = ["queries"]

_STATES = ("open", "answered", "closed", "all")
_ACTS = ("--out", "--answers", "--close", "--reopen")


@click.command(epilog="Example:  clinval queries --out to-send   |   clinval queries --close Q17")
@study_option
@click.option("--site", "sites", multiple=True, help="Only queries of this site; may be repeated.")
@click.option(
    "--state",
    type=click.Choice(_STATES),
    help="Only queries in this state (default: all that are not closed).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a query workbook a site into this folder.",
)
@click.option(
    "--answers",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Take the answers of a query workbook that came back; may be repeated.",
)
@click.option("--close", "closed", multiple=True, help="Close queries, such as Q17,Q18.")
@click.option("--reopen", "again", multiple=True, help="Ask again, such as Q17.")
@click.option("--reason", default="", help="Why; goes into the audit trail.")
@click.option("--by", "actor", default="", help="Who does it (default: this computer's user).")
def queries(
    study: Path,
    sites: tuple[str, ...],
    state: str | None,
    out: Path | None,
    files: tuple[Path, ...],
    closed: tuple[str, ...],
    again: tuple[str, ...],
    reason: str,
    actor: str,
) -> int:
    """List the queries of a study, send them to the sites, take answers, close them."""
    from clinval.app.folder import StudyFolder
    from clinval.app.ingest import user

    folder, actor = StudyFolder(study), actor or user()
    given = dict(zip(_ACTS, (out, files, closed, again), strict=True))
    acts = [name for name, value in given.items() if value]
    if len(acts) > 1:
        raise click.UsageError(tr("{acts}: one at a time").format(acts=", ".join(acts)))
    if out is not None:
        _write(folder, sites, out, actor)
    elif files:
        return _take(folder, files, reason, actor)
    elif closed or again:
        _decide(folder, closed, again, reason, actor)
    else:
        _list(folder, sites, state)
    return 0


def _write(folder: StudyFolder, sites: Sequence[str], out: Path, actor: str) -> None:
    from clinval.app.queries import write_queries

    for site, count, path in write_queries(
        folder, list(dict.fromkeys(sites)), out=out, actor=actor
    ):
        if path is None:
            click.echo(tr("  {site}: no open query").format(site=site))
        else:
            click.echo(
                tr("  {site}: {count} queries in {path}").format(site=site, count=count, path=path)
            )


def _take(folder: StudyFolder, files: Sequence[Path], reason: str, actor: str) -> int:
    from clinval.app.ingest import ingest
    from clinval.app.queries import only_answers
    from clinval.cli.study import print_ingested

    results = ingest(folder, only_answers(files), actor=actor, reason=reason)
    return print_ingested(results)


def _decide(
    folder: StudyFolder, closed: tuple[str, ...], again: tuple[str, ...], reason: str, actor: str
) -> None:
    from clinval.app.queries import close_queries, reopen_queries

    if closed:
        done = close_queries(folder, named(closed, "--close"), actor=actor, reason=reason)
        text = tr("Closed: {names}")
    else:
        done = reopen_queries(folder, named(again, "--reopen"), actor=actor, reason=reason)
        text = tr("Asked again: {names}")
    click.echo(text.format(names=", ".join(query.name for query in done)))


def _list(folder: StudyFolder, sites: Sequence[str], state: str | None) -> None:
    from clinval.app.queries import listed

    found = [part for part in listed(folder) if not sites or part.query.site in sites]
    wanted = ("open", "answered") if state is None else (state,)
    shown = [part for part in found if state == "all" or part.query.state in wanted]
    header = [
        tr("query"), tr("site"), tr("state"), tr("days"), tr("holds back"), tr("place"), tr("row"),
        tr("field"), tr("what is asked"),
    ]  # fmt: skip
    if shown:
        for line in table(header, [_row(part) for part in shown]):
            click.echo(line.rstrip())
    counts = [sum(part.query.state == name for part in found) for name in _STATES[:3]]
    text = tr("{open} open, {answered} answered, {closed} closed")
    click.echo(text.format(open=counts[0], answered=counts[1], closed=counts[2]))
    _print_ages(found)


def _state(state: str) -> str:
    words = {"open": tr("open"), "answered": tr("answered"), "closed": tr("closed")}
    return words[state]


def _row(part: Listed) -> list[str]:
    query = part.query
    place = query.problem.place
    field = query.problem.parameters.get("field_zh" if language() == "zh" else "field", query.field)
    said = f"{query.problem.code} {query.problem.says()}"
    if "message" in query.problem.parameters:  # of a check, whose name alone says little
        said += f": {query.problem.remedy()}"
    answer = query.answer
    if answer is not None:
        said += f" -> {answer.code}" + (f": {answer.text}" if answer.text else "")
    return [
        query.name,
        query.site,
        _state(query.state),
        "" if query.state == "closed" else str(part.days),
        tr("yes") if query.critical else "",
        "!".join(part for part in (place.sheet or query.form, place.cell) if part),
        query.key,
        " ".join(str(field).split()),
        said,
    ]


def _print_ages(found: Sequence[Listed]) -> None:
    from clinval.app.queries import ages_by_site
    from clinval.study.monitoring import age_names

    ages = ages_by_site(found)
    if not ages:
        return
    header = [tr("site"), *age_names()]
    click.echo(tr("Days without being closed:"))
    for line in table(header, [[site, *map(str, counts)] for site, counts in ages.items()]):
        click.echo(line)

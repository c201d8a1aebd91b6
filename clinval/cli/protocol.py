"""Commands about protocols: library, new, check."""

from __future__ import annotations

from pathlib import Path

import click

from clinval.core.i18n import pick, tr

__all__ = ["check", "library", "new", "protocol_path"]


@click.command(epilog="Example:  clinval library   |   clinval library dl-mri-fast   |   "
               "clinval library F05")  # fmt: skip
@click.argument("name", required=False)
def library(name: str | None) -> None:
    """List the protocol library, or describe an entry or a form."""
    from clinval.app.library import entries, entry
    from clinval.protocol.forms import form_files

    if name is not None and name.upper() in form_files():
        _describe_form(name.upper())
        return
    if name is not None:
        click.echo(entry(name).readme)
        return
    for found in entries():
        click.echo(f"{found.name:20} {pick(found.title)}")
    click.echo()
    click.echo(tr("A study from an entry:  clinval new my-study --from NAME"))
    click.echo(tr("The fields of a form:  clinval library F05   ({forms})").format(
        forms=", ".join(form_files())
    ))  # fmt: skip


def _describe_form(name: str) -> None:
    from clinval.protocol.form_library import library_form

    form = library_form(name)
    click.echo(f"{form.id} {form.name.in_(_language())}: {form.purpose.in_(_language())}")
    for field in form.fields:
        unit = f" [{field.unit}]" if field.unit else ""
        codes = ", ".join(field.codelist)
        details = f"{field.type}{unit}" + (f" ({codes})" if codes else "")
        click.echo(f"  {field.id:24} {field.label.in_(_language())}: {details}")
    for check_ in form.checks:
        click.echo(f"  {check_.id:24} {check_.message.in_(_language())}")


def _language() -> str:
    from clinval.core.i18n import language

    return language()


@click.command(epilog="Example:  clinval new my-study --from dl-mri-fast")
@click.argument("name", type=click.Path(path_type=Path))
@click.option("--from", "entry_name", required=True, help="Entry of the library.")
def new(name: Path, entry_name: str) -> None:
    """Make a study folder from the library."""
    from clinval.app.library import new_study

    folder = new_study(name, entry_name)
    click.echo(tr("Made {path}.").format(path=folder.protocol_path))
    path = str(folder.protocol_path)
    quoted = f'"{path}"' if " " in path else path
    click.echo(tr("Next: edit it, then  clinval check {path}").format(path=quoted))


@click.command(epilog="Example:  clinval check protocol.yaml")
@click.argument("path", type=click.Path(path_type=Path), default=Path("protocol.yaml"))
def check(path: Path) -> int:
    """Name every problem of a protocol, each with its place and what to do."""
    from clinval.cli.errors import print_problems
    from clinval.core.errors import ProtocolError
    from clinval.core.problems import Severity
    from clinval.endpoints import KINDS
    from clinval.protocol.reading import read_protocol

    path = protocol_path(path)
    reading = read_protocol(path, KINDS)
    problems = list(reading.problems)
    if reading.protocol is not None and (path.parent / "study.db").is_file():
        from clinval.app.amend import against_history
        from clinval.app.folder import StudyFolder

        folder = StudyFolder(path.parent)  # codes keep their meaning in a study that runs
        problems += against_history(folder, reading.protocol, path.name)
    print_problems(problems, err=False)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if errors:
        click.echo(tr("errors: {count}").format(count=errors))
        return ProtocolError.exit_code
    click.echo(tr("{path}: fine, {endpoints} endpoints, {sites} sites").format(
        path=path,
        endpoints=len(reading.protocol.endpoints) if reading.protocol else 0,
        sites=len(reading.protocol.sites) if reading.protocol else 0,
    ))  # fmt: skip
    return 0


def protocol_path(path: Path) -> Path:
    """Return the protocol that is meant by a file or by the folder of a study.

    Raises
    ------
    UsageError
        When the folder has none.
    """
    from clinval.core.errors import UsageError
    from clinval.core.problems import Place

    path = path / "protocol.yaml" if path.is_dir() else path
    if path.name == "protocol.yaml" and not path.exists():
        folder = path.absolute().parent
        raise UsageError.of("not-a-study", Place(file=folder.name or str(folder)))
    return path

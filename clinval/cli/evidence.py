"""Commands that prove a study to others: pack, verify, trace, lint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinval.core.i18n import LANGUAGES, language, tr

if TYPE_CHECKING:
    from clinval.report.proof.lint import Finding

__all__ = ["lint", "pack", "verify"]

_DATA = 4
_PASSWORD = "CLINVAL_SIGN_PASSWORD"  # noqa: S105 - the name of a variable
_FILE = click.Path(path_type=Path)


def _study_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--study", type=_FILE, default=Path(), help="Folder of the study (default: here)."
    )(function)


def _print_json(content: object) -> None:
    click.echo(json.dumps(content, indent=1, ensure_ascii=False))


def _print_findings(findings: Iterable[Finding]) -> int:
    code = 0
    for finding in findings:
        click.echo(finding.line(language()))
        code = _DATA if finding.level == "error" else code
    return code


@click.command(epilog="Example:  clinval pack   |   clinval pack --for fda --to fda.zip")
@_study_option
@click.option("--for", "audience", default="", help="Audience (default: those of the protocol).")
@click.option(
    "--lang",
    "languages",
    default=None,
    help="Languages, such as en,zh (default: those of the protocol).",
)
@click.option("--sign", "certificate", type=_FILE, help="Sign with this certificate (.p12).")
@click.option("--to", type=_FILE, help="Zip to write (default: evidence.zip in the study).")
@click.option(
    "--with-rows",
    is_flag=True,
    help="Add the rows behind the numbers: data of single subjects, left out otherwise.",
)
def pack(
    study: Path,
    audience: str,
    languages: str | None,
    certificate: Path | None,
    to: Path | None,
    with_rows: bool,
) -> int:
    """Write reports, results and protocol into one zip that can be proved.

    With --sign the password is asked for, or taken from CLINVAL_SIGN_PASSWORD.
    """
    from clinval.app.folder import StudyFolder
    from clinval.app.packing import pack as run
    from clinval.app.reporting import chosen
    from clinval.core.progress import shown

    codes = [code.strip() for code in (languages or "").split(",") if code.strip()]
    if languages is not None and not (codes and set(codes) <= set(LANGUAGES)):
        raise click.BadParameter(tr("write en, zh or en,zh"), param_hint="--lang")
    folder = StudyFolder(study)
    by = _signer(certificate) if certificate is not None else None
    with shown() as progress:
        packed = run(
            folder, chosen(folder.protocol(), audience, codes), to=to, with_rows=with_rows,
            by=by, progress=progress,
        )  # fmt: skip
    for path in packed.made:
        click.echo(tr("Made anew: {path}").format(path=path))
    _print_findings(packed.findings)
    click.echo(tr("Pack: {path} ({count} files)").format(path=packed.path, count=packed.files))
    if packed.verification.passed:
        click.echo(tr("Who gets it proves it with:  clinval verify {path}").format(
            path=packed.path
        ))  # fmt: skip
        return 0
    for line in packed.verification.lines(language()):
        click.echo(line)
    return _DATA


def _signer(certificate: Path) -> Any:
    import os

    from clinval.app.signing import signer

    password = os.environ.get(_PASSWORD)
    if password is None:
        password = click.prompt(
            tr("Password of {file}").format(file=certificate.name), hide_input=True, default="",
            show_default=False, err=True,
        )  # fmt: skip
    return signer(certificate, password)


@click.command(epilog="Example:  clinval verify evidence.zip   |   clinval verify fda.en.pdf")
@click.argument("pack_path", metavar="PACK", type=_FILE)
@click.option("--study", type=_FILE, help="Compare with the audit trail of this study too.")
@click.option("--trust", type=_FILE, help="Certificate (PEM) whose signatures are trusted.")
@click.option("--json", "as_json", is_flag=True, help="Print all checks as JSON.")
def verify(pack_path: Path, study: Path | None, trust: Path | None, as_json: bool) -> int:
    """Prove a pack, its folder or a single PDF: every number, hash and signature, offline."""
    from clinval.app.folder import StudyFolder
    from clinval.app.verifying import verify as run
    from clinval.core.progress import shown

    folder = None if study is None else StudyFolder(study)
    with shown() as progress:
        found = run(pack_path, study=folder, trust=trust, progress=progress)
    if as_json:
        _print_json(found.plain())
    else:
        for line in found.lines(language()):
            click.echo(line)
    return 0 if found.passed else _DATA


@click.command(epilog="Example:  clinval lint 001_Report.pdf --for fda")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--for", "destination", required=True, help="Who takes it: fda, eu or nmpa.")
@click.option("--json", "as_json", is_flag=True, help="Print all findings as JSON.")
def lint(files: tuple[Path, ...], destination: str, as_json: bool) -> int:
    """Hold PDFs against what those who take submissions ask of a file."""
    from clinval.report.proof.lint import destinations, lint as run

    known = destinations()
    if destination not in known:
        message = tr("write one of: {names}").format(names=", ".join(known))
        raise click.BadParameter(message, param_hint="--for")
    findings = [finding for path in files for finding in run(path, destination)]
    if as_json:
        _print_json([finding.plain() for finding in findings])
        return _DATA if any(finding.level == "error" for finding in findings) else 0
    code = _print_findings(findings)
    if not findings:
        click.echo(tr("Nothing to object to in {count} files.").format(count=len(files)))
    return code

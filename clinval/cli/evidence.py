"""Commands that prove a study to others: pack, verify, trace, lint."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinval.cli.options import audience_options, named, study_option
from clinval.cli.tables import table
from clinval.core.i18n import language, tr

if TYPE_CHECKING:
    from clinval.app.tracing import Trace
    from clinval.core.records import Record
    from clinval.report.proof.lint import Finding

__all__ = ["lint", "pack", "trace", "verify"]

_DATA = 4
_PASSWORD = "CLINVAL_SIGN_PASSWORD"  # noqa: S105 - the name of a variable
_FILE = click.Path(path_type=Path)


def _print_json(content: object) -> None:
    click.echo(json.dumps(content, indent=1, ensure_ascii=False))


def _print_findings(findings: Iterable[Finding]) -> int:
    code = 0
    for finding in findings:
        click.echo(finding.line(language()))
        code = _DATA if finding.level == "error" else code
    return code


@click.command(epilog="Example:  clinval pack   |   clinval pack --for fda --to fda.zip")
@study_option
@audience_options
@click.option("--sign", "certificate", type=_FILE, help="Sign with this certificate (.p12).")
@click.option("--to", type=_FILE, help="Zip to write (default: evidence.zip in the study).")
@click.option(
    "--with-rows",
    is_flag=True,
    help="Add the rows behind the numbers: data of single subjects, left out otherwise.",
)
def pack(
    study: Path,
    audiences: tuple[str, ...],
    languages: tuple[str, ...],
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

    names, codes = named(audiences, "--for"), named(languages, "--lang")
    folder = StudyFolder(study)
    by = _signer(certificate) if certificate is not None else None
    with shown() as progress:
        packed = run(
            folder, chosen(folder.protocol(), names, codes), to=to, with_rows=with_rows,
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


@click.command(
    epilog="Example:  clinval trace 91.2%   |   clinval trace P1.FAS.all.estimate --rows"
)
@click.argument("number", metavar="NUMBER-OR-ID")
@study_option
@click.option("--rows", "every_row", is_flag=True, help="Show all rows, not only the first.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def trace(number: str, study: Path, every_row: bool, as_json: bool) -> None:
    """Follow a printed number to its record, its rows, their cells and their history."""
    from clinval.app.folder import StudyFolder
    from clinval.app.tracing import trace as run

    found = run(StudyFolder(study), number, every_row=every_row)
    if as_json:
        _print_json(found.plain())
        return
    if len(found.records) > 1:
        click.echo(tr("{count} records print so or are called so; name one by its id:").format(
            count=len(found.records)
        ))  # fmt: skip
        for line in _record_table(found.records):
            click.echo(line)
        return
    for name, value in _about(found):
        click.echo(f"{name}: {value}")
    if found.behind is None:
        click.echo(tr("It is not computed from rows: the protocol says it, or other records do."))
        return
    _print_rows(found)


def _record_table(records: Iterable[Record]) -> list[str]:
    from clinval.report.numbers import printed

    header = ["id", tr("printed"), tr("value"), tr("unit"), "n", tr("set")]
    return table(header, [
        [
            record.id, printed(record.value, record.unit), str(record.value), record.unit,
            "" if record.n is None else str(record.n), record.analysis_set,
        ]
        for record in records
    ])  # fmt: skip


def _about(found: Trace) -> list[tuple[str, str]]:
    """Return what is known of the one record, name by name; nothing of what it does not have."""
    from clinval.report.numbers import printed
    from clinval.report.texts import Texts

    [record] = found.records
    told = [
        (tr("record"), record.id),
        (tr("printed"), printed(record.value, record.unit)),
        (tr("value"), "" if record.value is None else str(record.value)),
        (tr("unit"), record.unit),
        (tr("undefined because"), Texts(language()).reason(record.reason)),
        ("n", "" if record.n is None else str(record.n)),
        (tr("set"), record.analysis_set),
        (tr("group"), ", ".join(f"{key}={value}" for key, value in record.group.items())),
        (tr("level"), "" if record.level is None else f"{record.level:g}"),
    ]
    if record.method:
        words = Texts(language()).method(record.method)
        told += [
            (tr("method"), f"{words['name']}; {words['variant']} ({record.method})"),
            (tr("reference"), words["reference"]),
        ]
    software = ", ".join(f"{name} {version}" for name, version in sorted(found.software.items()))
    told += [
        (tr("computed with"), software),
        (tr("hash of inputs"), record.inputs),
        (tr("data"), tr("version {version}, SHA-256 {sha256}").format(**found.data)),
    ]
    return [(name, value) for name, value in told if value]


def _print_origins(found: Trace) -> None:
    """Print what values from headers of images rest on, down to the hashes of the files."""
    from clinval.app.tracing import FEW

    said = [(row, name, about) for row in found.rows for name, about in row.origins.items()]
    if said:
        click.echo("")
        click.echo(tr("From headers of images (hashes of SOPInstanceUIDs):"))
    for row, name, about in said:
        words = [about.get("source", ""), about.get("confidence", ""), *about.get("flags", ())]
        value = row.values[name]
        click.echo(f"  {row.site} {row.key} {name} = {'' if value is None else value}: "
                   + ", ".join(filter(None, words)))  # fmt: skip
        for part in about.get("parts", ()):
            files = part["instances"]
            more = tr(" ... and {count} more").format(count=len(files) - FEW)
            shown = "" if part["value"] is None else f"{part['value']:.12g}"
            click.echo(f"    {shown} {part['unit']} ({part.get('original', '')}): "
                       + " ".join(files[:FEW]) + (more if len(files) > FEW else ""))  # fmt: skip


def _print_rows(found: Trace) -> None:
    behind = found.behind
    if behind is None:
        return
    click.echo("")
    click.echo(tr("{count} rows of {form}:").format(count=len(behind.rows), form=behind.form))
    if behind.wider:
        click.echo(tr("  (of the whole set: not narrowed to {group})").format(
            group=", ".join(behind.wider)
        ))  # fmt: skip
    header = [
        tr("site"), tr("row"), *behind.fields, tr("file"), tr("sheet"), tr("cell"), tr("audit"),
    ]  # fmt: skip
    rows = [
        [
            row.site, row.key,
            *("" if value is None else str(value) for value in row.values.values()),
            row.file, row.sheet, ", ".join(row.cells.values()) or str(row.row),
            ", ".join(f"#{entry.seq}" for entry in row.audit),
        ]
        for row in found.rows
    ]  # fmt: skip
    for line in table(header, rows):
        click.echo("  " + line)
    left = len(behind.rows) - len(found.rows)
    if left:
        click.echo(tr("  ... and {count} more (--rows shows all)").format(count=left))
    _print_origins(found)
    entries = {entry.seq: entry for row in found.rows for entry in row.audit}
    click.echo("")
    click.echo(tr("Audit trail:"))
    for _, entry in sorted(entries.items()):
        click.echo("  #{seq} {at} {actor}: {action} {subject} {detail} {reason}".format(
            seq=entry.seq, at=entry.at_utc, actor=entry.actor, action=entry.action,
            subject=entry.subject, reason=entry.reason,
            detail=entry.detail if entry.action == "change" else "",
        ).rstrip())  # fmt: skip

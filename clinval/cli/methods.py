"""Commands about statistical methods: calc, qualify."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from clinval.core.i18n import tr

__all__ = ["calc", "qualify"]

_FAILED = 5


@click.command(
    epilog="Example:  clinval calc risk_difference.miettinen_nurminen "
    '\'{"x1": 56, "n1": 70, "x2": 48, "n2": 80}\''
)
@click.argument("method")
@click.argument("arguments", required=False)
def calc(method: str, arguments: str | None) -> None:
    """Compute a statistical method: arguments as JSON, as a file, or '-' for standard input.

    Without arguments, show how the method is called.
    """
    from clinval.app.methods import calculate, parse_arguments, signature

    if arguments is None:
        click.echo(signature(method))
        return
    if arguments == "-":
        content, source = sys.stdin.buffer.read(), "standard input"
    elif not arguments.strip() or arguments.lstrip()[0] in '{["':
        content, source = arguments.encode(errors="replace"), "arguments"
    else:
        content, source = Path(arguments).read_bytes(), Path(arguments).name
    text = content.decode("utf-8-sig", errors="replace")
    result = calculate(method, parse_arguments(text, source))
    click.echo(json.dumps(result, indent=1, ensure_ascii=False))


@click.command(epilog="Example:  clinval qualify --cases tests/reference/*.json")
@click.option(
    "--cases",
    "first",
    type=click.Path(path_type=Path),
    required=True,
    help="Case file; more may follow.",
)
@click.argument("more", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write all outcomes here.")
def qualify(first: Path, more: tuple[Path, ...], output: Path | None) -> int:
    """Run reference cases against the installed statistics; print what differs."""
    from clinval.core.files import write
    from clinval.core.progress import shown
    from clinval.qualify.cases import run_files

    with shown() as progress:
        outcomes = run_files([first, *more], progress)
    for outcome in outcomes:
        if outcome.passed:
            continue
        click.echo(f"{outcome.id}: {outcome.call}")
        for part in outcome.differences:
            click.echo(
                tr("  {attribute}: wanted {wanted}, got {got} (tolerance {tolerance})").format(
                    attribute=part.attribute,
                    wanted=part.wanted,
                    got=part.got,
                    tolerance=part.tolerance,
                )
            )
        if outcome.source:
            click.echo(tr("  source: {source}").format(source=outcome.source))
    if output is not None:
        import dataclasses

        content = [dataclasses.asdict(outcome) for outcome in outcomes]
        write(output, json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n")
    passed = sum(outcome.passed for outcome in outcomes)
    click.echo(
        tr("qualify: {passed} passed, {failed} failed").format(
            passed=passed, failed=len(outcomes) - passed
        )
    )
    return 0 if passed == len(outcomes) else _FAILED

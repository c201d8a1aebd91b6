"""The root command: finds commands by name, so that help and start-up stay light."""

from __future__ import annotations

import importlib
import io
import sys
from typing import Any

import click

from clinval import __version__
from clinval.cli.translated import Context, show_usage_error, translated
from clinval.core.i18n import LANGUAGES, set_language, tr

__all__ = ["main"]

# In the order in which a study uses them.
_COMMANDS = {
    "demo": "clinval.cli.study",
    "library": "clinval.cli.protocol",
    "new": "clinval.cli.protocol",
    "check": "clinval.cli.protocol",
    "checks": "clinval.cli.checks",
    "design": "clinval.cli.design",
    "amend": "clinval.cli.amend",
    "templates": "clinval.cli.study",
    "migrate": "clinval.cli.amend",
    "reading-list": "clinval.cli.study",
    "blind": "clinval.cli.blind",
    "phi": "clinval.cli.privacy",
    "dicom": "clinval.cli.dicom",
    "ingest": "clinval.cli.study",
    "queries": "clinval.cli.queries",
    "status": "clinval.cli.study",
    "people": "clinval.cli.people",
    "lock": "clinval.cli.lock",
    "unlock": "clinval.cli.lock",
    "audit": "clinval.cli.audit",
    "deviations": "clinval.cli.checks",
    "analyze": "clinval.cli.study",
    "report": "clinval.cli.study",
    "roi": "clinval.cli.value",
    "export": "clinval.cli.export",
    "pack": "clinval.cli.evidence",
    "verify": "clinval.cli.evidence",
    "trace": "clinval.cli.evidence",
    "lint": "clinval.cli.evidence",
    "overlap": "clinval.cli.masks",
    "reads": "clinval.cli.reads",
    "calc": "clinval.cli.methods",
    "qualify": "clinval.cli.methods",
    "corruption-report": "clinval.cli.corruption",
    "phantom": "clinval.cli.phantom",
}

_INTERRUPTED = 130


class _Commands(click.Group):
    """Imports a command's module when it is asked for."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return translated(command)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Group.format_help(translated(self), ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close = get_close_matches(args[0], _COMMANDS, n=1)
            hint = " " + tr("Did you mean: {name}?").format(name=close[0]) if close else ""
            message = tr("No such command {name!r}.").format(name=args[0])
            raise click.UsageError(message + hint, ctx) from error


def _choose_language(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    del ctx, parameter
    if value is not None:
        set_language(value)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  clinval demo   |   clinval new my-study --from dl-mri-fast",
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    callback=_choose_language,
    is_eager=True,
    expose_value=False,
    help="Language of messages (default: that of the environment).",
)
@click.version_option(__version__, prog_name="clinval")
def cli() -> None:
    """One protocol file drives a multicenter validation study of an imaging product.

    A study is a folder with a protocol.yaml. Exit codes: 0 fine, 2 usage, 3 protocol, 4 data,
    5 analysis.
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; the user's mistakes end in a message, never in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what it cannot show does not bring it down
            stream.reconfigure(errors="replace")
    try:
        result = cli.main(args=arguments, prog_name="clinval", standalone_mode=False)
    except click.ClickException as error:
        show_usage_error(error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        message = tr("Interrupted. Whatever was complete is stored; nothing is half done.")
        click.echo(message, err=True)
        sys.exit(_INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - what is not the user's mistake is raised again
        from clinval.cli.errors import report_and_exit_code

        sys.exit(report_and_exit_code(error))
    sys.exit(result if isinstance(result, int) else 0)

"""Help and usage messages in the reader's language; English is what stands in the source."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

import click

from clinval.core import i18n
from clinval.core.i18n import language, tr

__all__ = ["Context", "show_usage_error", "translated"]

C = TypeVar("C", bound=click.Command)


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or tr("Usage: "))

    def write_heading(self, heading: str) -> None:
        super().write_heading(i18n.tr(heading))


class Context(click.Context):
    """The context of a command, which writes the headings of its help."""

    formatter_class = _Formatter


def translated(command: C) -> C:
    """Return a command whose help is in the reader's language."""
    if language() == "en":
        return command
    command = copy.copy(command)
    command.context_class = Context
    command.help = _words(command.help)
    command.epilog = _example(command.epilog)
    command.params = [_parameter(parameter) for parameter in command.params]
    command._help_option = None  # noqa: SLF001 - click keeps the option it made in English
    own = command.get_help_option

    def help_option(ctx: click.Context) -> click.Option | None:
        option = own(ctx)
        return option and _parameter(option)

    command.get_help_option = help_option  # type: ignore[method-assign]
    return command


def _parameter(parameter: Any) -> Any:
    parameter = copy.copy(parameter)
    if getattr(parameter, "help", None):
        parameter.help = i18n.tr(parameter.help)
    return parameter


def _words(text: str | None) -> str | None:
    """Return the paragraphs of a help text in the reader's language."""
    if text is None:
        return None
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return "\n\n".join(i18n.tr(part) for part in paragraphs)


def _example(text: str | None) -> str | None:
    return text and text.replace("Example:", tr("Example:"))


def show_usage_error(error: click.ClickException) -> None:
    """Say what is wrong with a command, in the reader's language where click's words allow it."""
    if language() == "en":
        error.show()
        return
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), err=True)
        click.echo(tr("See {command} --help").format(command=context.command_path), err=True)
        click.echo(err=True)
    click.echo(_said(error), err=True)


def _said(error: click.ClickException) -> str:
    parameter = getattr(error, "param", None)
    name = parameter.get_error_hint(None) if parameter is not None else ""
    if isinstance(error, click.MissingParameter):
        return tr("{name} is missing.").format(name=name)
    if isinstance(error, click.NoSuchOption):
        close = tr("Did you mean: {name}?").format(name=", ".join(error.possibilities or ()))
        said = tr("There is no option {name}.").format(name=error.option_name)
        return said + (" " + close if error.possibilities else "")
    if isinstance(error, click.BadOptionUsage):
        return tr("{name} needs a value.").format(name=error.option_name)
    choices = getattr(getattr(parameter, "type", None), "choices", ())
    if isinstance(error, click.BadParameter) and choices:
        return tr("{name}: write one of {choices}.").format(name=name, choices=", ".join(choices))
    return error.format_message()

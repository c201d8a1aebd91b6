"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from clinval.core.i18n import tr

__all__ = ["actor_option", "audience_options", "named", "study_option"]


def study_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--study``, the folder of the study."""
    return click.option(
        "--study",
        type=click.Path(path_type=Path),
        default=Path(),
        help="Folder of the study (default: here).",
    )(function)


def actor_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--by``: in whose name."""
    return click.option(
        "--by", "actor", default="", help="Who does it (default: this computer's user)."
    )(function)


def audience_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--for`` and ``--lang``: whose reports, and in which languages."""
    for flag, name, text in (
        ("--lang", "languages", "Languages, such as en,zh (default: those of the protocol)."),
        (
            "--for",
            "audiences",
            "Audiences, such as fda,eu; may be repeated (default: those of the protocol).",
        ),
    ):
        function = click.option(flag, name, multiple=True, help=text)(function)
    return function


def named(options: tuple[str, ...], hint: str) -> list[str]:
    """Return the names in options that may hold several; one without any is a mistake."""
    names = [name.strip() for option in options for name in option.split(",") if name.strip()]
    if options and not names:
        raise click.BadParameter(tr("nothing is named"), param_hint=hint)
    return list(dict.fromkeys(names))

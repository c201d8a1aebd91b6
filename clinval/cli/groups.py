"""Groups of commands below a command, with their help in the reader's language."""

from __future__ import annotations

import click

from clinval.cli.translated import Context, translated

__all__ = ["Group"]


class Group(click.Group):
    """A group whose commands are in the reader's language."""

    context_class = Context

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        command = super().get_command(ctx, cmd_name)
        return None if command is None else translated(command)

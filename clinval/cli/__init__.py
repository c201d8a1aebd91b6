"""The command line. Commands are thin: they call a use case and print what it gives."""

from clinval.cli.main import main

__all__ = ["main"]

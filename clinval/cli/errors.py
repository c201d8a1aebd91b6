"""Print problems, and turn errors into exit codes."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

import click

from clinval.core.errors import ClinvalError
from clinval.core.i18n import tr
from clinval.core.problems import Place, Problem, Severity

__all__ = ["print_problems", "report_and_exit_code"]

_COLOURS = {Severity.ERROR: "red", Severity.QUERY: "yellow", Severity.NOTE: "cyan"}
_SYSTEM = 4  # data: a file could not be written or read
_FILE_ERRORS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO,
    errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.ENOENT, errno.EEXIST,
)  # fmt: skip


def print_problems(problems: Iterable[Problem], *, err: bool = True) -> None:
    """Print one line a problem: place, code, what is wrong, what to do."""
    for problem in problems:
        place = click.style(str(problem.place), bold=True)
        code = click.style(problem.code, fg=_COLOURS[problem.severity])
        click.echo(f"{place} {code} {problem.says()} - {problem.remedy()}", err=err)


def report_and_exit_code(error: Exception) -> int:
    """Print an error and return the exit code; what is a defect of clinval is raised again."""
    if isinstance(error, ClinvalError):
        print_problems(error.problems)
        count = len(error.problems)
        if count > 1:
            click.echo(tr("{count} problems").format(count=count), err=True)
        return error.exit_code
    if isinstance(error, OSError) and error.errno in _FILE_ERRORS:
        name = Path(str(error.filename)).name if error.filename else "-"
        problem = Problem(
            kind="file-unusable",
            place=Place(file=name),
            parameters={"detail": error.strerror or str(error)},
        )
        print_problems([problem])
        return _SYSTEM
    raise error

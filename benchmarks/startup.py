"""How soon ``clinval --help`` answers: against an empty interpreter and click's own import."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator

from ratio import Ratio

_TIMES = 15


def measure() -> Iterator[Ratio]:
    """Compare user and system CPU of processes."""
    empty, click, helped = [], [], []
    for _ in range(_TIMES):
        empty.append(_cpu("-c", "pass"))
        click.append(_cpu("-c", "import click"))
        helped.append(_cpu("-m", "clinval", "--help"))
    peer = 5 * min(empty) + (min(click) - min(empty))
    yield Ratio(
        task="clinval --help",
        peer="5 x python -c pass, and import click",
        taken=min(helped),
        peer_taken=peer,
        limit=1.0,
    )


def _cpu(*arguments: str) -> float:
    """Return the CPU seconds of a Python process; its modules are compiled once, as installed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, *arguments]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

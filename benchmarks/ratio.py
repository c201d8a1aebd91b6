"""A ratio: what a task of clinval takes against what its peer takes, measured in one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ratio", "against", "child"]

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """What was done, beside what, and how much more of ``unit`` it took."""

    task: str
    peer: str
    taken: float
    peer_taken: float
    limit: float
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Taken by the task over taken by its peer."""
        return self.taken / self.peer_taken

    @property
    def within(self) -> bool:
        """Whether the ratio keeps its limit."""
        return self.ratio <= self.limit


def against(
    task: Callable[[], object], peer: Callable[[], object], times: int = 5
) -> tuple[float, float]:
    """Return the least CPU seconds of a task and of its peer, run in turns.

    The least of several is what the work itself takes; what else the machine does only adds.
    """
    taken: list[list[float]] = [[], []]
    for _ in range(times):
        for seconds, work in zip(taken, (task, peer), strict=True):
            start = time.process_time()
            work()
            seconds.append(time.process_time() - start)
    return min(taken[0]), min(taken[1])


def child(module: str, function: str, *arguments: str) -> dict[str, float]:
    """Run a function of a benchmark in a process of its own; return the numbers it gives."""
    code = (
        "import importlib, json, sys\n"
        "given = sys.argv[3:]\n"
        "numbers = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])(*given)\n"
        "print(json.dumps(numbers))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, module, function, *arguments],
        env={**os.environ, "PYTHONPATH": str(_HERE)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    numbers: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return numbers

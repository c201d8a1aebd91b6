"""An analysis of 1,000,000 reads over 50 sites, against reading the same table from CSV."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import study
from ratio import Ratio, child

from clinval.app.folder import StudyFolder

_SITES, _SUBJECTS, _READERS = 50, 2_000, 5  # 2 arms: 1,000,000 reads
_TIMES = 3


def measure() -> Iterator[Ratio]:
    """Compare seconds and memory; each run is a process of its own, its imports not counted."""
    with tempfile.TemporaryDirectory() as made:
        folder = StudyFolder(Path(made))
        study.write_protocol(
            folder, sites=_SITES, subjects=_SUBJECTS, readers=_READERS, forms=["F07"]
        )
        study.fill(folder)
        table = folder.root / "reads.csv"
        for number, frame in enumerate(study.read_columns(folder)):
            frame.to_csv(table, mode="a", header=number == 0, index=False)
        ours, peers = [], []
        for _ in range(_TIMES):
            peers.append(child("analysis", "read_csv", str(table)))
            ours.append(child("analysis", "analyze", made))
    yield Ratio(
        task="analyze 1,000,000 reads of 50 sites",
        peer="pandas.read_csv of the reads",
        taken=min(run["seconds"] for run in ours),
        peer_taken=min(run["seconds"] for run in peers),
        limit=3.0,
    )
    yield Ratio(
        task="memory of that analysis",
        peer="the table in pandas",
        taken=min(run["megabytes"] for run in ours),
        peer_taken=min(run["table"] for run in peers),
        limit=4.0,
        unit="MB",
    )


def read_csv(path: str) -> dict[str, float]:
    """Read the table; ``table`` is what it holds in memory."""
    import pandas as pd

    start = time.process_time()
    frame = pd.read_csv(path)
    seconds = time.process_time() - start
    return {"seconds": seconds, "table": float(frame.memory_usage(deep=True).sum()) / 1e6}


def analyze(root: str) -> dict[str, float]:
    """Analyze the study: endpoint, centers, leave-one-out, and every file that is written."""
    import pandas as pd  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import scipy.stats  # noqa: F401

    from clinval.app import analysis

    before = _memory("VmRSS")
    start = time.process_time()
    results = analysis.analyze(StudyFolder(Path(root)))
    seconds = time.process_time() - start
    if results["P1.FAS.all.n"].value != _SITES * _SUBJECTS:
        raise RuntimeError("not every subject was analyzed")
    return {"seconds": seconds, "megabytes": _memory("VmHWM") - before}


def _memory(which: str) -> float:
    """Return megabytes of this process: held now (VmRSS), or at most so far (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(which))
    return int(line.split()[1]) * 1024 / 1e6

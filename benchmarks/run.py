"""Run the benchmarks, or those that are named, and print each task beside its peer.

python benchmarks/run.py
python benchmarks/run.py ingest analysis
python benchmarks/run.py inference
python benchmarks/run.py agreement
python benchmarks/run.py mrmc
python benchmarks/run.py value
python benchmarks/run.py dicom
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from ratio import Ratio

MODULES = (
    "startup",
    "ingest",
    "capture",
    "analysis",
    "comparisons",
    "bootstrap",
    "missing",
    "agreement",
    "mrmc",
    "value",
    "report",
    "dicom",
)
GROUPS = {
    "capture": ("capture", "capture_audit"),
    "inference": ("comparisons", "bootstrap", "missing"),
}
NAMES = tuple(dict.fromkeys((*MODULES, *GROUPS)))


def main() -> int:
    """Print one line a task; return 1 where a ratio is above its limit."""
    parser = argparse.ArgumentParser(description="clinval beside its peers, as ratios of one run")
    parser.add_argument("benchmarks", nargs="*", metavar="|".join(NAMES))
    chosen = parser.parse_args().benchmarks or MODULES
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    # a benchmark that is named twice, by itself and in a group, runs once
    modules = dict.fromkeys(module for name in chosen for module in GROUPS.get(name, (name,)))
    print(f"{'task':<42}{'taken':>12}  {'peer':<38}{'taken':>12}{'ratio':>8}{'limit':>8}")
    above = 0
    for module in modules:
        for ratio in importlib.import_module(module).measure():
            print(_line(ratio), flush=True)
            above += not ratio.within
    return 1 if above else 0


def _line(ratio: Ratio) -> str:
    taken, peer = (f"{value:.3f} {ratio.unit}" for value in (ratio.taken, ratio.peer_taken))
    mark = "" if ratio.within else "  above its limit"
    return (
        f"{ratio.task:<42}{taken:>12}  {ratio.peer:<38}{peer:>12}"
        f"{ratio.ratio:>8.3g}{ratio.limit:>8.3g}{mark}"
    )


if __name__ == "__main__":
    sys.exit(main())

"""The same study gives the same files: elsewhere, later, in another country."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "TZ": "Asia/Shanghai",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "4711",
    "SOURCE_DATE_EPOCH": "1700000000",
    "CLINVAL_LANG": "zh",
    "PYTHONPATH": str(ROOT),
}


WANTED = [("fda", "en"), ("hospital", "zh")]
AGAIN = f"""
import sys
from pathlib import Path
from clinval.app.demo import demonstrate
demonstrate(Path(sys.argv[1]), wanted={WANTED!r})
"""


def test_the_recipe_gives_the_same_bytes_on_another_machine(demonstration, tmp_path):
    """Another folder, clock, locale, time zone, hash seed and home: every file made agrees."""
    study = tmp_path / "another study"
    subprocess.run(
        [sys.executable, "-c", AGAIN, str(study)],
        env={**os.environ, **ELSEWHERE, "HOME": str(tmp_path)},
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    root = demonstration.folder.root
    made = [path.relative_to(root) for path in demonstration.templates]
    made += [Path("results/results.json")]
    made += [Path(f"reports/{audience}.{language}.pdf") for audience, language in WANTED]
    for name in made:
        assert (study / name).read_bytes() == (root / name).read_bytes(), name

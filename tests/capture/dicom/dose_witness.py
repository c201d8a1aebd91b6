"""Dose reports as dcmtk reads them: an independent witness, which shares no code with clinval.

Run as a program it prints the facts of `dose_known_answers.yaml`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

SHARED = Path(__file__).resolve().parents[4] / "shared" / "dicom"
DSRDUMP = shutil.which("dsrdump")

# Errors that makers make and dsrdump can pass over: without these options it gives up 13 of 42.
LENIENT = ("-q", "+Pc", "+Pl", "-Er", "-Ev", "-Ec", "-Ee", "-Dv")
LINE = re.compile(r"^( *)<([a-z ]*?) ?([A-Z]+):\(([^,]*),([^,]*),\"(.*?)\"\)=(.*)>$")
NUMBER = re.compile(r"\"([^\"]*)\" \(([^,]*),")
EVENTS = {"113819", "113706", "113502"}
VALUES = {
    "113830": "ctdivol",
    "113838": "dlp",
    "122130": "dose_area_product",
    "113738": "reference_point_dose",
    "111631": "average_glandular_dose",
    "113507": "administered_activity",
}
TOTALS = {
    "113813": "dlp",
    "113722": "dose_area_product",
    "C-204": "dose_area_product",
    "113725": "reference_point_dose",
    "C-210": "reference_point_dose",
    "113730": "fluoroscopy_time",
    "C-202": "fluoroscopy_time",
    "111637": "average_glandular_dose",
}
FACTORS = {
    "mGy": 1, "mGy.cm": 1, "mGycm": 1, "s": 1, "MBq": 1,
    "Gy": 1000, "Gy.m2": 10_000, "Gym2": 10_000, "Gy.cm^2": 1,
    "dGy.cm2": Decimal("0.1"),
}  # fmt: skip


def of_file(path: Path) -> dict[str, object] | None:
    """Return the facts of a report: events, totals and the values of its events added up."""
    run = subprocess.run([DSRDUMP, *LENIENT, path], capture_output=True, check=False, timeout=60)
    if run.returncode:
        return None
    events, totals = 0, defaultdict(Decimal)
    given = defaultdict(list)
    inside = None
    for line in run.stdout.decode("utf-8", "replace").splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        depth, kind, code, value = len(found[1]), found[3], found[4], found[7]
        if inside is not None and depth <= inside:
            inside = None
        if kind == "CONTAINER" and code in EVENTS:
            inside, events = depth, events + 1
        if kind != "NUM":
            continue
        number = NUMBER.match(value)
        if number is None:
            continue
        if inside is not None and code in VALUES:
            given[VALUES[code]].append(Decimal(number[1]) * FACTORS[number[2]])
        elif inside is None and code in TOTALS:
            totals[TOTALS[code]] += Decimal(number[1]) * FACTORS[number[2]]
    return {
        "events": events,
        "totals": {name: float(value) for name, value in sorted(totals.items())},
        "sums": {name: [len(each), float(sum(each))] for name, each in sorted(given.items())},
    }


if __name__ == "__main__":
    for path in sorted(SHARED.glob("*/*.dcm")):
        facts = of_file(path)
        if facts and (facts["events"] or facts["totals"]):
            sys.stdout.write(f"{path.relative_to(SHARED)}: {facts}\n")

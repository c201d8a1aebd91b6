"""Studies that are hard to print: long names, many sites, one site, nothing that happens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import kit
import pandas as pd

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.core.records import Results
from clinval.protocol.model import Protocol
from clinval.study.store import StudyStore

ENGLISH = "StAndrewsUniversityTeachingHospitalDepartmentOfDiagnosticAndInterventionalRadiology"
LONG = {"en": (ENGLISH * 3)[:200], "zh": ("国家放射与治疗临床医学研究中心附属第一医院" * 10)[:200]}
TIME = {
    "kind": "mean_comparison", "form": "F05", "measure": "scan_time_s", "method": "paired_t",
    "direction": "lower_is_better", "comparison": "non_inferiority", "centers": "pooled",
    "margin": {"value": 30.0, **kit.MARGIN},
}  # fmt: skip
SCORES = {
    "id": "P1", "kind": "reader_agreement", "form": "F07", "measure": "image_quality",
    "coefficient": "icc", "method": "shrout_fleiss",
}  # fmt: skip
PAIRS = {**SCORES, "coefficient": "kappa", "method": "cohen"}
LABEL = {
    "en": "Proportion of examinations that need not be repeated, read by the second panel",
    "zh": "无需重复检查的比例（第二阅片组判定，含全部亚组与敏感性分析）",
}


def sometimes(number: int, arm: str) -> bool:
    """Every seventh image of the reference is repeated, and every eleventh of the test."""
    return number % (11 if arm == "TEST" else 7) == 3


def never(_number: int, _arm: str) -> bool:
    """No image is repeated."""
    return False


def made(
    folder: Path,
    sizes: dict[str, int],
    *,
    repeated: Callable[[int, str], bool] = sometimes,
    name: dict[str, str] | None = None,
    readers: int = 2,
    endpoints: tuple[dict[str, object], ...] = (kit.QUALITY,),
    design: str = "paired",
) -> tuple[Protocol, Results]:
    """Write, fill and analyze a study of so many subjects by site; return protocol and results."""
    study = StudyFolder(folder)
    said = kit.content(
        design=design,
        sites={site: {"name": name or f"Hospital {site}"} for site in sizes},
        readers=[f"R{number:02d}" for number in range(1, readers + 1)],
        endpoints=endpoints,
    )
    study.protocol_path.write_text(kit.text(said), encoding="utf-8")
    protocol = study.protocol()
    with StudyStore(study.store_path, kit.STUDY, clock=lambda: kit.NOW) as store:
        kit.fill(store, protocol, _tables(sizes, repeated, readers))
    analyze(study)
    return protocol, Results.load(study.results_path)


def many_endpoints(count: int) -> tuple[dict[str, object], ...]:
    """Return endpoints of two kinds with long labels, the first of them primary."""
    return tuple(
        {
            **(TIME if number % 2 else kit.QUALITY),
            "id": f"E{number:02d}",
            "label": {code: f"{text} {number}" for code, text in LABEL.items()},
        }
        for number in range(1, count + 1)
    )


def _tables(
    sizes: dict[str, int], repeated: Callable[[int, str], bool], readers: int
) -> dict[str, pd.DataFrame]:
    people = kit.enrolled(sizes)
    keys = list(zip(people["site_id"], people["subject_id"], strict=True))
    scans, reads = [], []
    for number, (site, subject) in enumerate(keys):
        for arm in ("TEST", "REF"):
            key = {"site_id": site, "subject_id": subject, "arm": arm}
            time = 400.0 + 7 * number % 50 - (80 + number % 5 if arm == "TEST" else 0)
            scans.append(
                key
                | {
                    "repeated": "yes" if repeated(number, arm) else "no", "scan_time_s": time,
                    "room_time_min": time / 30, "completed": "yes",
                }
            )  # fmt: skip
            reads += [
                key
                | {"reader_id": f"R{reader:02d}", "image_quality": float(2 + (number + reader) % 3)}
                for reader in range(1, readers + 1)
            ]
    return {"F04": people, "F05": pd.DataFrame(scans), "F07": pd.DataFrame(reads)}

"""A made-up study with every kind of endpoint of accuracy, analyzed for its reports."""

from __future__ import annotations

from pathlib import Path

import accuracy_study as made
import kit

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.core.records import Results
from clinval.protocol.model import Protocol
from clinval.study.store import StudyStore

READERS = ("R1", "R2")
FIRST = 'reader_id == "R1"'
PAIR = {
    "centers": "pooled", "direction": "higher_is_better", "comparison": "non_inferiority",
    "margin": {"value": 0.15, **kit.MARGIN},
}  # fmt: skip
ENDPOINTS = (
    {"id": "P1", "kind": "diagnostic_accuracy", "quantity": "sensitivity", "where": FIRST,
     "label": {"en": "Sensitivity of the product", "zh": "产品的灵敏度"}, "arm": "TEST",
     "method": "clopper_pearson", "goal": made.GOAL, "indeterminate": "failure",
     "prevalences": [0.02, 0.2], "subgroups": ["sex"], **made.CALLED},
    {"id": "S1", "kind": "accuracy_comparison", "quantity": "specificity", "where": FIRST,
     "label": {"en": "Specificity against the old test", "zh": "与旧试验比较的特异度"},
     "method": "tango", **PAIR, **made.CALLED},
    {"id": "S2", "kind": "roc", "method": "delong",
     "label": {"en": "Probability given by the product", "zh": "产品给出的概率"},
     "goal": made.GOAL, "probability": True, "thresholds": [0.1, 0.3],
     "operating_points": [0.3, 0.5], "partial": {"low": 0.8}, "where": FIRST,
     "subgroups": ["sex"], **made.SCORED, "measure": "(confidence - 0.5) / 5", "combine": "only"},
    {"id": "S3", "kind": "roc_comparison", "method": "delong", "partial": {"low": 0.8},
     "label": {"en": "Confidence, both tests", "zh": "两项试验的信心评分"},
     "operating_points": [4], **PAIR, **made.SCORED},
    {"id": "S4", "kind": "diagnostic_accuracy", "quantity": "specificity", "combine": "each",
     "label": {"en": "Specificity of all reads", "zh": "全部阅片的特异度"}, "arm": "TEST",
     "method": "ratio_estimator", **made.CALLED},
)  # fmt: skip


def study(
    folder: Path, seed: int = 40, sizes: dict[str, int] | None = None
) -> tuple[Protocol, Results]:
    """Write, fill and analyze the study; return protocol and results."""
    folder.mkdir(exist_ok=True)
    opened = StudyFolder(folder)
    said = kit.content(
        design="crossed_readers",
        sites={site: {"name": f"Hospital {site}"} for site in made.SITES},
        readers=READERS,
        forms=["F04", "F05", "F06", "F07"],
        subgroups={"sex": {"label": {"en": "Sex", "zh": "性别"}, "field": "sex", "minimum": 5}},
        endpoints=ENDPOINTS,
        multiplicity={"procedure": "single_primary", "justification": "one primary endpoint"},
    )
    said["design"]["reference_standard"] = "a panel of experts"
    opened.protocol_path.write_text(kit.text(said), encoding="utf-8")
    protocol = opened.protocol()
    with StudyStore(opened.store_path, kit.STUDY, clock=lambda: kit.NOW) as store:
        kit.fill(store, protocol, made.population(seed, sizes or made.SIZES, readers=READERS))
    analyze(opened)
    return protocol, Results.load(opened.results_path)

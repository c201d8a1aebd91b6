"""Endpoint kinds: one file a kind, with its protocol keys, its checks and its analysis.

A kind is a module with ``Spec`` (what the protocol may say), ``lint`` (what may be wrong with it)
and ``analyze`` (data in, records out). It is imported when a protocol first names it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from clinval.protocol.endpoint import Endpoint, Kinds

if TYPE_CHECKING:
    from clinval.endpoints.kind import EndpointKind, Report
    from clinval.protocol.draft import Draft
    from clinval.protocol.model import SampleSize

__all__ = ["KINDS"]

_MODULES = {
    "accuracy_comparison": "clinval.endpoints.accuracy_comparison",
    "ai_versus_readers": "clinval.endpoints.ai_versus_readers",
    "budget_impact": "clinval.endpoints.budget_impact",
    "component_life": "clinval.endpoints.component_life",
    "cost_effectiveness": "clinval.endpoints.cost_effectiveness",
    "diagnostic_accuracy": "clinval.endpoints.diagnostic_accuracy",
    "failure_rate": "clinval.endpoints.failure_rate",
    "froc": "clinval.endpoints.froc",
    "interchangeability": "clinval.endpoints.interchangeability",
    "mean_comparison": "clinval.endpoints.mean_comparison",
    "method_comparison": "clinval.endpoints.method_comparison",
    "mrmc": "clinval.endpoints.mrmc",
    "ownership": "clinval.endpoints.ownership",
    "performance_goal": "clinval.endpoints.performance_goal",
    "phantom_comparison": "clinval.endpoints.phantom_comparison",
    "proportion_comparison": "clinval.endpoints.proportion_comparison",
    "rank_comparison": "clinval.endpoints.rank_comparison",
    "reader_agreement": "clinval.endpoints.reader_agreement",
    "return_on_investment": "clinval.endpoints.return_on_investment",
    "roc": "clinval.endpoints.roc",
    "roc_comparison": "clinval.endpoints.roc_comparison",
    "segmentation_overlap": "clinval.endpoints.segmentation_overlap",
    "throughput": "clinval.endpoints.throughput",
    "time_to_event": "clinval.endpoints.time_to_event",
    "time_trend": "clinval.endpoints.time_trend",
}


class _Registry(Kinds):
    def __getitem__(self, name: str) -> EndpointKind:
        return cast("EndpointKind", importlib.import_module(_MODULES[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)

    def lint_size(self, endpoint: Endpoint, size: SampleSize, draft: Draft, report: Report) -> None:
        from clinval.endpoints.planning import lint_size

        lint_size(endpoint, size, draft, report)


KINDS = _Registry()
"""Every endpoint kind by the name that a protocol uses."""

"""Results as an analysis results standard has them: ARS 1.0 of CDISC, one JSON document.

Every record becomes a result of an operation (its statistic, method and level) within an analysis
(an endpoint on an analysis set), for the groups that it is restricted to. The values are those of
results.json, written so that reading them gives the same number again.

References
----------
CDISC Analysis Results Standard 1.0, https://www.cdisc.org/ars/1-0
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinval.core.records import Record, Results
    from clinval.protocol.model import Protocol

__all__ = ["reporting_event"]

_REASON = {"controlledTerm": "SPECIFIED IN PROTOCOL"}
_PURPOSES: Mapping[str, Mapping[str, str]] = {
    "primary": {"controlledTerm": "PRIMARY OUTCOME MEASURE"},
    "secondary": {"controlledTerm": "SECONDARY OUTCOME MEASURE"},
    "exploratory": {"controlledTerm": "EXPLORATORY OUTCOME MEASURE"},
    "safety": {"sponsorTermId": "TERM.SAFETY"},
}
_SUMMARY = {"sponsorTermId": "TERM.SUMMARY"}
_TERMS = {
    "id": "TE.PURPOSE",
    "enumeration": "AnalysisPurposeEnum",
    "sponsorTerms": [
        {"id": "TERM.SAFETY", "submissionValue": "SAFETY OUTCOME MEASURE"},
        {
            "id": "TERM.SUMMARY",
            "submissionValue": "STUDY SUMMARY",
            "description": "Counts and decisions of the study that belong to no single endpoint",
        },
    ],
}


def reporting_event(results: Results, protocol: Protocol) -> dict[str, Any]:
    """Return the results as a reporting event.

    Parameters
    ----------
    results
        Of the analysis, whole.
    protocol
        The protocol that they were computed with.
    """
    parts: dict[tuple[str, str], list[Record]] = {}
    for record in results.records:
        parts.setdefault((record.endpoint, record.analysis_set), []).append(record)
    methods, groupings = _Methods(), _Groupings()
    analyses = [
        _analysis(endpoint, set_id, records, protocol, methods, groupings)
        for (endpoint, set_id), records in parts.items()
    ]
    study = protocol.study
    data, version = results.provenance["data"], results.provenance["protocol"]["version"]
    return {
        "id": f"RE.{study.id}",
        "name": study.title.en,
        "description": f"{study.id}, protocol {version}, data version {data['version']}",
        "mainListOfContents": {
            "name": "Analyses",
            "contentsList": {
                "listItems": [
                    {"name": a["name"], "level": 1, "order": number, "analysisId": a["id"]}
                    for number, a in enumerate(analyses, start=1)
                ]
            },
        },
        "referenceDocuments": [
            _document("PROTOCOL", f"Protocol {version}", "protocol.yaml",
                      results.provenance["protocol"]["sha256"]),
            _document("RESULTS", "Results of the analysis", "results.json", results.sha256),
            _document("DATA", f"Data version {data['version']}", "study.db", data["sha256"]),
        ],
        "terminologyExtensions": [_TERMS],
        "analysisSets": [
            {
                "id": f"AS.{name}",
                "name": name,
                "label": each.label.en,
                "description": each.definition.en,
                "level": 1,
                "order": number,
            }
            for number, (name, each) in enumerate(protocol.analysis_sets.items(), start=1)
        ],
        "analysisGroupings": groupings.content(),
        "methods": methods.content(),
        "analyses": analyses,
    }  # fmt: skip


def _document(name: str, label: str, location: str, sha256: str) -> dict[str, str]:
    return {
        "id": f"DOC.{name}",
        "name": label,
        "location": location,
        "description": f"SHA-256 {sha256}",
    }


def _analysis(
    endpoint_id: str,
    set_id: str,
    records: Iterable[Record],
    protocol: Protocol,
    methods: _Methods,
    groupings: _Groupings,
) -> dict[str, Any]:
    """Return the results of one endpoint on one analysis set."""
    endpoint = next((e for e in protocol.endpoints if e.id == endpoint_id), None)
    method = endpoint.kind if endpoint else endpoint_id
    found, used = [], {}
    for record in records:
        found.append(_result(record, methods.operation(method, record), groupings))
        used.update(dict.fromkeys(record.group))
    analysis: dict[str, Any] = {
        "id": f"AN.{endpoint_id}.{set_id}".rstrip("."),
        "name": " ".join(filter(None, (endpoint_id, set_id))),
        "version": 1,
        "reason": _REASON,
        "purpose": _PURPOSES[endpoint.role] if endpoint else _SUMMARY,
        "methodId": f"MT.{method}",
        "documentRefs": [{"referenceDocumentId": "DOC.RESULTS"}],
    }
    if endpoint:
        analysis["label"] = endpoint.label.en
    if set_id in protocol.analysis_sets:
        analysis["analysisSetId"] = f"AS.{set_id}"
    form, measure = getattr(endpoint, "form", None), getattr(endpoint, "measure", None)
    if isinstance(form, str):
        analysis["dataset"] = form
    if isinstance(measure, str):
        analysis["variable"] = measure
    if used:
        analysis["orderedGroupings"] = [
            {"order": number, "groupingId": f"GF.{name}", "resultsByGroup": True}
            for number, name in enumerate(used, start=1)
        ]
    return {**analysis, "results": found}


def _result(record: Record, operation: str, groupings: _Groupings) -> dict[str, Any]:
    result: dict[str, Any] = {"operationId": operation}
    if record.value is None:
        result["formattedValue"] = f"undefined: {record.reason}" if record.reason else "undefined"
    else:
        result["rawValue"] = _raw(record.value)
        unit = f" {record.unit}" if record.unit else ""
        result["formattedValue"] = f"{result['rawValue']}{unit}"
    if record.group:
        result["resultGroups"] = [
            {"groupingId": f"GF.{name}", "groupId": groupings.group(name, value)}
            for name, value in record.group.items()
        ]
    return result


def _raw(value: float | str | bool) -> str:
    return value if isinstance(value, str) else json.dumps(value, allow_nan=False)


@dataclass(slots=True)
class _Methods:
    """The operations of each kind of analysis, in the order in which they are met."""

    found: dict[str, dict[tuple[str, str, float | None], str]] = member(default_factory=dict)

    def operation(self, method: str, record: Record) -> str:
        known = self.found.setdefault(method, {})
        key = (record.statistic, record.method, record.level)
        return known.setdefault(key, f"OP.{method}.{len(known) + 1}")

    def content(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"MT.{method}",
                "name": method.replace("_", " "),
                "operations": [
                    {
                        "id": name,
                        "name": statistic,
                        "order": number,
                        "label": " ".join(
                            filter(None, (statistic, how, f"level {level}" if level else ""))
                        ),
                    }
                    for number, ((statistic, how, level), name) in enumerate(
                        operations.items(), start=1
                    )
                ],
            }
            for method, operations in self.found.items()
        ]


@dataclass(slots=True)
class _Groupings:
    """What results are restricted to: the values of each part of a group."""

    found: dict[str, dict[str, str]] = member(default_factory=dict)

    def group(self, name: str, value: str) -> str:
        known = self.found.setdefault(name, {})
        return known.setdefault(value, f"G.{name}.{len(known) + 1}")

    def content(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"GF.{name}",
                "name": name,
                "dataDriven": False,
                "groupingVariable": name,
                "groups": [
                    {"id": group, "name": value, "level": 1, "order": number}
                    for number, (value, group) in enumerate(values.items(), start=1)
                ],
            }
            for name, values in self.found.items()
        ]

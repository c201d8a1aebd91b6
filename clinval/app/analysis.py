"""The main job: analysis sets, every declared endpoint, decisions, and the results on disk."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from clinval import __version__
from clinval.app.blinding import refuse_closed
from clinval.app.final import begin_final, state_of_results, trail_of_results
from clinval.app.folder import StudyFolder
from clinval.app.ingest import user
from clinval.core.csv_tables import write_columns, write_rows
from clinval.core.errors import AnalysisError
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress
from clinval.core.records import Record, Results, Series
from clinval.endpoints import KINDS
from clinval.endpoints.claims import claims
from clinval.endpoints.decisions import decisions
from clinval.endpoints.declared import declared
from clinval.endpoints.interim import at_look, interim, withheld
from clinval.endpoints.kind import Context
from clinval.endpoints.recorder import Recorder
from clinval.endpoints.returned_inputs import returned_inputs
from clinval.endpoints.sets import sets_agreement
from clinval.endpoints.site_spread import data_shares, site_spread
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.finance_form import KEPT
from clinval.protocol.model import Protocol
from clinval.study.analysis_sets import Membership, memberships
from clinval.study.baseline import baseline
from clinval.study.data import StudyData
from clinval.study.disposition import disposition
from clinval.study.history import amendments
from clinval.study.store import StudyStore

__all__ = ["analyze"]

_PACKAGES = ("numpy", "pandas", "pyarrow", "scipy")


def analyze(folder: StudyFolder, progress: Progress = SILENT, *, actor: str = "") -> Results:
    """Analyze the data that the store holds and write ``results/``.

    The results of locked data are final; the first analysis of them is an entry of the audit
    trail, in the name of ``actor`` (this computer's user where nobody is named).

    Raises
    ------
    UsageError, ProtocolError, SubmissionError
        When there is no study, or its protocol or store cannot be used.
    AnalysisError
        When there are no data, or an endpoint cannot be computed as declared.
    """
    protocol = folder.protocol()
    with StudyStore(folder.store_path, protocol.study.id) as store:
        if store.version == 0:
            raise AnalysisError.of("no-data", Place(file=folder.store_path.name))
        refuse_closed(folder, store)
        begin_final(folder, protocol, store, actor=actor or user())
        inputs = returned_inputs(StudyData(protocol, store))
        protocol = inputs.protocol
        data = StudyData(protocol, store)
        sets = memberships(data)
        records, series = disposition(data, sets)
        records += baseline(data, sets)
        rows: dict[str, Mapping[str, Any]] = {}
        endpoints = [
            at_look(protocol, endpoint, partial(_n, endpoint, data, sets))
            for endpoint in protocol.endpoints
        ]
        tasks = [
            (endpoint, set_id)
            for endpoint in endpoints
            for set_id in (endpoint.set, *endpoint.also_sets)
        ]
        for endpoint, set_id in progress.steps(tasks, "analyze"):
            recorder = _run(endpoint, set_id, data, sets)
            records += recorder.records
            series += recorder.series
            rows |= recorder.rows
        records = withheld(protocol, records)
        records += sets_agreement(protocol, records)
        records += interim(protocol, records)
        records += decisions(protocol, records)
        records += claims(protocol, records)
        records += [*declared(protocol), *inputs.records]
        records += data_shares(records)
        spread, limits = site_spread(protocol, records)
        records += spread
        series += limits
        provenance = _provenance(folder, protocol, store)
        amended = amendments(store)
        if amended:
            provenance["amendments"] = amended
        results = Results(
            provenance=provenance | ({KEPT: inputs.kept} if inputs.kept else {}),
            records=tuple(records),
            series=tuple(series),
        )
        _write(folder.results, results, rows, data, sets)
    return results


def _run(endpoint: Endpoint, set_id: str, data: StudyData, sets: dict[str, Membership]) -> Recorder:
    """Compute an endpoint on one analysis set."""
    recorder = Recorder(endpoint=endpoint.id, analysis_set=set_id)
    context = Context(data=data, sets=sets, set_id=set_id, recorder=recorder)
    KINDS[endpoint.kind].analyze(endpoint, context)
    return recorder


def _n(endpoint: Endpoint, data: StudyData, sets: dict[str, Membership]) -> int:
    """Return the evaluable subjects of an endpoint on its own set."""
    recorder = _run(endpoint, endpoint.set, data, sets)
    wanted = recorder.id_of("n")
    return next(int(str(record.value)) for record in recorder.records if record.id == wanted)


def _provenance(folder: StudyFolder, protocol: Protocol, store: StudyStore) -> dict[str, Any]:
    """Say what the results were made from and with; nothing in it depends on the clock."""
    entries, head = trail_of_results(store)
    broken = store.audit_broken_at()
    if broken is not None:
        raise AnalysisError.of("audit-broken", Place(file=folder.store_path.name), entry=broken)
    return {
        "study": protocol.study.id,
        "protocol": {
            "version": protocol.study.version,
            "date": protocol.study.date.isoformat(),
            "sha256": folder.protocol_sha256(),
        },
        "data": {
            "version": store.version,
            "sha256": store.manifest_sha256,
            "state": state_of_results(store),
            "files": [
                {"site": source.site, "file": source.file_name, "sha256": source.sha256}
                for source in store.sources()
            ],
        },
        "audit": {"entries": entries, "head": head},
        "synthetic": protocol.study.synthetic,
        "seed": protocol.seed,
        "software": {
            "clinval": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
        },
    }


def _write(
    folder: Path,
    results: Results,
    rows: Mapping[str, Mapping[str, Any]],
    data: StudyData,
    sets: Mapping[str, Membership],
) -> None:
    """Write the results, a table of records for each endpoint, and the rows behind them."""
    results.save(folder / "results.json")
    for part in ("tables", "rows"):
        shutil.rmtree(folder / part, ignore_errors=True)
    header = (
        "id", "analysis_set", "group", "statistic", "value", "unit", "n", "method", "level",
        "undefined", "reason", "inputs",
    )  # fmt: skip
    endpoints = dict.fromkeys(record.endpoint for record in results.records)
    for endpoint in endpoints:
        write_rows(
            folder / "tables" / f"{endpoint}.csv",
            header,
            (_cells(record) for record in results.where(endpoint=endpoint)),
        )
    for series in results.series:
        write_columns(folder / "rows" / f"{series.id}.csv", _typed(series))
    for name, columns in rows.items():
        write_columns(folder / "rows" / f"{name}.csv", columns)
    site = data.site_of_subject
    import pandas as pd

    write_columns(
        folder / "rows" / "analysis_sets.csv",
        {
            "site": pd.Categorical.from_codes(site, categories=pd.Index(data.site_names)),
            "subject": data.subject_ids,
            **{name: membership.member for name, membership in sets.items()},
        },
    )


def _cells(record: Record) -> tuple[object, ...]:
    group = ";".join(f"{name}={value}" for name, value in record.group.items())
    return (
        record.id, record.analysis_set, group, record.statistic, record.value, record.unit,
        record.n, record.method, record.level, record.undefined, record.reason, record.inputs,
    )  # fmt: skip


def _typed(series: Series) -> dict[str, Any]:
    import numpy as np
    import pandas as pd

    return {
        name: pd.Categorical(values)
        if any(isinstance(value, str) for value in values)
        else np.asarray(values, dtype=float)
        for name, values in series.columns.items()
    }

"""Small studies of several sites, analysed whole, for the tests of site reports."""

from __future__ import annotations

import kit
import pandas as pd

from clinval.core.records import Results
from clinval.endpoints import KINDS
from clinval.endpoints.kind import Context
from clinval.endpoints.recorder import Recorder
from clinval.endpoints.site_spread import data_shares, site_spread
from clinval.study.analysis_sets import memberships
from clinval.study.disposition import disposition

SHA = "0" * 64
RATE = {
    "id": "R1", "kind": "performance_goal", "form": "F05", "measure": 'repeated == "yes"',
    "arm": "TEST", "method": "clopper_pearson", "direction": "lower_is_better",
}  # fmt: skip
TIME = {
    "id": "M1", "kind": "mean_comparison", "form": "F05", "measure": "scan_time_s",
    "direction": "lower_is_better", "comparison": "superiority", "method": "paired_t",
    "centers": "pooled",
}  # fmt: skip


def site_id(number):
    return f"S{number:02d}"


def site_name(number):
    return f"Klinik-{chr(0x61 + number % 26)}{number}"


def study(sizes, *, failures=(), refused=(), only_reference=()):
    """Return a protocol and the results of sites of these sizes.

    ``failures`` are subjects a site in whom the test arm had to be repeated, ``refused`` its screen
    failures, ``only_reference`` those in whom only the reference arm was right.
    """
    sites = {
        site_id(number): {"name": {"en": site_name(number), "zh": f"医院{number}号"}}
        for number in range(1, len(sizes) + 1)
    }
    protocol = kit.protocol(sites=sites, endpoints=[kit.QUALITY, TIME, RATE])
    people, scans = [], []
    for number, size in enumerate(sizes, start=1):
        site, worse = site_id(number), _at(failures, number) + _at(only_reference, number)
        for index in range(size + _at(refused, number)):
            subject = f"{site}-{index + 1:03d}"
            taken = index < size
            people.append({"site_id": site, "subject_id": subject,
                           "enrolled": "yes" if taken else "no"})  # fmt: skip
            for arm, bad in (("TEST", index < worse), ("REF", index < _at(failures, number))):
                if taken:
                    seconds = 300.0 + 3 * number + 7 * index % 11 + (200 if arm == "REF" else 0)
                    scans.append({
                        "site_id": site, "subject_id": subject, "arm": arm, "completed": "yes",
                        "repeated": "yes" if bad else "no", "scan_time_s": seconds,
                    })  # fmt: skip
    tables = {
        "F04": pd.DataFrame(people, columns=["site_id", "subject_id", "enrolled"]),
        "F05": pd.DataFrame(
            scans,
            columns=["site_id", "subject_id", "arm", "completed", "repeated", "scan_time_s"],
        ),
    }
    return protocol, results(protocol, tables)


def _at(values, number):
    return values[number - 1] if number <= len(values) else 0


def results(protocol, tables, sha256=SHA):
    """Return what the analysis of a study gives, as far as site reports look at it."""
    with kit.data(protocol, tables) as data:
        sets = memberships(data)
        records, series = disposition(data, sets)
        for endpoint in protocol.endpoints:
            recorder = Recorder(endpoint=endpoint.id, analysis_set=endpoint.set)
            context = Context(data=data, sets=sets, set_id=endpoint.set, recorder=recorder)
            KINDS[endpoint.kind].analyze(endpoint, context)
            records += recorder.records
            series += recorder.series
        records += data_shares(records)
        spread, limits = site_spread(protocol, records)
    files = [{"site": s.id, "file": f"{s.id}.xlsx", "sha256": SHA} for s in protocol.sites]
    provenance = {
        "synthetic": False, "study": protocol.study.id, "seed": 1, "software": {"clinval": "0"},
        "protocol": {"version": "1", "date": "2026-01-01", "sha256": SHA},
        "data": {"version": 1, "state": "locked", "sha256": sha256, "files": files},
        "audit": {"entries": 1, "head": SHA},
    }  # fmt: skip
    return Results(
        provenance=provenance, records=tuple(records + spread), series=tuple(series + limits)
    )

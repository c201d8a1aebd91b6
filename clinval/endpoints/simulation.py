"""Simulated reader studies: how often the declared design shows what it is to show.

Studies have the readers, the cases of each site, the blocks and the analysis of the protocol.
An endpoint is the group ``endpoint=P1``, with ``simulated.status`` (``assumed``, ``orientation``
where the protocol expects nothing, ``not_simulated``) and what its studies have in common. A true
difference is ``difference=0.05`` in it (with ``structure=HL`` where it is for orientation):
``rate`` with its ``rate_error``, ``role``, ``wanted``, and what estimates and intervals are like.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clinval.core.progress import SILENT, Progress
from clinval.endpoints.design import plan_in
from clinval.endpoints.reader_reads import CALLED
from clinval.endpoints.recorder import Recorder
from clinval.endpoints.scenarios import Scenario, scenarios
from clinval.stats._checks import NotEstimableError

if TYPE_CHECKING:
    import numpy as np

    from clinval.core.records import Record
    from clinval.endpoints.mrmc import Spec
    from clinval.protocol.model import Protocol
    from clinval.stats.reader_study._simulated_studies import Tally

__all__ = ["simulate", "to_simulate"]

_METHOD = "reader_simulation.rejection_rate"


def to_simulate(protocol: Protocol) -> list[Spec]:
    """Return the reader studies of a protocol in which something has to be shown."""
    from clinval.endpoints.mrmc import Spec

    return [
        endpoint
        for endpoint in protocol.endpoints
        if isinstance(endpoint, Spec) and endpoint.comparison != "estimation"
    ]


def simulate(
    protocol: Protocol,
    studies: int,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> list[Record]:
    """Return the records of simulated studies, whose ids begin with ``design``.

    Parameters
    ----------
    protocol
        The protocol, or a draft of one.
    studies
        Simulated studies of each true difference.
    workers
        Processes; ``None`` for all cores. The numbers do not depend on it.
    progress
        Told of each batch of studies.
    """
    recorder = Recorder(endpoint="design", analysis_set="")
    found = [
        one
        for endpoint in to_simulate(protocol)
        for one in _scenarios(endpoint, protocol, studies, recorder)
    ]
    tasks = [(at, *batch) for at, one in enumerate(found) for batch in _batches(one, studies)]
    work = [(found[at], number, seed) for at, number, seed in tasks]
    totals: dict[int, Tally] = {}
    counted = progress.steps(_in_parallel(work, workers), "simulate", len(work))
    for (at, *_), tally in zip(tasks, counted, strict=True):
        totals[at] = totals[at] + tally if at in totals else tally
    for at, scenario in enumerate(found):
        _record(scenario, totals[at], recorder)
    return recorder.records


def _scenarios(
    endpoint: Spec, protocol: Protocol, studies: int, recorder: Recorder
) -> list[Scenario]:
    """Return the scenarios of an endpoint, and record what its studies have in common."""
    size = next((one for one in protocol.sample_size if one.endpoint == endpoint.id), None)
    given = size.planning.written if size is not None and size.planning is not None else {}
    plan = plan_in(protocol, endpoint, size, [site.planned_subjects for site in protocol.sites])
    group = {"endpoint": endpoint.id}
    try:
        found = scenarios(endpoint, plan, given, protocol)
    except NotEstimableError as error:
        recorder.add("simulated.status", "not_simulated", group=group)
        recorder.add(
            "simulated.rate", None, group=group, unit="proportion", reason=error.reason
        )  # fmt: skip
        return []
    first, design = found[0], found[0].trial.design
    common: dict[str, Any] = {
        "status": "assumed" if given else "orientation",
        "studies": studies,
        "seed": protocol.seed,
        "design": design.name,
        "readers": design.readers,
        "cases": design.cases,
        "diseased": design.diseased,
        "reads": design.reads,
        "accuracy": first.accuracy,
        "method": endpoint.method,
    }
    if first.var_error is not None:
        common["var_error"] = first.var_error
    units = {"accuracy": "proportion" if endpoint.metric in CALLED else ""}
    for name, value in common.items():
        recorder.add(f"simulated.{name}", value, group=group, unit=units.get(name, ""))
    return found


def _batches(scenario: Scenario, studies: int) -> list[tuple[int, np.random.SeedSequence]]:
    from clinval.stats.reader_study._simulated_studies import batches

    return batches(scenario.trial, studies, scenario.seed)


def _in_parallel(
    work: Sequence[tuple[Scenario, int, np.random.SeedSequence]], workers: int | None
) -> Iterator[Tally]:
    """Yield what each batch came to, in the order of the batches."""
    if workers == 1 or len(work) < 2:
        yield from (_counted(*batch) for batch in work)
        return
    import joblib

    parallel = joblib.Parallel(n_jobs=-1 if workers is None else workers, return_as="generator")
    yield from parallel(joblib.delayed(_counted)(*batch) for batch in work)


def _counted(scenario: Scenario, studies: int, seed: np.random.SeedSequence) -> Tally:
    """Simulate a batch; what a worker does."""
    from clinval.stats.reader_study._simulated_studies import tally

    return tally(scenario.trial, studies, seed, [scenario.bounds])[0]


def _record(scenario: Scenario, total: Tally, recorder: Recorder) -> None:
    """Record a true difference: how often studies show what is to be shown, and what they give."""
    called = scenario.trial.ask.metric in CALLED
    unit = "proportion_difference" if called else ""
    n = total.defined
    mean = total.estimate / n if n else None
    spread = (total.square - n * mean**2) / (n - 1) if mean is not None and n > 1 else None
    numbers: Mapping[str, tuple[Any, str]] = {
        "true_difference": (scenario.difference, unit),
        "role": (scenario.role, ""),
        "wanted": (scenario.wanted, "proportion"),
        "rate": (total.rate, "proportion"),
        "rate_error": (total.error, "proportion"),
        "mean_estimate": (mean, unit),
        "sd_estimate": (None if spread is None else math.sqrt(max(spread, 0.0)), unit),
        "mean_se": (math.sqrt(total.variance / n) if n else None, unit),
        "coverage": (total.covered / n if n else None, "proportion"),
        "without_result": (total.undefined, "studies"),
    }
    for name, (value, its_unit) in numbers.items():
        if name == "wanted" and value is None:
            continue
        reason = "no study has a result" if value is None else ""
        recorder.add(
            name, value, group=scenario.group, unit=its_unit, n=total.studies,
            method=_METHOD if name == "rate" else "", reason=reason,
        )  # fmt: skip

"""The true differences under which the reader studies of a protocol are simulated.

At a bound of the hypothesis the share of studies that show more is the type I error; at the
expected difference it is the power. Where the protocol expects nothing, scenarios of all
structures of Roe and Metz are for orientation; nothing of the kind is assumed anywhere else.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from clinval.endpoints.reader_planning import PARTS
from clinval.endpoints.simulated_cases import PlannedReads, planned_reads
from clinval.stats._checks import NotEstimableError

if TYPE_CHECKING:
    import numpy as np

    from clinval.endpoints.mrmc import Spec
    from clinval.endpoints.planning import Plan
    from clinval.protocol.model import Protocol
    from clinval.stats.reader_study._roe_metz import Latent
    from clinval.stats.reader_study._trials import Trial

__all__ = ["Role", "Scenario", "scenarios"]

Role = Literal["bound", "expected", "other"]

_STRUCTURES = ("HH", "HL", "LH", "LL")
_ACCURACY, _SHARE = 0.85, 0.5  # for orientation
_GAINS = (0.025, 0.05, 0.075)  # over the bound of a superiority, for orientation
_MODEL = ("obuchowski_rockette", "dorfman_berbaum_metz")  # one test, under two names
_NEEDED = ("difference", "accuracy", "diseased_share")
_MOST = 64  # scenarios of an endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A true difference under which studies are simulated.

    Attributes
    ----------
    group
        Of its records: the endpoint, the structure where it is for orientation, the difference.
    role
        Whether it lies at a bound, is what is expected, or is another one.
    wanted
        The rate that is wanted: the level at a bound, the power at what is expected.
    difference, accuracy
        True difference, and the metric of the reference arm.
    trial, bounds, seed
        The studies, what their interval has to lie between, and what their numbers come from.
    var_error
        Variance of the errors in studies of the pilot's size, where there was a pilot: it follows
        from the accuracy, and need not be the pilot's.
    """

    group: Mapping[str, str]
    role: Role
    wanted: float | None
    difference: float
    accuracy: float
    trial: Trial
    bounds: tuple[float | None, float | None]
    seed: np.random.SeedSequence
    var_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assumed:
    """What scores are like, and what is expected of them."""

    accuracy: float
    latent: Latent
    differences: tuple[tuple[Role, float], ...]
    categories: int | None = None
    structure: str = ""
    var_error: float | None = None


def _refuse(endpoint: Spec, plan: Plan, given: Mapping[str, Any]) -> None:
    """Raise where a reader study is not simulated."""
    if plan.family is None:
        raise NotEstimableError("this design is not simulated")
    if not plan.bounded:
        raise NotEstimableError("the margin has no value yet")
    if endpoint.metric == "partial_auc":
        raise NotEstimableError("a partial area is not simulated")
    if endpoint.target is not None:
        raise NotEstimableError("several targets of a subject are not simulated")
    if given and (plan.missing or not all(key in given for key in _NEEDED)):
        raise NotEstimableError("no difference, accuracy or diseased_share is declared")


def scenarios(
    endpoint: Spec, plan: Plan, given: Mapping[str, Any], protocol: Protocol
) -> list[Scenario]:
    """Return the scenarios of a reader study.

    Raises
    ------
    NotEstimableError
        When it is not simulated, with the reason.
    """
    import numpy as np

    _refuse(endpoint, plan, given)
    entropy = [protocol.seed, zlib.crc32(endpoint.id.encode())]
    seeds = iter(np.random.SeedSequence(entropy).spawn(_MOST))
    with_result = plan.enrolment.with_result(plan.planned)
    reads = planned_reads(protocol, endpoint, with_result, given.get("diseased_share", _SHARE))
    assumptions = [_declared(endpoint, plan, given)] if given else _orientation(plan)
    found = [
        _scenario(endpoint, plan, reads, assumed, role, difference, next(seeds))
        for assumed in assumptions
        for role, difference in assumed.differences
        if 0 < assumed.accuracy + difference < 1
    ]
    if not found:
        raise NotEstimableError("the metric of the test arm would not lie between 0 and 1")
    return found


def _scenario(
    endpoint: Spec,
    plan: Plan,
    reads: PlannedReads,
    assumed: _Assumed,
    role: Role,
    difference: float,
    seed: np.random.SeedSequence,
) -> Scenario:
    from clinval.stats.reader_study._trials import READER_MODEL, planned

    try:
        trial = planned(
            assumed.latent,
            (assumed.accuracy, assumed.accuracy + difference),
            reads.diseased,
            reads.nondiseased,
            metric=endpoint.metric,
            covariance=_covariance(endpoint),
            method=READER_MODEL if endpoint.method in _MODEL else endpoint.method,
            categories=assumed.categories,
            usual=(assumed.accuracy, assumed.accuracy),
            random=endpoint.random,
            negative_variance=endpoint.negative_variance,
            level=endpoint.level,
        )
    except ValueError as error:
        raise NotEstimableError("so few categories do not reach such an area") from error
    claim = plan.claim
    group = {"endpoint": endpoint.id}
    if assumed.structure:
        group["structure"] = assumed.structure
    return Scenario(
        group={**group, "difference": f"{difference:g}"},
        role=role,
        wanted={"bound": plan.alpha, "expected": plan.power}.get(role),
        difference=difference,
        accuracy=assumed.accuracy,
        trial=trial,
        bounds=(None, None) if claim is None else (claim.above, claim.below),
        seed=seed,
        var_error=assumed.var_error,
    )


def _covariance(endpoint: Spec) -> str | None:
    """Return the covariance of the reader model; pseudovalues have that of the jackknife."""
    return "jackknife" if endpoint.method == "dorfman_berbaum_metz" else endpoint.covariance


def _bounds(plan: Plan) -> list[float]:
    return [bound for _, bound in plan.claim.sides] if plan.claim is not None else []


def _declared(endpoint: Spec, plan: Plan, given: Mapping[str, Any]) -> _Assumed:
    """Return what the protocol expects: the bounds, the expected difference, and one between."""
    from clinval.stats.reader_study._latent_components import Cases, Parts, latent_of, parts_of
    from clinval.stats.reader_study._roe_metz import of_structure

    effect, accuracy = given["difference"], given["accuracy"]
    middle, var_error = accuracy + effect / 2, None
    if "n_cases_pilot" in given:
        diseased = round(given["n_cases_pilot"] * given["diseased_share"])
        cases = Cases(
            metric=endpoint.metric,
            diseased=max(diseased, 1),
            nondiseased=max(round(given["n_cases_pilot"]) - diseased, 1),
        )
        parts = Parts(**{name: given.get(name, 0.0) for name in PARTS})
        try:
            latent = latent_of(parts, middle, cases)
        except ValueError as error:
            raise NotEstimableError("no scores have these variance components") from error
        var_error = parts_of(latent, (accuracy, accuracy + effect), cases).var_error
    else:
        latent = of_structure(given["structure"], middle)
    bounds = _bounds(plan)
    nearest = min(bounds, key=lambda bound: abs(bound - effect))
    found: dict[float, Role] = dict.fromkeys(bounds, "bound")
    found.setdefault(_round((nearest + effect) / 2), "other")
    found[effect] = "expected"
    return _Assumed(
        accuracy=accuracy,
        latent=latent,
        differences=tuple((role, value) for value, role in sorted(found.items())),
        categories=given.get("categories"),
        var_error=var_error,
    )


def _orientation(plan: Plan) -> Iterator[_Assumed]:
    """Yield every structure with round numbers, where the protocol expects nothing."""
    from clinval.stats.reader_study._roe_metz import of_structure

    bounds = _bounds(plan)
    found: dict[float, Role] = dict.fromkeys(bounds, "bound")
    superior = plan.claim is not None and plan.claim.comparison == "superiority"
    for more in [bounds[0] + gain for gain in _GAINS] if superior else [0.0]:
        found.setdefault(_round(more), "other")
    differences = tuple((role, value) for value, role in sorted(found.items()))
    for structure in _STRUCTURES:
        yield _Assumed(
            accuracy=_ACCURACY,
            latent=of_structure(structure, _ACCURACY),
            differences=differences,
            structure=structure,
        )


def _round(value: float) -> float:
    return round(value, 6) + 0.0

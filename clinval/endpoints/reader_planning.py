"""What a reader study rests on when it is planned: its readers, their blocks, what varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.endpoints.sizing import ALONE, OF_READERS, READERS, Expected, Family

if TYPE_CHECKING:
    from clinval.protocol.endpoint import Endpoint
    from clinval.protocol.reading_plan import ReadingBlock

__all__ = ["PARTS", "PlannedReaders", "expected_of", "family_of_readers", "planned_readers"]

PARTS = ("var_reader", "var_reader_modality", "var_error", "cov1", "cov2", "cov3")
_MANY = 10_000  # cases of the study from which the components of a structure are taken


@dataclass(frozen=True, slots=True)
class PlannedReaders:
    """How many readers read in each arm, and in how many groups with cases of their own."""

    number: int
    blocks: int


def planned_readers(
    endpoint: Endpoint, declared: Sequence[str], blocks: Sequence[ReadingBlock]
) -> PlannedReaders:
    """Return the readers of an endpoint: those it names, all where it names none."""
    named = tuple(getattr(endpoint, "readers", ())) or tuple(declared)
    groups = {frozenset(block.readers) & frozenset(named) for block in blocks} - {frozenset()}
    return PlannedReaders(len(named), max(len(groups), 1))


def family_of_readers(
    family: Family | None, endpoint: Endpoint, readers: PlannedReaders | None
) -> Family | None:
    """Return the family of a reader study if its formula covers the design, else ``None``."""
    if family not in OF_READERS or readers is None:
        return None
    fixed = getattr(endpoint, "random", "") == "cases"
    if readers.number < (1 if fixed and family is READERS else 2):
        return None
    if family is ALONE and (fixed or readers.blocks > 1):
        return None
    return family


def expected_of(
    family: Family, endpoint: Endpoint, given: Mapping[str, Any], readers: PlannedReaders
) -> Expected:
    """Return what is expected of a reader study whose assumptions are complete."""
    effect, number = family.read({**given, "n_readers": readers.number})
    further: dict[str, Any] = {"random": getattr(endpoint, "random", "readers_cases")}
    if family is ALONE:
        further |= {name: given[name] for name in ALONE.keys[0][1:]}
    else:
        further["design"] = "split_plot" if readers.blocks > 1 else "crossed"
        further["n_blocks"] = readers.blocks
        further |= _parts(endpoint, given, effect)
    return Expected(family=family, effect=effect, spread=number, further=further)


def _parts(endpoint: Endpoint, given: Mapping[str, Any], effect: float) -> dict[str, Any]:
    """Return variance components and the cases that they are from."""
    if "n_cases_pilot" in given:
        found = {name: given.get(name, 0.0) for name in PARTS}
        return {**found, "n_cases_pilot": given["n_cases_pilot"]}
    return {**_of_structure(endpoint, given, effect), "n_cases_pilot": _MANY}


def _of_structure(endpoint: Endpoint, given: Mapping[str, Any], effect: float) -> dict[str, Any]:
    """Return the variance components that scores of a structure lead to, with many cases.

    Where the arms cannot be so accurate, the components are those without a variance, which
    belong to no study.
    """
    from clinval import stats

    diseased = round(_MANY * given["diseased_share"])
    metric = str(getattr(endpoint, "metric", ""))
    test = given["accuracy"] + effect
    if not 0 < test < 1 or metric == "partial_auc":
        return dict.fromkeys(PARTS, 0.0)
    found: Any = stats.find("reader_simulation.components")(
        given["accuracy"],
        test,
        max(diseased, 2),
        max(_MANY - diseased, 2),
        metric=metric,
        structure=given["structure"],
    )
    return {name: getattr(found, name) for name in PARTS}

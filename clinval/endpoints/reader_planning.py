"""What a reader study rests on when it is planned: its readers, their blocks, what varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.endpoints.sizing import READERS, Expected

if TYPE_CHECKING:
    from clinval.protocol.endpoint import Endpoint
    from clinval.protocol.reading_plan import ReadingBlock

__all__ = ["PARTS", "PlannedReaders", "expected_of", "planned_readers"]

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


def expected_of(
    endpoint: Endpoint, given: Mapping[str, Any], readers: PlannedReaders
) -> Expected | None:
    """Return what is expected of a reader study; ``None`` with fewer readers than can be sized."""
    if readers.number < (1 if getattr(endpoint, "random", "") == "cases" else 2):
        return None
    effect, number = READERS.read({**given, "n_readers": readers.number})
    further: dict[str, Any] = {
        "random": getattr(endpoint, "random", "readers_cases"),
        "design": "split_plot" if readers.blocks > 1 else "crossed",
        "n_blocks": readers.blocks,
    }
    if "n_cases_pilot" in given:
        found = {name: given.get(name, 0.0) for name in PARTS}
        return _expected(effect, number, further, found, given["n_cases_pilot"])
    found, cases = _of_structure(endpoint, given, effect)
    return _expected(effect, number, further, found, cases)


def _expected(
    effect: float, number: float, further: dict[str, Any], parts: dict[str, Any], cases: float
) -> Expected:
    return Expected(
        family=READERS,
        effect=effect,
        spread=number,
        further={**further, **parts, "n_cases_pilot": cases},
    )


def _of_structure(
    endpoint: Endpoint, given: Mapping[str, Any], effect: float
) -> tuple[dict[str, Any], int]:
    """Return the variance components that scores of a structure lead to, and from how many cases.

    Where the arms cannot be so accurate, the components are those without a variance, which
    belong to no study.
    """
    from clinval import stats

    diseased = round(_MANY * given["diseased_share"])
    metric = str(getattr(endpoint, "metric", ""))
    test = given["accuracy"] + effect
    if not 0 < test < 1 or metric == "partial_auc":
        return dict.fromkeys(PARTS, 0.0), _MANY
    found: Any = stats.find("reader_simulation.components")(
        given["accuracy"],
        test,
        max(diseased, 2),
        max(_MANY - diseased, 2),
        metric=metric,
        structure=given["structure"],
    )
    return {name: getattr(found, name) for name in PARTS}, _MANY

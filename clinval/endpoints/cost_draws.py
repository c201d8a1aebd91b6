"""Mean cost and effect of two arms: what subjects used times prices, at the data and in draws."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clinval.endpoints.comparison import arms_of
from clinval.endpoints.cost_inputs import Cost, Effect
from clinval.endpoints.kind import Context
from clinval.endpoints.measured import units_of
from clinval.protocol.endpoint import Endpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["EFFECT", "Means", "Outcome", "Resources", "outcome", "resources"]

EFFECT = "effect"
_ARMS = ("test", "reference")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Means by arm: shape (measured quantities,), or (draws, measured quantities)."""

    test: NDArray[np.float64]
    reference: NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What subjects used and had: one row a subject of the set, one column a measured quantity.

    ``names`` are those of the columns; ``in_test`` and ``in_reference`` say whose values count in
    an arm: in a paired design those who have all of them in both.
    """

    names: tuple[str, ...]
    test: NDArray[np.float64]
    reference: NDArray[np.float64]
    in_test: NDArray[np.bool_]
    in_reference: NDArray[np.bool_]
    site: NDArray[np.intp]
    paired: bool

    def of(self, mask: NDArray[np.bool_]) -> Resources:
        """Return the subjects of a mask."""
        return dataclasses.replace(
            self, test=self.test[mask], reference=self.reference[mask], in_test=self.in_test[mask],
            in_reference=self.in_reference[mask], site=self.site[mask],
        )  # fmt: skip

    @property
    def n(self) -> int:
        """Subjects who count."""
        return int((self.in_test | self.in_reference).sum())

    @property
    def sha256(self) -> str:
        """Hash of the values that count, for the provenance of what is computed from them."""
        from clinval.core.files import sha256_of_bytes

        test, reference = self.test[self.in_test], self.reference[self.in_reference]
        return sha256_of_bytes(test.tobytes() + reference.tobytes())

    def means(self) -> Means | None:
        """Return the means; none where an arm has nobody."""
        if not (self.in_test.any() and self.in_reference.any()):
            return None
        return Means(
            test=self.test[self.in_test].mean(axis=0),
            reference=self.reference[self.in_reference].mean(axis=0),
        )

    def drawn(self, generator: np.random.Generator, draws: int, by: str) -> Means:
        """Return means of subjects, or of whole centers, drawn with replacement."""
        import numpy as np

        from clinval.stats.roi.resampling import resampled_means

        columns = len(self.names)
        if by == "centers":
            sums, sizes = self._of_centers()
            both = resampled_means(generator, sums, sizes, draws)
        elif self.paired:
            values = np.hstack([self.test, self.reference])[self.in_test]
            both = resampled_means(generator, values, np.ones_like(values), draws)
        else:
            parts = (self.test[self.in_test], self.reference[self.in_reference])
            both = np.hstack(
                [resampled_means(generator, part, np.ones_like(part), draws) for part in parts]
            )
        return Means(test=both[:, :columns], reference=both[:, columns:])

    def _of_centers(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return sums and sizes of the columns of both arms by center."""
        import numpy as np

        sites = np.unique(self.site[self.in_test | self.in_reference])
        sums, sizes = [], []
        for values, here in ((self.test, self.in_test), (self.reference, self.in_reference)):
            for column in values.T:
                of = [column[here & (self.site == site)] for site in sites]
                sums.append([part.sum() for part in of])
                sizes.append([float(len(part)) for part in of])
        return np.array(sums).T, np.array(sizes).T


def resources(
    endpoint: Endpoint, costs: Sequence[Cost], effect: Effect, context: Context
) -> Resources:
    """Return the measured quantities of the subjects of the set."""
    import numpy as np

    protocol = context.data.protocol
    measured: list[tuple[str, Cost | Effect]] = [(c.id, c) for c in costs if c.measured]
    measured += [(EFFECT, effect)] if effect.measured else []
    found = []
    for _, quantity in measured:
        rule = quantity.of(endpoint)
        found.append(units_of(rule, context, arms_of(rule, context)))
    subjects = int(context.member.sum())
    empty = np.empty((subjects, 0))
    test = np.column_stack([units.test for units in found]) if found else empty
    reference = np.column_stack([units.reference for units in found]) if found else empty
    in_test: NDArray[np.bool_] = np.asarray(~np.isnan(test).any(axis=1))
    in_reference: NDArray[np.bool_] = np.asarray(~np.isnan(reference).any(axis=1))
    if protocol.design.paired:
        in_test = in_reference = in_test & in_reference
    return Resources(
        names=tuple(name for name, _ in measured),
        test=test,
        reference=reference,
        in_test=in_test,
        in_reference=in_reference,
        site=context.data.site_of_subject[context.member],
        paired=protocol.design.paired,
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Cost a subject and mean effect of each arm: numbers, or arrays of draws.

    ``parts`` are the costs by their id and arm; ``gain`` is what the product is better by.
    """

    parts: Mapping[tuple[str, str], Any]
    effect: Mapping[str, Any]
    gain: Any

    def cost(self, arm: str) -> Any:
        """Return the whole cost of an arm."""
        return sum(value for (_, of), value in self.parts.items() if of == arm)

    @property
    def dearer(self) -> Any:
        """What the product costs more a subject."""
        return self.cost("test") - self.cost("reference")


def outcome(
    costs: Sequence[Cost],
    effect: Effect,
    means: Means | None,
    names: Sequence[str],
    values: Mapping[str, Any],
    rates: Mapping[str, float],
) -> Outcome:
    """Return costs and effects from mean quantities and values of the declared inputs.

    Parameters
    ----------
    costs, effect
        As declared.
    means
        Of the measured quantities; none where nothing is measured.
    names
        Of the columns of the means.
    values
        Numbers or draws of the declared inputs, by name.
    rates
        What one unit of a currency is worth in that of the result.
    """

    def amount(quantity: Cost | Effect, name: str, arm: str) -> Any:
        if not quantity.measured:
            return values[f"{name}.{arm}"]
        assert means is not None  # noqa: S101 - what is measured has means
        return getattr(means, arm)[..., list(names).index(name)]

    parts = {}
    for cost in costs:
        rate = rates.get(cost.currency or "", 1.0)
        for arm in _ARMS:
            price = values[f"{cost.id}.price"] if cost.measured else 1.0
            parts[cost.id, arm] = amount(cost, cost.id, arm) * price * rate
    effects = {arm: amount(effect, EFFECT, arm) for arm in _ARMS}
    gain = effects["test"] - effects["reference"]
    if effect.direction == "lower_is_better":
        gain = -gain
    return Outcome(parts=parts, effect=effects, gain=gain)

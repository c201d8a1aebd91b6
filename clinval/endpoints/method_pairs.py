"""Pairs of values of two methods on the same subjects, and who has none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.endpoints.kind import Context
from clinval.endpoints.measured import Measured, Rows, apart, combined, rows_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Pairs", "pairs_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Pairs of values, one element a pair; several of a subject are replicates."""

    test: NDArray[np.float64]
    reference: NDArray[np.float64]
    subject: NDArray[np.intp]
    site: NDArray[np.intp]

    def of(self, mask: NDArray[np.bool_]) -> Pairs:
        """Return the pairs of a mask."""
        return Pairs(
            test=self.test[mask],
            reference=self.reference[mask],
            subject=self.subject[mask],
            site=self.site[mask],
        )

    @property
    def subjects(self) -> int:
        """How many subjects have a pair."""
        import numpy as np

        return len(np.unique(self.subject))

    @property
    def sha256(self) -> str:
        """Hash of the values, for the provenance of what is computed from them."""
        import numpy as np

        digest = hashlib.sha256()
        for array in (self.subject, self.test, self.reference):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def pairs_of(endpoint: Measured, context: Context, reference: str | None) -> Pairs:
    """Return the complete pairs of the analysis set, one a subject unless rows stay apart.

    Parameters
    ----------
    endpoint
        Says which form, rows, measure and arms.
    context
        The data and the analysis set.
    reference
        The rule of the reference's value in the same row; without it, arms are compared.
    """
    import numpy as np

    data = context.data
    each = endpoint.combine == "each"
    test_arm, reference_arm = _arms(endpoint, context)
    if reference is None:
        rows = rows_of(endpoint, data, (test_arm, reference_arm), keyed=each)
        if each:
            units = apart(rows)
            subject, test, other = units.subject, units.test, units.reference
        else:
            values = combined(rows, endpoint, data, 2)
            subject, test, other = np.arange(len(values)), values[:, 0], values[:, 1]
    else:
        first = rows_of(endpoint, data, (test_arm,))
        again = endpoint.model_copy(update={"measure": reference})
        second = rows_of(again, data, (test_arm,))
        if each:
            subject, test, other = first.subject, first.value, second.value
        else:
            both = _together(first, second)
            test, other = (combined(rows, endpoint, data, 1)[:, 0] for rows in both)
            subject = np.arange(len(test))
    known = ~np.isnan(test) & ~np.isnan(other) & context.member[subject]
    subject = subject[known]
    return Pairs(
        test=test[known],
        reference=other[known],
        subject=subject,
        site=data.site_of_subject[subject],
    )


def _together(first: Rows, second: Rows) -> tuple[Rows, Rows]:
    """Return the rows that have both values: a mean of one method over other rows is no pair."""
    import numpy as np

    known = ~np.isnan(first.value) & ~np.isnan(second.value)

    def of(rows: Rows) -> Rows:
        return Rows(value=rows.value[known], subject=rows.subject[known], arm=rows.arm[known])

    return of(first), of(second)


def _arms(endpoint: Measured, context: Context) -> tuple[str, str]:
    """Return the ids of the test and the reference arm, empty where there is none."""
    if endpoint.compare is not None:
        return endpoint.compare.test, endpoint.compare.reference
    found: list[Any] = [context.data.protocol.arm(role) for role in ("test", "reference")]
    test, reference = (arm.id if arm else "" for arm in found)
    return test, reference

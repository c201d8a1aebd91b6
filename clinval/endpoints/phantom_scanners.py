"""Phantom measurements of a study: from the rows of a form to one pair of means a scanner."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.endpoints.components import numbers, truths
from clinval.endpoints.measured import arm_of_row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.kind import Context
    from clinval.endpoints.phantom_comparison import Spec

__all__ = [
    "ROLES",
    "Measured",
    "Scanners",
    "chosen",
    "measured_of",
    "scanners_of",
    "where_measured",
]

ROLES = ("test", "reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Measurements that can be used, one element each; ``scanner`` counts over all sites."""

    value: NDArray[np.float64]
    scanner: NDArray[np.intp]
    settings: NDArray[np.intp]
    arm: NDArray[np.intp]
    site: NDArray[np.intp]
    missing: int

    @property
    def sha256(self) -> str:
        """Hash of the measurements, for the provenance of what is computed from them."""
        import numpy as np

        digest = hashlib.sha256()
        for array in (self.value, self.scanner, self.settings, self.arm):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanners:
    """One element a scanner: its mean in each arm over the settings that both arms have.

    On a ratio means are geometric. ``used`` is which measurements stand behind them.
    """

    scanner: NDArray[np.intp]
    site: NDArray[np.intp]
    settings: NDArray[np.intp]
    test: NDArray[np.float64]
    reference: NDArray[np.float64]
    used: NDArray[np.bool_]


def measured_of(endpoint: Spec, context: Context) -> Measured:
    """Return the measurements of the two arms that have a value."""
    import numpy as np

    data, form = context.data, endpoint.form
    arm, site, scanner = where_measured(endpoint, context)
    value = numbers(endpoint.measure, data, form)
    settings = np.asarray(data.column(form, endpoint.settings).codes, dtype=np.intp)
    asked = chosen(endpoint, context) & (arm >= 0)
    known = value > 0 if endpoint.estimate == "ratio" else ~np.isnan(value)
    usable = asked & known
    return Measured(
        value=value[usable],
        scanner=scanner[usable],
        settings=settings[usable],
        arm=arm[usable],
        site=site[usable],
        missing=int((asked & ~known).sum()),
    )


def where_measured(
    endpoint: Spec, context: Context
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the arm (0 test, 1 reference, -1 another), site and scanner of each row.

    The same number at two sites is two scanners.
    """
    import numpy as np

    data, form = context.data, endpoint.form
    arms = [data.protocol.arm(role) for role in ROLES]
    arm = arm_of_row(form, data, tuple(one.id if one else "" for one in arms))
    site = data.site_of_row(form)
    column = data.column(form, endpoint.scanner)
    scanner = site * (len(column.categories) + 1) + np.asarray(column.codes, dtype=np.intp)
    return arm, site, scanner


def chosen(endpoint: Spec, context: Context) -> NDArray[np.bool_]:
    """Return which rows of the form the endpoint is about."""
    import numpy as np

    if endpoint.where is None:
        return np.ones(context.data.rows(endpoint.form), dtype=bool)
    known, true = truths(endpoint.where, context.data, endpoint.form)
    return known & true


def scanners_of(measured: Measured, *, ratio: bool) -> Scanners:
    """Return means by scanner: of measurements in settings, then of the settings of both arms."""
    import numpy as np

    values = np.log(measured.value) if ratio else measured.value
    width = int(measured.settings.max(initial=0)) + 1
    cells, cell = np.unique(measured.scanner * width + measured.settings, return_inverse=True)
    size = (len(cells), 2)
    counts, sums = np.zeros(size), np.zeros(size)
    np.add.at(counts, (cell, measured.arm), 1)
    np.add.at(sums, (cell, measured.arm), values)
    paired = np.asarray((counts > 0).all(axis=1))
    means = sums[paired] / counts[paired]
    scanner, place = np.unique(cells[paired] // width, return_inverse=True)
    settings = np.bincount(place, minlength=len(scanner))
    test, reference = (
        np.bincount(place, means[:, arm], minlength=len(scanner)) / settings for arm in (0, 1)
    )
    site = np.array([measured.site[measured.scanner == one][0] for one in scanner], dtype=np.intp)
    return Scanners(
        scanner=scanner,
        site=site,
        settings=settings,
        test=np.exp(test) if ratio else test,
        reference=np.exp(reference) if ratio else reference,
        used=paired[cell],
    )

"""Ratings one by one, and as a matrix of cases and raters."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LongRatings", "Ratings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """A matrix of ratings: one row a case, one column a rater, NaN where missing.

    ``sessions`` names the session of each column where a reader has several columns.
    """

    values: NDArray[np.float64]
    patient: NDArray[np.intp]
    site: NDArray[np.intp]
    raters: tuple[str, ...]
    labels: tuple[str, ...]
    levels: tuple[float, ...]
    sessions: tuple[str, ...] = ()

    def of(self, mask: NDArray[np.bool_]) -> Ratings:
        """Return the cases of a mask."""
        return self._with(self.values[mask], mask, self.raters)

    def among(self, members: Sequence[int]) -> Ratings:
        """Return the ratings of some raters, of the cases that one of them rated."""
        import numpy as np

        values = self.values[:, list(members)]
        rated = np.asarray((~np.isnan(values)).any(axis=1))
        return self._with(values[rated], rated, tuple(self.raters[member] for member in members))

    def _with(
        self, values: NDArray[np.float64], mask: NDArray[np.bool_], raters: tuple[str, ...]
    ) -> Ratings:
        return Ratings(
            values=values,
            patient=self.patient[mask],
            site=self.site[mask],
            raters=raters,
            labels=self.labels,
            levels=self.levels,
            sessions=self.sessions,
        )

    @property
    def rated(self) -> NDArray[np.intp]:
        """How many raters rated each case."""
        import numpy as np

        found: NDArray[np.intp] = (~np.isnan(self.values)).sum(axis=1)
        return found

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which cases every rater rated."""
        whole: NDArray[np.bool_] = self.rated == len(self.raters)
        return whole

    @property
    def clustered(self) -> bool:
        """Whether patients have several cases that two raters rated."""
        import numpy as np

        patients = self.patient[self.rated >= 2]
        return len(np.unique(patients)) < len(patients)


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRatings:
    """Ratings, one element a rating, of the cases and readers that are asked for.

    ``session`` tells the repeats of a reader apart, in their order; ``arm`` is the place of the arm
    among those asked for, 0 where arms are cases of their own; ``row`` that of the rating among the
    rows of the form. ``patient`` and ``site`` are by case: positions among the enrolled subjects
    and the sites of the protocol. ``labels`` and ``levels`` are those of the categories in order,
    empty for a measurement. ``unused`` counts the ratings of the form that are none of these, by
    reason.
    """

    case: NDArray[np.intp]
    reader: NDArray[np.intp]
    session: NDArray[np.intp]
    arm: NDArray[np.intp]
    row: NDArray[np.intp]
    value: NDArray[np.float64]
    patient: NDArray[np.intp]
    site: NDArray[np.intp]
    readers: tuple[str, ...]
    sessions: tuple[str, ...]
    labels: tuple[str, ...]
    levels: tuple[float, ...]
    unused: dict[str, int]

    @property
    def sha256(self) -> str:
        """Hash of the ratings, for the provenance of what is computed from them."""
        import numpy as np

        digest = hashlib.sha256()
        keys = (self.case, self.reader, self.session, self.arm, self.patient, self.site)
        for array in (*keys, self.value):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def by_reader(self, repeats: str) -> Ratings:
        """Return the ratings with a column a reader: the first or the mean of repeats."""
        import numpy as np

        width = len(self.readers)
        cell = self.case * width + self.reader
        size = len(self.patient) * width
        if repeats == "mean":
            count = np.bincount(cell, minlength=size)
            total = np.bincount(cell, weights=self.value, minlength=size)
            values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        else:
            values = np.full(size, np.nan)
            backwards = np.argsort(-self.session, kind="stable")
            values[cell[backwards]] = self.value[backwards]
        return self._matrix(values.reshape(-1, width), self.readers)

    def counts(self, matrix: Ratings, repeats: str) -> dict[str, int]:
        """Return how many ratings are unused, by reason, when a matrix of them is."""
        cells = int(matrix.rated.sum())
        repeated = len(self.value) - cells if repeats == "first" else 0
        return {**self.unused, "repeated": repeated, "alone": int((matrix.rated == 1).sum())}

    def by_reading(self) -> Ratings:
        """Return the ratings with a column a reader and session."""
        import numpy as np

        width = len(self.readers) * len(self.sessions)
        values = np.full((len(self.patient), width), np.nan)
        values[self.case, self.reader * len(self.sessions) + self.session] = self.value
        raters = tuple(name for name in self.readers for _ in self.sessions)
        return Ratings(
            values=values,
            patient=self.patient,
            site=self.site,
            raters=raters,
            labels=self.labels,
            levels=self.levels,
            sessions=self.sessions * len(self.readers),
        )

    def by_session(self, reader: int) -> Ratings:
        """Return the ratings of one reader with a column a session."""
        import numpy as np

        own = self.reader == reader
        values = np.full((len(self.patient), len(self.sessions)), np.nan)
        values[self.case[own], self.session[own]] = self.value[own]
        every = self._matrix(values, self.sessions)
        return every.among(np.flatnonzero((~np.isnan(values)).any(axis=0)).tolist())

    def _matrix(self, values: NDArray[np.float64], raters: tuple[str, ...]) -> Ratings:
        return Ratings(
            values=values,
            patient=self.patient,
            site=self.site,
            raters=raters,
            labels=self.labels,
            levels=self.levels,
        )

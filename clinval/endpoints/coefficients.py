"""The coefficients of agreement that an endpoint may name, and how each is called."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from clinval.endpoints.rating_matrix import Ratings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate

__all__ = [
    "BOOTSTRAPPED",
    "BY_PAIR",
    "COMPLETE",
    "METHODS",
    "NO_INTERVAL",
    "UNWEIGHTED",
    "Coefficient",
    "counts_of_pairs",
]

METHODS: Mapping[str, tuple[str, ...]] = {
    "kappa": (
        "cohen", "cohen_clustered", "fleiss", "scott", "conger", "light", "gwet",
        "brennan_prediger", "pabak", "krippendorff",
    ),
    "agreement": ("observed",),
    "icc": ("shrout_fleiss", "reml", "components"),
    "kendall_w": ("kendall",),
}  # fmt: skip
"""Methods by coefficient."""

BY_PAIR = ("kappa.cohen", "kappa.cohen_clustered", "kappa.scott", "kappa.pabak")
"""Methods of two raters; several readers are taken two by two."""

COMPLETE = (*BY_PAIR, "icc.shrout_fleiss", "kendall_w.kendall")
"""Methods that use the cases that all raters rated."""

NO_INTERVAL = ("kappa.light", "icc.reml", "kendall_w.kendall")
"""Methods without an analytic interval."""

BOOTSTRAPPED = (
    "kappa.cohen", "kappa.cohen_clustered", "kappa.fleiss", "kappa.scott", "kappa.conger",
    "kappa.light", "kappa.gwet", "kappa.brennan_prediger", "kappa.krippendorff",
    "agreement.observed", "icc.shrout_fleiss",
)  # fmt: skip
"""Methods with an interval of patients drawn again."""

UNWEIGHTED = ("kappa.pabak", "kappa.krippendorff", "icc.shrout_fleiss", "icc.reml",
              "icc.components", "kendall_w.kendall")  # fmt: skip
"""Methods that take no weights of disagreements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """A coefficient as an endpoint declares it: the function, and the options it takes."""

    call: str
    weights: str = "unweighted"
    metric: str = "nominal"
    form: str = "ICC(2,1)"
    level: float = 0.95

    def fit(self, ratings: Ratings) -> Estimate:
        """Return the coefficient of ratings."""
        return self._called(self.call, ratings)

    def bootstrap(self, ratings: Ratings, *, draws: int, seed: int) -> Estimate | None:
        """Return the interval of patients drawn again within their centers, where there is one.

        Cases of a patient stay together.
        """
        options = {
            "cluster": ratings.patient, "strata": ratings.site, "draws": draws, "seed": seed,
        }  # fmt: skip
        return self._variant("bootstrap", ratings, options)

    def stratified(self, ratings: Ratings) -> Estimate | None:
        """Return the pooled coefficient with the test of homogeneity between centers, if any."""
        options = {"strata": ratings.site, "cluster": ratings.patient}
        return self._variant("stratified", ratings, options)

    @property
    def complete(self) -> bool:
        """Whether only cases that all raters rated are used."""
        return self.call in COMPLETE

    @property
    def has_stratified(self) -> bool:
        """Whether there is a test of homogeneity between centers."""
        return self._name_of("stratified") is not None

    def _name_of(self, variant: Literal["bootstrap", "stratified"]) -> str | None:
        """Return the name of the function that varies the coefficient, where there is one."""
        from clinval import stats

        module, method = self.call.split(".")
        # patients are drawn whole, so a bootstrap knows of clusters; a stratum's error does not
        name = (
            f"{method.removesuffix('_clustered') if variant == 'bootstrap' else method}_{variant}"
        )
        return f"{module}.{name}" if name in stats.methods(module) else None

    def _variant(
        self, name: Literal["bootstrap", "stratified"], ratings: Ratings, options: dict[str, Any]
    ) -> Estimate | None:
        from clinval import stats

        call = self._name_of(name)
        if call is None:
            return None
        known = inspect.signature(stats.find(call)).parameters
        return self._called(call, ratings, {k: v for k, v in options.items() if k in known})

    def _called(
        self, call: str, ratings: Ratings, options: Mapping[str, Any] | None = None
    ) -> Estimate:
        from clinval import stats

        function: Any = stats.find(call)
        more = dict(options or {})
        kept = ratings
        if self.complete:
            kept = ratings.of(ratings.complete)
            for name in ("cluster", "strata"):
                if name in more:
                    more[name] = more[name][ratings.complete]
        known = inspect.signature(function).parameters
        said = {
            "weights": self.weights, "metric": self.metric, "form": self.form,
            "level": self.level, "categories": list(ratings.levels) or None,
        }  # fmt: skip
        more |= {name: value for name, value in said.items() if name in known}
        if call == "kappa.pabak":
            return function(*_fourfold(kept), **more)  # type: ignore[no-any-return]
        if call == "kappa.cohen":
            return function(table=counts_of_pairs(kept), **more)  # type: ignore[no-any-return]
        if call == "icc.components":
            return function(**_long(kept), **more)  # type: ignore[no-any-return]
        if call == "kappa.cohen_clustered":
            more["cluster"] = kept.patient
        return function(kept.values, **more)  # type: ignore[no-any-return]


def counts_of_pairs(ratings: Ratings) -> NDArray[np.int64]:
    """Return how often the first rater gave each category (rows) and the second the other."""
    import numpy as np

    both = ratings.values[ratings.complete]
    size = len(ratings.levels)
    order = np.argsort(ratings.levels)
    place = order[np.searchsorted(np.asarray(ratings.levels)[order], both)]
    cells = np.bincount(place[:, 0] * size + place[:, 1], minlength=size * size)
    return cells.reshape(size, size)


def _long(ratings: Ratings) -> dict[str, list[Any]]:
    """Return ratings one by one, with case, reader, center and session."""
    import numpy as np

    case, column = np.nonzero(~np.isnan(ratings.values))
    raters = np.asarray(ratings.raters)[column]
    sessions = np.asarray(ratings.sessions or ("1",) * len(ratings.raters))[column]
    return {
        "value": ratings.values[case, column].tolist(),
        "subject": case.tolist(),
        "reader": raters.tolist(),
        "center": ratings.site[case].tolist(),
        "session": sessions.tolist(),
    }


def _fourfold(ratings: Ratings) -> tuple[int, int, int, int]:
    """Return both positive, first only, second only, neither; the last category is positive."""
    (n00, n01), (n10, n11) = counts_of_pairs(ratings).tolist()
    return n11, n10, n01, n00

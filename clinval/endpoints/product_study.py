"""A product alone and its readers on an analysis set: how they are compared and recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clinval.core.results import Estimate, TestResult
from clinval.endpoints.comparison import arms_of
from clinval.endpoints.mrmc_conduct import record_curves
from clinval.endpoints.mrmc_study import ReaderStudy
from clinval.endpoints.reader_strata import against_bound, put_together

if TYPE_CHECKING:
    from clinval.endpoints.hypothesis import Side
    from clinval.endpoints.mrmc_study import Group

__all__ = ["ProductStudy", "record_product"]

_CALL = "mrmc.ai_versus_readers"
_NO_READS = "no read of a case with a known truth"


class ProductStudy(ReaderStudy):
    """A study whose readers have one arm, which is held against the product."""

    __slots__ = ()

    if TYPE_CHECKING:
        endpoint: Any
        reads: Any

    @property
    def product(self) -> str:
        """The arm of the product."""
        return arms_of(self.endpoint, self.context)[0]

    def fit(self, part: Any, **changes: Any) -> Any:
        """Compare product and readers as declared, but for what is changed (``random``).

        The method ``stratified`` puts the differences within each ``stratum`` together.
        """
        if changes.get("method") == "stratified":
            return put_together(
                lambda own: self._compared(own, random="cases"),
                part,
                changes["stratum"],
                self.endpoint.level,
            )
        return self._compared(part, random=changes.get("random", self.endpoint.random))

    def test(  # the result that is there tells every test
        self,
        result: Any,
        part: Any,  # noqa: ARG002
        side: Side,
        bound: float,
        **changes: Any,  # noqa: ARG002
    ) -> TestResult:
        """Return the one-sided test of a bound that agrees with the interval of a result."""
        return against_bound(result, side, bound, f"{_CALL}_test" if result.method == _CALL else "")

    def _compared(self, part: Any, *, random: str) -> Any:
        from clinval import stats

        endpoint, level = self.endpoint, self.endpoint.level
        if not len(part.score):
            return Estimate(
                method=_CALL, estimate=None, undefined=True, reason=_NO_READS, level=level
            )
        function: Any = stats.find(_CALL)
        return function(
            **part.beside(),
            metric=endpoint.metric,
            covariance=self.covariance,
            random=random,
            threshold=endpoint.cut,
            ai_threshold=endpoint.product_cut,
            fpr_max=endpoint.fpr_max,
            level=level,
        )

    def record_arms(self, result: Any, part: Any, group: Group) -> None:
        """Record the product's metric with its interval, and the mean of the readers."""
        (readers,) = self.reads.arms
        metric = self.endpoint.metric.removeprefix("partial_")
        self.record_own(result, {**group, "arm": self.product}, part)
        mean = getattr(result, f"{metric}_readers", None)
        self.add("estimate", mean, result, {**group, "arm": readers}, len(part.cases))

    def record_own(self, result: Any, group: Group, part: Any) -> None:
        """Record the product's metric with its interval."""
        metric = self.endpoint.metric.removeprefix("partial_")
        own = {"estimate": f"{metric}_ai", "se": "se_ai", "ci_low": "ci_low_ai",
               "ci_high": "ci_high_ai"}  # fmt: skip
        for name, attribute in own.items():
            self.add(name, getattr(result, attribute, None), result, group, len(part.cases))

    def _columns(self, result: Any, ending: str) -> dict[str, Any]:
        """Return the metric of each reader, the only arm of its row."""
        metric = self.endpoint.metric.removeprefix("partial_")
        found = getattr(result, f"{metric}_{ending.removesuffix('_modality')}", None)
        return {"estimate": found and [(value,) for value in found]}


def record_product(study: ProductStudy) -> None:
    """Record the curve of the product, the points of calls, and the readers by themselves.

    The interval of the mean of the readers, and of each of them, is that of readers who have one
    arm: nothing is compared in it.
    """
    _record_readers_alone(study)
    _record_product_by_reader(study)
    record_curves(_as_reader(study))
    if study.endpoint.cut is not None:
        _record_points(study)


def _record_readers_alone(study: ProductStudy) -> None:
    """Record the intervals of the mean of the readers and of each of them."""
    import numpy as np

    from clinval import stats

    endpoint, part = study.endpoint, study.reads
    function: Any = stats.find("mrmc.obuchowski_rockette")
    alone = function(
        **part.arguments(),
        metric=endpoint.metric,
        covariance=study.covariance,
        random=endpoint.random,
        threshold=endpoint.cut,
        fpr_max=endpoint.fpr_max,
        level=endpoint.level,
    )
    (arm,), n = part.arms, len(part.cases)
    for name in ("se", "ci_low", "ci_high"):
        mean = getattr(alone, f"{name}_by_modality")
        study.add(name, mean[0] if mean else None, alone, {"arm": arm}, n)
        each = getattr(alone, f"{name}_by_reader_modality")
        for place, code in enumerate(np.unique(part.reader).tolist()):
            of, reads = {"reader": part.readers[code], "arm": arm}, int((part.reader == code).sum())
            study.add(name, each[place][0] if each else None, alone, of, reads)


def _record_product_by_reader(study: ProductStudy) -> None:
    """Record the product's metric beside each reader's: what the difference is taken of."""
    import numpy as np

    part = study.reads
    result = study.fit(part)
    for code in np.unique(part.reader).tolist():
        study.record_own(result, {"reader": part.readers[code], "arm": study.product}, part)


def _as_reader(study: ProductStudy) -> ProductStudy:
    """Return the study of the product as the only reader of its arm."""
    import numpy as np

    part = study.reads
    cases = part.cases
    place = np.zeros(len(cases), dtype=np.intp)
    alone = replace(
        part,
        score=part.product[cases],
        reader=place,
        arm=place,
        case=cases,
        row=cases,
        readers=("product",),
        arms=(study.product,),
    )
    return replace(study, reads=alone)


def _record_points(study: ProductStudy) -> None:
    """Record both rates of each reader, and of the product, at their thresholds."""
    import numpy as np

    for one, cut in ((study, study.endpoint.cut), (_as_reader(study), study.endpoint.product_cut)):
        part, (arm,) = one.reads, one.reads.arms
        ill, called = part.truth[part.case] == 1, part.score >= cut
        rows = [
            (part.readers[code], *(called[(part.reader == code) & (ill == of)] for of in (0, 1)))
            for code in np.unique(part.reader).tolist()
        ]
        known = [(name, no.mean(), yes.mean()) for name, no, yes in rows if len(no) and len(yes)]
        columns = zip(*known, strict=True) if known else ((), (), ())
        names = ("reader", "false_positive", "true_positive")
        study.context.recorder.points(
            f"points.{arm}", dict(zip(names, map(list, columns), strict=True))
        )

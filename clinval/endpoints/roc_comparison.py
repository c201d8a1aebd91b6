"""The areas under the ROC curves of two scores of the same cases, compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from clinval.endpoints.cases import cases_of
from clinval.endpoints.comparing import record_comparison
from clinval.endpoints.comparison import (
    CLUSTERED,
    Methods,
    TwoArms,
    arms_of,
    lint_share,
    lint_two_arms,
)
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Rows, Units, lint_measured, rows_of
from clinval.endpoints.reference_standard import AgainstReference, lint_reference
from clinval.endpoints.roc import lint_scores
from clinval.endpoints.scores import OfScores, Scores, record_scores
from clinval.endpoints.two_arms import Comparison, Count, Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Spec", "analyze", "lint"]

METHODS: Methods = {
    (True, "difference", "pooled"): {"delong": "auc_difference.delong"},
    (True, "difference", CLUSTERED): {
        "obuchowski_difference": "clustered_auc.obuchowski_difference"
    },
}


class Spec(TwoArms, AgainstReference, OfScores):
    """Two areas under the ROC curve; ``measure`` is the score, a number."""

    estimate: Literal["difference"] = "difference"
    missing: Literal["exclude"] = "exclude"

    clustered_methods: ClassVar[tuple[str, ...]] = ("obuchowski_difference",)


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_measured(endpoint, draft, report, gives="number", each=True)
    lint_two_arms(endpoint, draft, report, METHODS, {})
    lint_reference(endpoint, draft, report)
    lint_scores(endpoint, report)
    if endpoint.probability:
        report(
            "design-does-not-fit",
            ("probability",),
            what="probability: true",
            design=endpoint.kind,
            remedy="declare an endpoint of kind roc for each score; calibration is of one score",
        )
    if endpoint.margin is not None:
        lint_share(endpoint.margin, report, ("margin", "value"))


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare the areas: pooled, by center, without each center, with all that stands beside."""
    import numpy as np

    each, recorder, arms = endpoint.combine == "each", context.recorder, arms_of(endpoint, context)
    rows = [rows_of(endpoint, context.data, (arm,), keyed=each) for arm in arms]
    found = []
    for arm, of_arm in zip(arms, rows, strict=True):
        cases = cases_of(endpoint, context, arm, of_arm, np.zeros(len(of_arm.value), dtype=bool))
        found.append(Scores.of_cases(cases, clustered=each))
    sample = _by_row(endpoint, context, arms) if each else _by_subject(*found)
    recorder.inputs = sample.units.sha256
    _record_accounting(sample, context)
    comparison = _Areas(
        endpoint=endpoint,
        context=context,
        methods=METHODS,
        everyone=_everyone(context),
        sample=sample,
        unit="",
    )
    record_comparison(comparison)
    for role, scores in zip(("test", "reference"), found, strict=True):
        group = {"test": role}
        area = scores.area("delong", endpoint.level)
        limits = dict.fromkeys(("estimate", "ci_low", "ci_high"), "")
        recorder.result(area, limits, group=group, n=area.n)
        record_scores(scores, endpoint, group, recorder, endpoint.level)
    if endpoint.partial is not None and not each:
        _record_part(endpoint, sample, context)


class _Areas(Comparison):
    """The comparison, whose clustered method is told the clusters."""

    def options(self, sample: Sample, call: str) -> dict[str, Any]:
        """Return what a method is told of a sample beside its data."""
        told = self.endpoint.options(call)
        if call.startswith("clustered_auc.") and isinstance(sample, _Pairs):
            told |= {"cluster": sample.units.subject}
        return told

    def sizes(self) -> list[int]:
        """Return the subjects with results by site, whose rows may be several."""
        import numpy as np

        _, first = np.unique(self.sample.units.subject, return_index=True)
        site = self.sample.units.site[first]
        sizes: list[int] = np.bincount(site, minlength=len(self.context.data.site_names)).tolist()
        return sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Both scores of each case that has them, beside its truth."""

    units: Units
    truth: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """Subjects."""
        import numpy as np

        return len(np.unique(self.units.subject))

    def of(self, mask: NDArray[np.bool_]) -> _Pairs:
        """Return the cases of a mask."""
        return _Pairs(units=self.units.of(mask), truth=self.truth[mask])

    def only(self, site: int) -> _Pairs:
        """Return the cases of a center."""
        return self.of(self.units.site == site)

    def without(self, site: int) -> _Pairs:
        """Return the cases of all other centers."""
        return self.of(self.units.site != site)

    def arguments(self, call: str) -> tuple[Any, ...]:  # noqa: ARG002  all take the same
        """Return truth and both scores."""
        return self.truth, self.units.test, self.units.reference

    def counts(self) -> Iterator[Count]:
        """Yield how many cases have the condition, and how many have not."""
        ill = int(self.truth.sum())
        for name, count in (("diseased", ill), ("healthy", len(self.truth) - ill)):
            yield Count(statistic=name, value=count, unit="subjects", n=len(self.truth))


def _by_subject(test: Scores, reference: Scores) -> _Pairs:
    """Return the subjects with both scores."""
    import numpy as np

    both, first, second = np.intersect1d(test.subject, reference.subject, return_indices=True)
    units = Units(
        subject=both,
        site=test.site[first],
        test=test.score[first],
        reference=reference.score[second],
    )
    return _Pairs(units=units, truth=test.truth[first])


def _by_row(endpoint: Spec, context: Context, arms: tuple[str, str]) -> _Pairs:
    """Return the rows of both arms with the same key, of those that have both scores."""
    import numpy as np

    data = context.data
    rows = rows_of(endpoint, data, arms, keyed=True)
    if rows.key is None or rows.row is None:
        raise AssertionError("rows are asked for with their keys")
    width = int(rows.key.max(initial=0)) + 1
    pair, place = np.unique(rows.subject * width + rows.key, return_inverse=True)
    score, truth = np.full((len(pair), 2), np.nan), np.full(len(pair), np.nan)
    score[place, rows.arm] = rows.value
    for index, arm in enumerate(arms):
        chosen = rows.arm == index
        of_arm = Rows(
            value=rows.value[chosen], subject=rows.subject[chosen], arm=rows.arm[chosen],
            key=rows.key[chosen], row=rows.row[chosen],
        )  # fmt: skip
        cases = cases_of(endpoint, context, arm, of_arm, np.zeros(int(chosen.sum()), dtype=bool))
        used = context.member[of_arm.subject]
        truth[place[chosen][used]] = cases.truth[: int(used.sum())]
    known = ~np.isnan(score).any(axis=1) & ~np.isnan(truth)
    subject = (pair // width)[known]
    units = Units(
        subject=subject,
        site=data.site_of_subject[subject],
        test=score[known, 0],
        reference=score[known, 1],
    )
    return _Pairs(units=units, truth=truth[known] == 1)


def _everyone(context: Context) -> Units:
    """Return the subjects of the set; whether they have scores is said elsewhere."""
    import numpy as np

    chosen = np.flatnonzero(context.member)
    nothing = np.full(len(chosen), np.nan)
    site = context.data.site_of_subject[chosen]
    return Units(subject=chosen, site=site, test=nothing, reference=nothing)


def _record_accounting(sample: _Pairs, context: Context) -> None:
    """Record the subjects of the set that the result does not rest on, of all and by center."""
    import numpy as np

    recorder, data = context.recorder, context.data
    used = np.zeros(len(data.site_of_subject), dtype=bool)
    used[sample.units.subject] = True
    absent = context.member & ~used
    recorder.add("n", sample.n, unit="subjects", n=sample.n)
    recorder.add("missing", int(absent.sum()), unit="subjects")
    for place, name in enumerate(data.site_names):
        count = int((absent & (data.site_of_subject == place)).sum())
        recorder.add("missing", count, group={"site": name}, unit="subjects")


def _record_part(endpoint: Spec, sample: _Pairs, context: Context) -> None:
    """Record the difference of the areas under the part of the curve."""
    from clinval.stats.accuracy import auc_difference

    if endpoint.partial is None:
        return
    part = auc_difference.partial_delong(
        *sample.arguments(""), corrected=True, level=endpoint.level, **endpoint.partial.model_dump()
    )
    units = {"estimate": "", "ci_low": "", "ci_high": "", "p_value": "p"}
    context.recorder.result(part, units, group={"area": "partial"}, n=part.n)

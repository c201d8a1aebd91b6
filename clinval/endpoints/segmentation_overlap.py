"""Overlap or distance of segmentations against a reference: the mean of a table of values.

The values (Dice, Jaccard, Hausdorff or surface distance) were computed from masks before, one row
a subject or a structure; ``clinval overlap`` writes such a table from mask files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from clinval.endpoints.kind import Context, Report
from clinval.endpoints.mean_comparison import unit_on
from clinval.endpoints.measured import Measured, Rows, combined, in_arm, lint_measured, rows_of
from clinval.endpoints.single import Goal, Single, lint_subgroups_named
from clinval.protocol.base import Identifier
from clinval.protocol.lint import lint_margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Spec", "analyze", "lint"]

METHODS = ("student",)
_CLUSTERED = "cluster_robust"
_QUANTILES = ("least", "lower_quartile", "median", "upper_quartile", "greatest")


class Spec(Measured, Goal):
    """The mean of an overlap or a distance; ``measure`` is a number."""

    arm: Identifier | None = None
    method: str

    clustered_methods: ClassVar[tuple[str, ...]] = (_CLUSTERED,)


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    each = endpoint.combine == "each"
    lint_measured(endpoint, draft, report, gives="number", each=True)
    offered = (_CLUSTERED,) if each else METHODS
    if endpoint.method not in offered:
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand="a mean of rows clustered in subjects" if each else "a mean of subjects",
            methods=", ".join(offered),
        )
    if endpoint.arm is not None and endpoint.arm not in draft.written_ids("arms"):
        report("arm-unknown", ("arm",), arm=endpoint.arm)
    lint_subgroups_named(endpoint, draft, report)
    if endpoint.goal is not None or endpoint.role == "primary":
        lint_margin(endpoint.goal, draft, report, ("goal",), of=endpoint.id)


def analyze(endpoint: Spec, context: Context) -> None:
    """Estimate the mean: pooled, by center, without each center, by subgroup."""
    data, recorder = context.data, context.recorder
    test = data.protocol.arm("test")
    arm = endpoint.arm or (test.id if test else "")
    rows = rows_of(endpoint, data, (arm,), keyed=endpoint.combine == "each")
    sample = _Values.of_rows(rows, endpoint, context, arm)
    recorder.inputs = sample.sha256
    _record_missing(sample, endpoint, context, arm)
    unit = unit_on(endpoint, data.protocol.form(endpoint.form), plain="")
    single = Single(
        endpoint=endpoint,
        context=context,
        sample=sample,
        unit=unit,
        fit=lambda part, level: part.mean(level),
        describe=lambda part, group: _describe(part, unit, group, context),
    )
    single.record()
    recorder.points(
        "values",
        {
            "site": [data.site_names[site] for site in sample.site],
            "subject": data.subject_ids[sample.subject],
            "value": sample.value,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    """Values, one a subject, or one a row where rows stay apart."""

    value: NDArray[np.float64]
    subject: NDArray[np.intp]
    site: NDArray[np.intp]
    clustered: bool

    @classmethod
    def of_rows(cls, rows: Rows, endpoint: Spec, context: Context, arm: str) -> _Values:
        import numpy as np

        data = context.data
        belongs = context.member & in_arm(endpoint, data, (arm,))[:, 0]
        each = endpoint.combine == "each"
        if each:
            value, subject = rows.value, rows.subject
        else:
            value = combined(rows, endpoint, data, 1)[:, 0]
            subject = np.arange(len(value))
        used = belongs[subject] & ~np.isnan(value)
        return cls(
            value=value[used],
            subject=subject[used],
            site=data.site_of_subject[subject[used]],
            clustered=each,
        )

    @property
    def sha256(self) -> str:
        from clinval.core.files import sha256_of_bytes

        return sha256_of_bytes(self.value.tobytes() + self.subject.tobytes())

    def of(self, mask: NDArray[np.bool_]) -> _Values:
        """Return the values of a mask."""
        return replace(
            self, value=self.value[mask], subject=self.subject[mask], site=self.site[mask]
        )

    def mean(self, level: float) -> Estimate:
        """Return the mean and its interval, by subject where rows stay apart."""
        from clinval.stats.accuracy import mean

        if self.clustered:
            return mean.cluster_robust(self.value, cluster=self.subject, level=level)
        return mean.student(self.value, level=level)


def _describe(part: _Values, unit: str, group: Mapping[str, str], context: Context) -> None:
    """Record the rows behind a mean, how they spread, and their quantiles."""
    from clinval.stats.accuracy import mean
    from clinval.stats.centers.sites import quantiles

    recorder, n = context.recorder, len(part.value)
    if part.clustered:
        recorder.add("trials", n, group=group, unit="rows", n=n)
    recorder.result(mean.student(part.value), {"sd": unit}, group=group, n=n)
    spread = quantiles(part.value)
    recorder.result(spread, dict.fromkeys(_QUANTILES, unit), group=group, n=n)


def _record_missing(sample: _Values, endpoint: Spec, context: Context, arm: str) -> None:
    """Record the subjects of the set without a value, of all and by center."""
    import numpy as np

    recorder, data = context.recorder, context.data
    absent = context.member & in_arm(endpoint, data, (arm,))[:, 0]
    absent[sample.subject] = False
    recorder.add("missing", int(absent.sum()), unit="subjects")
    by_site = np.bincount(data.site_of_subject[absent], minlength=len(data.site_names))
    for name, value in zip(data.site_names, by_site.tolist(), strict=True):
        recorder.add("missing", value, group={"site": name}, unit="subjects")

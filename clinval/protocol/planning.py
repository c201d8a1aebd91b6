"""What the size of an endpoint rests on: the numbers that are expected of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Setting

from clinval.protocol.base import Section

__all__ = ["Planning"]

Share = Annotated[float, Setting(ge=0, le=1)]
Size = Annotated[float, Setting(ge=1e-9, le=1e9)]
Ratio = Annotated[float, Setting(ge=0.001, le=1000)]
Variation = Annotated[float, Setting(ge=0.001, le=10)]


class Planning(Section):
    """Planning assumptions; which of them an endpoint takes follows from its kind and design."""

    p10: Share | None = Setting(
        default=None, description="paired: share of subjects who succeed in the test arm only"
    )
    p01: Share | None = Setting(
        default=None, description="paired: share of subjects who succeed in the reference arm only"
    )
    p_test: Share | None = Setting(default=None, description="proportion in the test arm")
    p_reference: Share | None = Setting(default=None, description="proportion in the reference arm")
    discordance: Share | None = Setting(
        default=None, description="paired: share of subjects whose arms differ, p10 + p01"
    )
    p_expected: Share | None = Setting(
        default=None, description="proportion of a single arm, held against a goal"
    )
    difference: Annotated[float, Setting(ge=-1e9, le=1e9)] | None = Setting(
        default=None, description="difference of means, test - reference, in their unit"
    )
    sd: Size | None = Setting(
        default=None, description="standard deviation of one measurement, in its unit"
    )
    sd_difference: Size | None = Setting(
        default=None, description="paired: standard deviation of the difference within a subject"
    )
    correlation: Annotated[float, Setting(gt=-1, lt=1)] | None = Setting(
        default=None, description="paired: correlation of a subject's two measurements"
    )
    true_ratio: Ratio | None = Setting(
        default=None, description="ratio of geometric means, test / reference"
    )
    cv: Variation | None = Setting(
        default=None, description="coefficient of variation between subjects of an arm (0.3 = 30%)"
    )
    cv_within: Variation | None = Setting(
        default=None, description="paired: coefficient of variation of one subject's measurement"
    )
    allocation_ratio: Ratio | None = Setting(
        default=None, description="subjects of the test arm for each one of the reference arm"
    )
    prevalence: Annotated[float, Setting(ge=1e-6, le=1)] | None = Setting(
        default=None,
        description="share of those enrolled who belong to the endpoint's analysis set",
    )
    icc: Share | None = Setting(
        default=None,
        description="correlation within clusters of what is averaged (paired: of the differences)",
    )
    cluster_size: Annotated[float, Setting(ge=1, le=1e6)] | None = Setting(
        default=None, description="mean number in a cluster; without it, a cluster is a center"
    )
    cluster_size_cv: Annotated[float, Setting(ge=0, le=10)] | None = Setting(
        default=None, description="standard deviation of the cluster size over its mean"
    )

    @property
    def written(self) -> dict[str, float]:
        """The assumptions that were made, by key."""
        return {name: value for name, value in self if value is not None}

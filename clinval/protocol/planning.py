"""What the size of an endpoint rests on: the numbers that are expected of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.protocol.base import Section

__all__ = ["Planning"]

Share = Annotated[float, Setting(ge=0, le=1)]
Size = Annotated[float, Setting(ge=1e-9, le=1e9)]
Ratio = Annotated[float, Setting(ge=0.001, le=1000)]
Variation = Annotated[float, Setting(ge=0.001, le=10)]
Inside = Annotated[float, Setting(gt=0, lt=1)]
Component = Annotated[float, Setting(ge=-1, le=1)]


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
        default=None,
        description="difference, test - reference: of means in their unit, or of readers' metric",
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

    accuracy: Inside | None = Setting(
        default=None, description="reader study: the metric of the reference arm, mean of readers"
    )
    diseased_share: Inside | None = Setting(
        default=None, description="reader study: share of the cases that have the condition"
    )
    structure: Literal["HH", "HL", "LH", "LL"] | None = Setting(
        default=None,
        description="reader study without a pilot: correlation over cases, then variance between "
        "readers, high or low, of the scores (Roe and Metz)",
    )
    n_cases_pilot: Annotated[float, Setting(ge=2, le=1e6)] | None = Setting(
        default=None, description="reader study: cases that its variance components are from"
    )
    var_reader: Component | None = Setting(
        default=None, description="reader study: variance between readers"
    )
    var_reader_modality: Component | None = Setting(
        default=None, description="reader study: variance of readers by arm"
    )
    var_error: Annotated[float, Setting(gt=0, le=1)] | None = Setting(
        default=None, description="reader study: variance of the error of one reader in one arm"
    )
    cov1: Component | None = Setting(
        default=None, description="reader study: covariance of errors, same reader, other arm"
    )
    cov2: Component | None = Setting(
        default=None, description="reader study: covariance of errors, other reader, same arm"
    )
    cov3: Component | None = Setting(
        default=None, description="reader study: covariance of errors, other reader, other arm"
    )
    categories: Annotated[int, Setting(ge=2, le=1000)] | None = Setting(
        default=None,
        description="reader study, simulated: categories that scores are given in (ties)",
    )

    @property
    def written(self) -> dict[str, Any]:
        """The assumptions that were made, by key."""
        return {name: value for name, value in self if value is not None}

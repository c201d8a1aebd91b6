"""What the statistics of agreement on categories return."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.core.results import Estimate, TestResult

__all__ = [
    "AgreementEstimate",
    "BootstrapAgreement",
    "ChanceCorrected",
    "ClusteredKappa",
    "FleissKappa",
    "KappaTest",
    "KrippendorffAlpha",
    "MeanKappa",
    "StratifiedAgreement",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementEstimate(Estimate):
    """A coefficient of agreement with its standard error."""

    se: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceCorrected(AgreementEstimate):
    """A chance-corrected coefficient with what it is made of."""

    observed_agreement: float | None = None
    expected_agreement: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleissKappa(ChanceCorrected):
    """Fleiss' kappa; the coefficients by category exist for complete, unweighted ratings."""

    estimate_by_category: tuple[float | None, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredKappa(AgreementEstimate):
    """Kappa of subjects in clusters; the error allows for what a cluster's subjects share."""

    clusters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KrippendorffAlpha(AgreementEstimate):
    """Krippendorff's alpha; ``pairable`` ratings are of subjects with two ratings or more."""

    pairable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanKappa(Estimate):
    """The mean of the kappas of all pairs of raters, of whom there are ``pairs``; no interval."""

    pairs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedAgreement(AgreementEstimate):
    """A coefficient by stratum, pooled, and the test that the strata share one value."""

    q: float | None = None
    df: float | None = None
    p_value: float | None = None
    estimate_by_stratum: tuple[float | None, ...] = ()
    se_by_stratum: tuple[float | None, ...] = ()
    ci_low_by_stratum: tuple[float | None, ...] = ()
    ci_high_by_stratum: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapAgreement(AgreementEstimate):
    """A coefficient with the percentile limits of draws, some of which may have no value."""

    clusters: int = 0
    draws: int = 0
    undefined_draws: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KappaTest(TestResult):
    """A test of kappa = 0; the standard error is that under the null hypothesis."""

    estimate: float | None
    se_null: float | None = None
    n: int = 0

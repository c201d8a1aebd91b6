"""What a size of a study of agreement is."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.core.results import Result
from clinval.stats.planning._claims import whole

__all__ = ["AgreementSize", "agreement_size"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementSize(Result):
    """Subjects, whole, and as the formula gives them."""

    sample_size: int
    sample_size_exact: float


def agreement_size(function: str, subjects: float) -> AgreementSize:
    """Return the size of a method of the module agreement_sample_size."""
    return AgreementSize(
        method=f"agreement_sample_size.{function}",
        sample_size=whole(subjects),
        sample_size_exact=subjects,
    )

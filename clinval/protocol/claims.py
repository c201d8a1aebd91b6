"""What is to be said of the product in one sentence, and the number that decides whether it may."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section, Text, Words

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["Claim", "lint_claims"]


class Claim(Section):
    """A sentence, and the threshold that a limit of a result has to pass for it."""

    id: Identifier
    text: Text = Setting(description="the sentence, as it is to be said")
    endpoint: Identifier
    statistic: Words = Setting(
        default="estimate",
        description="the number of the endpoint that it is about, such as saved or npv",
    )
    above: float | None = Setting(
        default=None, description="the lower limit has to lie above this number"
    )
    below: float | None = Setting(
        default=None, description="the upper limit has to lie below this number"
    )
    at: Literal["all", "every_site", "further_site"] = Setting(
        default="all",
        description=(
            "all: the sites together, by the confidence limit; every_site: each of them by its "
            "own; further_site: a site that was not in the study, by the prediction limit"
        ),
    )
    source: Text = Setting(description="where the sentence or its threshold was taken from")

    @property
    def threshold(self) -> float:
        """The number that the deciding limit has to pass."""
        bound = self.above if self.above is not None else self.below
        assert bound is not None  # noqa: S101 - lint_claims has seen to it
        return bound


def lint_claims(draft: Draft, report: Callable[..., None]) -> None:
    """Report claims about no endpoint, and those with no threshold or with two."""
    for index, claim in draft.claims:
        if claim.endpoint not in draft.written_ids("endpoints"):
            report("endpoint-unknown", ("claims", index, "endpoint"), endpoint=claim.endpoint)
        if (claim.above is None) == (claim.below is None):
            report("claim-threshold", ("claims", index), claim=claim.id)

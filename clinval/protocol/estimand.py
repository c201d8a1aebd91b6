"""What is estimated, in the five attributes of ICH E9(R1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Setting

from clinval.protocol.base import Section, Text

__all__ = ["Estimand", "IntercurrentEvent"]


class IntercurrentEvent(Section):
    """What may happen after the start that changes what a result means, and how it is handled."""

    event: Text
    strategy: Literal[
        "treatment_policy",
        "composite",
        "hypothetical",
        "while_on_treatment",
        "principal_stratum",
    ]
    handling: Text = Setting(description="what is done with the results of these subjects")


class Estimand(Section):
    """Population, treatment, variable, intercurrent events.

    The fifth attribute, the summary measure, is not written: it is the endpoint's own estimate.
    """

    population: Text
    treatment: Text = Setting(description="the condition of interest, and what it is compared with")
    variable: Text = Setting(description="what is obtained from each subject")
    intercurrent_events: Annotated[tuple[IntercurrentEvent, ...], Setting(strict=False)] = ()

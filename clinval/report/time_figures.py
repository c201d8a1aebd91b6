"""What charts of times and lives show; every number in them comes from a record or a series."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "PairedTimes",
    "Survival",
    "SurvivalCurve",
    "TimeCourse",
    "TimeLine",
    "TimePoints",
    "WeibullFit",
    "WeibullPlot",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCurve:
    """One arm: from each time on, the share without the event, with its interval.

    ``at_risk`` is how many are under observation just before a time, ``censored`` how many leave
    it then without the event. Curves begin at time 0 with everybody.
    """

    label: str
    time: tuple[float, ...]
    survival: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    at_risk: tuple[int, ...]
    censored: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """Kaplan-Meier curves with the numbers at risk below them."""

    curves: tuple[SurvivalCurve, ...]
    x_axis: str
    y_axis: str
    at_risk_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeibullFit:
    """The lives of one group: its failures, and the distribution fitted to all of them.

    ``time`` and ``failed`` are the points, one a failure time with the share that had failed.
    ``shape`` and ``scale`` are ``None`` where nothing was fitted. ``limits`` has a share failed and
    the limits of the time at which so many have. ``said`` stands behind the name, in the key.
    """

    label: str
    time: tuple[float, ...]
    failed: tuple[float, ...]
    shape: float | None
    scale: float | None
    limits: tuple[tuple[float, float | None, float | None], ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeibullPlot:
    """Failures on Weibull paper, on which a Weibull distribution is a straight line.

    In words (``alternative``): each group with its failures, and its shape with limits.
    """

    fits: tuple[WeibullFit, ...]
    x_axis: str
    y_axis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTimes:
    """Two times of each subject against each other, joined to the line on which they are equal.

    ``effect`` is a factor and a shift that make the test time of the reference time, drawn as a
    line. ``reach`` are the ends of both axes, for panels on one scale. Points below the line of
    equal times are shorter with the product. In words (``alternative``): how many subjects there
    are, and how many were shorter.
    """

    reference: tuple[float, ...]
    test: tuple[float, ...]
    x_axis: str
    y_axis: str
    equal_label: str
    effect: tuple[float, float] | None = None
    effect_label: str = ""
    reach: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePoints:
    """Mean times of one kind, by where they stand on the axis, and of how many each is."""

    label: str
    at: tuple[float, ...]
    value: tuple[float, ...]
    n: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLine:
    """A line of a model; ``of`` is the number of the points that it belongs to, from 0.

    One that is ``expected`` says what would have been without the product, and is drawn light.
    """

    at: tuple[float, ...]
    value: tuple[float, ...]
    of: int
    label: str = ""
    expected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCourse:
    """Times over weeks or numbers of cases, with the lines of a model.

    ``change`` is where the product came. With ``log``, each step to the right doubles. In words
    (``alternative``): the first and the last level of each line.
    """

    points: tuple[TimePoints, ...]
    lines: tuple[TimeLine, ...]
    x_axis: str
    y_axis: str
    change: float | None = None
    change_label: str = ""
    log: bool = False

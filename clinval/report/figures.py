"""What charts show, without how they are drawn; every number in them comes from a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clinval.report.image_figures import (
    FrequencyCurve,
    FrequencyCurves,
    Outline,
    SliceWithRegions,
)
from clinval.report.time_figures import (
    PairedTimes,
    Survival,
    SurvivalCurve,
    TimeCourse,
    TimeLine,
    TimePoints,
    WeibullFit,
    WeibullPlot,
)

__all__ = [
    "Acceptability",
    "AcceptabilityCurve",
    "AgreementMatrix",
    "BlandAltman",
    "Boundaries",
    "BoundaryLook",
    "Calibration",
    "CalibrationGroup",
    "CashFlow",
    "Chart",
    "DecisionCurve",
    "DecisionLine",
    "Flow",
    "FlowExclusion",
    "FlowStep",
    "Forest",
    "ForestRow",
    "FrequencyCurve",
    "FrequencyCurves",
    "Funnel",
    "FunnelLimit",
    "FunnelSite",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "IntervalRow",
    "Intervals",
    "NpvProfile",
    "Outline",
    "PairedBar",
    "PairedBars",
    "PairedDots",
    "PairedDotsRow",
    "PairedTimes",
    "Panel",
    "Panels",
    "PowerCurve",
    "RateRoot",
    "Roc",
    "RocCurve",
    "RocPoint",
    "SliceWithRegions",
    "Survival",
    "SurvivalCurve",
    "TimeCourse",
    "TimeLine",
    "TimePoints",
    "TippingMap",
    "Tornado",
    "TornadoRow",
    "Waterfall",
    "WaterfallStep",
    "WeibullFit",
    "WeibullPlot",
]

Tone = Literal["good", "bad", "neutral"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One center, or the pooled result (``summary``).

    ``estimate`` is ``None`` where it is undefined; ``result`` is then the reason in a few words,
    otherwise the printed estimate with its interval. ``low`` and ``high`` may be missing alone.
    A ``heading`` names the rows below it, which are indented; its ``result`` stands beside it.
    """

    label: str
    n: str
    estimate: float | None
    low: float | None
    high: float | None
    result: str
    summary: bool = False
    heading: bool = False
    indent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Estimates by center: the chart is a column of a table, so that rows align.

    ``scale`` is ``log`` for ratios. ``margin`` and ``null`` are drawn as labelled lines;
    ``prediction`` is the interval in which a further center is expected, printed as
    ``prediction_result``. Axis numbers are shown multiplied by ``factor`` (100 for percentages).
    """

    rows: tuple[ForestRow, ...]
    axis: str
    label_header: str
    n_header: str
    result_header: str
    null: float | None = None
    margin: float | None = None
    margin_label: str = ""
    left: str = ""
    right: str = ""
    prediction: tuple[float, float] | None = None
    prediction_label: str = ""
    prediction_result: str = ""
    scale: Literal["linear", "log"] = "linear"
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRow:
    """One interval and what it decides, in words and tone."""

    label: str
    estimate: float | None
    low: float | None
    high: float | None
    result: str
    verdict: str
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Intervals against a margin: one axis, the zone beyond the margin shaded.

    ``shade`` says on which side the unacceptable zone lies; with ``both``, ``margin`` and
    ``upper_margin`` enclose the acceptable one.
    """

    rows: tuple[IntervalRow, ...]
    axis: str
    margin: float
    margin_label: str
    shade: Literal["left", "right", "both"]
    upper_margin: float | None = None
    null: float | None = None
    null_label: str = ""
    scale: Literal["linear", "log"] = "linear"
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowExclusion:
    """Subjects that leave at a step, by reason; words where the number is not to be shown."""

    reason: str
    n: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """A box of the flow diagram and those who leave before it.

    ``left`` is how many leave, their sum unless it is given; words stand for what is not shown.
    """

    label: str
    n: int | str
    excluded: tuple[FlowExclusion, ...] = ()
    left: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The flow of subjects from enrolment to analysis; steps in order, top to bottom.

    A ``compact`` one is less high: its boxes name what they count and how many on one line.
    """

    steps: tuple[FlowStep, ...]
    excluded_title: str
    compact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlandAltman:
    """Differences against means, with bias, limits of agreement and their intervals.

    A limit without an interval has ``None`` for its ends. ``subject`` numbers whose point it is:
    points of one subject are linked. ``accepted`` are the bounds of the clinical limit; ``null``
    is no difference (1 for ratios).
    """

    mean: tuple[float, ...]
    difference: tuple[float, ...]
    bias: tuple[float, float | None, float | None]  # value, low, high
    lower: tuple[float, float | None, float | None]
    upper: tuple[float, float | None, float | None]
    x_axis: str
    y_axis: str
    bias_label: str
    lower_label: str
    upper_label: str
    subject: tuple[int, ...] = ()
    accepted: tuple[float, float] | None = None
    accepted_label: str = ""
    null: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementMatrix:
    """Counts of pairs of ratings: rows one reader, columns the other."""

    categories: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    row_title: str
    column_title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedBar:
    """Reference and test value of one site, with their printed forms."""

    label: str
    reference: float
    test: float
    reference_text: str
    test_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedBars:
    """Reference against test by site (room time, exams per day)."""

    bars: tuple[PairedBar, ...]
    axis: str
    reference_label: str
    test_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDotsRow:
    """A reader with both values, and their difference with its interval.

    ``estimate`` is the difference, ``None`` where it is undefined; ``result`` is then why, in a few
    words, otherwise its printed form. A ``summary`` row is of all readers.
    """

    label: str
    reference: float | None
    test: float | None
    estimate: float | None
    low: float | None
    high: float | None
    result: str
    summary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDots:
    """Reference and test value of each reader, linked, and beside them the differences.

    ``null`` and ``margin`` are lines of the differences. Axis numbers are shown multiplied by
    ``factor`` (100 for percentages).
    """

    rows: tuple[PairedDotsRow, ...]
    axis: str
    difference_axis: str
    label_header: str
    result_header: str
    reference_label: str
    test_label: str
    null: float | None = None
    margin: float | None = None
    margin_label: str = ""
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlow:
    """Yearly flows as bars and their discounted running total as a line with its fan.

    The fan is the range of the running total and, within it, its quartiles where they are given.
    """

    flows: tuple[float, ...]  # year 0, 1, ...
    cumulative: tuple[float, ...]
    cumulative_low: tuple[float, ...]
    cumulative_high: tuple[float, ...]
    axis: str
    year_label: str
    flow_label: str
    cumulative_label: str
    cumulative_q25: tuple[float, ...] = ()
    cumulative_q75: tuple[float, ...] = ()
    payback: float | None = None
    payback_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRoot:
    """A rate at which the net present value is 0, and how it is printed."""

    rate: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NpvProfile:
    """Net present value by discount rate, with every rate at which it is 0.

    ``rate`` is the one that the analysis uses; its line is marked where it meets the curve. Rates
    on the axis are shown in percent. In words (``alternative``): every root, and the value at the
    rate that is used.
    """

    rates: tuple[float, ...]
    npv: tuple[float, ...]
    roots: tuple[RateRoot, ...]
    rate: float | None
    rate_label: str
    x_axis: str
    y_axis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingMap:
    """The verdict for everything that missing results may have been: reference by test.

    ``shown`` has a row for each value of ``test`` and a column for each of ``reference``, both
    ascending; ``None`` where there is no verdict. ``point`` (reference, test) is where the
    declared analysis lies.
    """

    reference: tuple[float, ...]
    test: tuple[float, ...]
    shown: tuple[tuple[bool | None, ...], ...]
    x_axis: str
    y_axis: str
    shown_label: str
    not_shown_label: str
    boundary_label: str
    point: tuple[float, float] | None = None
    point_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A hypothesis: what it is called, its weight at the start, what became of it."""

    label: str
    name: str
    weight: str
    result: str
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """What a hypothesis that is rejected passes on: from and to are numbers of nodes, from 0."""

    start: int
    end: int
    weight: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A graph of hypotheses: alpha starts at the nodes and is passed on along the arrows."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryLook:
    """A look at the data: its share of the information, its critical value and both as printed."""

    label: str
    information: float
    critical: float | None
    text: str
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundaries:
    """The boundaries of a design with looks: above them, something is shown."""

    looks: tuple[BoundaryLook, ...]
    x_axis: str
    y_axis: str
    shown_label: str
    continue_label: str
    current_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A small chart with its title, one of several side by side."""

    title: str
    chart: (
        CashFlow | BlandAltman | PowerCurve | Funnel | Waterfall | Tornado | Acceptability
        | NpvProfile | PairedBars | Survival | WeibullPlot | PairedTimes | TimeCourse
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """Small charts side by side, read from left to right."""

    panels: tuple[Panel, ...]
    columns: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCurve:
    """Power against the number of subjects, with the wanted power and numbers marked on it.

    ``marks`` are numbers of subjects with their power and what they are (planned, needed).
    """

    subjects: tuple[float, ...]
    power: tuple[float, ...]
    wanted: float
    wanted_label: str
    marks: tuple[tuple[float, float, str], ...]
    x_axis: str
    y_axis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelSite:
    """A site: how many it has, its value, its name; the ``own`` one is that of the reader."""

    size: float
    value: float | None
    label: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelLimit:
    """The limits at one level, by size of a site, ascending: ``size``, ``low``, ``high``."""

    label: str
    size: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Sites' proportions or means against their size, with the limits of chance.

    ``limits`` begin with the narrowest. With ``named`` false no site but the own one is named,
    whatever labels the sites carry. A site without a value is not drawn; ``count`` says how many
    sites and subjects there are. ``within`` are the bounds of the value: a proportion's axis ends
    at 0 and 1. In words (``alternative``): the value of all sites, that of the own one, and how
    many lie outside which limits.
    """

    sites: tuple[FunnelSite, ...]
    limits: tuple[FunnelLimit, ...]
    center: float
    center_label: str
    count: str
    x_axis: str
    y_axis: str
    named: bool = True
    within: tuple[float | None, float | None] | None = None
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RocPoint:
    """An operating point, as shares, with the interval of each rate and all of it in words."""

    false_positive: float
    true_positive: float
    false_positive_limits: tuple[float | None, float | None]
    true_positive_limits: tuple[float | None, float | None]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RocCurve:
    """A curve by its points, false positives ascending; ``area`` is its AUC and n as printed.

    ``points`` are further operating points beside ``point``. The curve of a reader says by ``of``
    which of the chart's curves it belongs to.
    """

    false_positive: tuple[float, ...]
    true_positive: tuple[float, ...]
    label: str = ""
    area: str = ""
    point: RocPoint | None = None
    points: tuple[RocPoint, ...] = ()
    of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roc:
    """ROC curves of methods, averaged over readers where there are several.

    ``readers`` are the curves of single readers, drawn light and without names, with a dot at their
    operating point. In words (``alternative``): the area of each curve with its interval, and its
    operating point.

    With an ``end``, the horizontal axis counts something up to it (false marks a case) instead of a
    share: such curves end where their points end, and there is no line of chance.
    """

    curves: tuple[RocCurve, ...]
    x_axis: str
    y_axis: str
    chance_label: str
    readers: tuple[RocCurve, ...] = ()
    readers_label: str = ""
    end: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationGroup:
    """Subjects of similar probability: the mean that was predicted, and the share observed."""

    predicted: float
    observed: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Observed against predicted probability, by groups, with the line of ideal calibration.

    ``said`` are printed measures of calibration, set beside the plot. In words
    (``alternative``): every group, and the measures.
    """

    groups: tuple[CalibrationGroup, ...]
    x_axis: str
    y_axis: str
    ideal_label: str
    groups_label: str
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """A strategy and its net benefit at each threshold."""

    label: str
    benefit: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCurve:
    """Net benefit by threshold probability: the test, everybody, nobody.

    What lies far below nobody's benefit of 0 is cut. In words (``alternative``): the benefit of
    each strategy at the thresholds that the protocol names.
    """

    thresholds: tuple[float, ...]
    lines: tuple[DecisionLine, ...]
    x_axis: str
    y_axis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TornadoRow:
    """An input: the result at its lower and its higher value, and both values as printed."""

    label: str
    low: float | None
    high: float | None
    low_input: str
    high_input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tornado:
    """What each input alone does to a result, from its base; the drawing sorts the rows.

    In words (``alternative``): the base, and each input with both its values and results.
    """

    rows: tuple[TornadoRow, ...]
    base: float
    base_label: str
    low_label: str
    high_label: str
    axis: str
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallStep:
    """What adds to a value or takes from it; a ``total`` is the value reached, from zero."""

    label: str
    value: float | None
    text: str
    total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """From a first value to the net one, step by step.

    In words (``alternative``): every step with its value.
    """

    steps: tuple[WaterfallStep, ...]
    axis: str
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptabilityCurve:
    """How probable it is, at each value of the chart, that an option is worth most."""

    label: str
    probability: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptability:
    """How probable it is that each option is worth most, by a value, the threshold marked.

    ``values`` are what a unit of effect may be worth, or what is asked for the only option,
    ascending; ``count`` says how many draws there are. A curve alone needs no label. In words
    (``alternative``): the probability of each option at the threshold.
    """

    values: tuple[float, ...]
    curves: tuple[AcceptabilityCurve, ...]
    threshold: float | None
    threshold_label: str
    count: str
    x_axis: str
    y_axis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPlane:
    """Draws of what a product costs more and what it brings more, and what is worth its price.

    ``quadrants`` are the words of the corners: above left, above right, below left, below right.
    A threshold is a line through no difference with its slope; what lies below it is worth it.
    In words (``alternative``): the share of the draws in each quadrant.
    """

    gain: tuple[float, ...]
    cost: tuple[float, ...]
    point: tuple[float, float]
    point_label: str
    thresholds: tuple[tuple[float, str], ...]
    quadrants: tuple[str, str, str, str]
    x_axis: str
    y_axis: str


Chart = (
    Forest | Intervals | Flow | BlandAltman | AgreementMatrix | PairedBars | CashFlow | Panels
    | TippingMap | Graph | Boundaries | Survival | PowerCurve | Funnel | PairedDots
    | Roc | Tornado | Waterfall | Acceptability | Calibration | DecisionCurve | NpvProfile
    | WeibullPlot | PairedTimes | TimeCourse | EffectPlane | SliceWithRegions | FrequencyCurves
)  # fmt: skip

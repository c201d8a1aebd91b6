"""The effect that a comparison estimates: its name, its unit, its axis, its arms."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.numbers import interval, printed
from clinval.report.pieces.centers import Scale
from clinval.report.view import View

__all__ = [
    "arm_headers",
    "arm_ids",
    "arm_labels",
    "effect_words",
    "estimated",
    "metric_name",
    "scale_of",
    "time_unit",
    "unit_name",
    "unit_of",
    "unit_word",
]

_RATIOS = (
    "ratio", "risk_ratio", "odds_ratio", "hazard_ratio", "time_ratio", "life_ratio", "rate_ratio",
)  # fmt: skip
_SPANS = {"minutes": "min", "days": "days"}  # units of what a function of two times gives
_NAMED = (*_RATIOS, "proportion_difference", "probability")


def unit_of(endpoint: Endpoint, view: View) -> str:
    """Return the unit of the effect, as it was recorded."""
    record = view.record(endpoint.id, endpoint.set, "estimate")
    return record.unit if record else ""


def unit_name(view: View, unit: str) -> str:
    """Return a unit's name as it stands in brackets; one of the study's own stands as it is."""
    key = f"unit.{unit}"
    return view.texts(key) if view.texts.has(key) else unit.replace("*", "·")


def unit_word(view: View, unit: str) -> str:
    """Return a unit's name as it stands in a sentence: seconds, not s."""
    key = f"unit.{unit}.word"
    return view.texts(key) if view.texts.has(key) else unit_name(view, unit)


def effect_words(endpoint: Endpoint, view: View) -> str:
    """Return what is estimated, with its unit: percentages differ by percentage points.

    A kind may have a name of its own for an effect: a difference of ranks is no difference of
    means.
    """
    unit = unit_of(endpoint, view)
    name = unit if unit in _NAMED else "difference"
    apart = "proportion_difference" if unit == "percent" else unit
    own = f"effect.{endpoint.kind}.{name}"
    key = own if view.texts.has(own) else f"effect.{name}"
    return view.texts(key, unit=unit_name(view, apart), metric=metric_name(endpoint, view))


def metric_name(endpoint: Endpoint, view: View) -> str:
    """Return which of several metrics of readers an endpoint compares, empty where it has none."""
    metric = getattr(endpoint, "metric", "")
    if not metric or not hasattr(endpoint, "random"):
        return ""  # the metric of a coefficient of agreement is another thing
    part = getattr(endpoint, "fpr_max", None)
    name = view.texts(f"metric.{metric}", fpr_max="" if part is None else f"{part:.0%}")
    threshold = getattr(endpoint, "threshold", None)
    product = getattr(getattr(endpoint, "product", None), "threshold", None)
    if threshold is None:
        return name
    if product is None:
        return view.texts("metric.at", metric=name, threshold=f"{threshold:g}")
    return view.texts(
        "metric.at.each", metric=name, threshold=f"{threshold:g}", product=f"{product:g}"
    )


def scale_of(endpoint: Endpoint, view: View) -> Scale:
    """Return the axis of the effect, with its margin and no effect."""
    unit = unit_of(endpoint, view)
    low = view.value(endpoint, "bound_low")
    high = view.value(endpoint, "bound_high")
    margin = low if low is not None else high
    ratio = unit in _RATIOS
    null = 1.0 if ratio else 0.5 if unit == "probability" else 0.0
    higher = getattr(endpoint, "direction", "higher_is_better") == "higher_is_better"
    worse, better = view.texts("forest.worse"), view.texts("forest.better")
    label = ""
    if margin is not None and margin != null:
        label = view.texts("forest.margin", value=printed(margin, unit, suffix=False))
    return Scale(
        axis=effect_words(endpoint, view),
        unit=unit,
        null=null,
        margin=margin if label else None,
        margin_label=label,
        left=worse if higher else better,
        right=better if higher else worse,
        kind="log" if ratio else "linear",
    )


def estimated(
    view: View, unit: str, estimate: float | None, low: float | None, high: float | None
) -> str:
    """Return an estimate with its interval as a chart prints it."""
    if estimate is None or low is None or high is None:
        return view.texts("value.undefined")
    middle, *ends = (printed(value, unit, suffix=False) for value in (estimate, low, high))
    return f"{middle} ({interval(ends[0], ends[1], view.language)})"


def arm_labels(endpoint: Endpoint, view: View) -> dict[str, str]:
    """Return the names of the test and of the reference arm, or of readers, by role."""
    compare = getattr(endpoint, "compare", None)
    if compare is not None and compare.by == "reader":
        names = {reader.id: view.say(reader.label) for reader in view.protocol.readers}
        ids = {role: getattr(compare, role) for role in ("test", "reference")}
        return {role: names.get(reader, reader) for role, reader in ids.items()}
    labels = {}
    for role in ("test", "reference"):
        arm_id = getattr(compare, role) if compare else None
        arm = next(
            (
                arm
                for arm in view.protocol.arms
                if (arm.id == arm_id if arm_id else arm.role == role)
            ),
            None,
        )
        labels[role] = view.say(arm.label) if arm else role
    return labels


def arm_ids(endpoint: Endpoint, view: View) -> dict[str, str]:
    """Return the ids of the test and of the reference arm, by role."""
    compare = getattr(endpoint, "compare", None)
    if compare is not None:
        return {"test": compare.test, "reference": compare.reference}
    arms = {role: view.protocol.arm(role) for role in ("test", "reference")}
    return {role: arm.id for role, arm in arms.items() if arm is not None}


def arm_headers(endpoint: Endpoint, view: View) -> dict[str, str]:
    """Return the names of both arms as headers of columns, by role, with the unit of shares."""
    ids, names = arm_ids(endpoint, view), arm_labels(endpoint, view)
    of = (view.record(endpoint.id, endpoint.set, "estimate", {"arm": a}) for a in ids.values())
    if not any(record is not None and record.unit == "proportion" for record in of):
        return names
    return {role: view.texts("metric.share", metric=names[role]) for role in ids}


def time_unit(endpoint: Endpoint, view: View) -> str:
    """Return the unit of the time: of a span, or of the only field that it is."""
    measure = str(getattr(endpoint, "measure", ""))
    span = _SPANS.get(measure.partition("(")[0])
    if span is not None:
        return unit_name(view, span)
    form_id = getattr(endpoint, "form", "")
    form = next((form for form in view.protocol.forms if form.id == form_id), None)
    field = form.field(measure) if form is not None else None
    return unit_name(view, field.unit) if field is not None and field.unit else ""

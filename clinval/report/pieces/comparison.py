"""Comparisons of two arms: of proportions, means, ranks and times to an event."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Number, Paragraph, Rich, Run, runs
from clinval.report.numbers import printed
from clinval.report.pieces import Aspect
from clinval.report.pieces.arms import by_arm, by_site
from clinval.report.pieces.center_model import center_models
from clinval.report.pieces.centers import forest, heterogeneity, without_each
from clinval.report.pieces.common import set_label, tone, unit_words, with_reasons
from clinval.report.pieces.effect import effect_words, scale_of, unit_of
from clinval.report.pieces.other_methods import other_methods
from clinval.report.pieces.paired_times import pairs, pairs_by_center
from clinval.report.pieces.robustness import depends_on, robustness
from clinval.report.pieces.sensitivity import missing_data
from clinval.report.pieces.sets import intervals, side_by_side
from clinval.report.pieces.subgroups import subgroups
from clinval.report.pieces.survival import survival
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return what is compared, its estimate and its interval."""
    estimate = view.statistic(endpoint, "estimate", suffix=False)
    return effect_words(endpoint, view), (estimate,), view.limits(endpoint)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, the numbers behind it and its picture across centers."""
    scale = scale_of(endpoint, view)
    return [
        _decision(endpoint, view),
        *by_arm(endpoint, view, brief=True),
        *survival(endpoint, view),
        *intervals(endpoint, view, scale),
        *forest(endpoint, view, scale),
    ]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the decision and whether it holds; centers; counts; missing results; or subgroups."""
    scale = scale_of(endpoint, view)
    match which:
        case "decision":
            return [
                _decision(endpoint, view),
                *robustness(endpoint, view),
                *by_arm(endpoint, view, brief=False),
                *survival(endpoint, view),
                *pairs(endpoint, view),
                *intervals(endpoint, view, scale),
                *side_by_side(endpoint, view),
                *other_methods(endpoint, view),
            ]
        case "sites":
            return [
                *forest(endpoint, view, scale),
                *pairs_by_center(endpoint, view),
                *center_models(endpoint, view),
                *heterogeneity(endpoint, view),
                *without_each(endpoint, view, scale),
            ]
        case "counts":
            return by_site(endpoint, view)
        case "missing":
            return missing_data(endpoint, view)
        case "subgroups":
            return subgroups(endpoint, view, scale)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words; the bounds are those of the analysis."""
    unit = unit_of(endpoint, view)
    name = unit_words(view, "proportion_difference" if unit == "percent" else unit)
    level = f"{endpoint.level:.0%}"
    found: list[Run] = []
    for statistic, key in (("bound_low", "hypothesis.above"), ("bound_high", "hypothesis.below")):
        record = view.record(endpoint.id, endpoint.set, statistic)
        if record is not None:
            bound = Number(printed(record.value, unit, suffix=False), record.id)
            found += [view.texts("hypothesis.and")] if found else []
            found += runs(view.texts.rich(key, level=level, bound=bound, unit=name))
    return tuple(found) or view.texts("hypothesis.none")


def _decision(endpoint: Endpoint, view: View) -> Block:
    verdict = view.word(endpoint, "verdict")
    comparison = getattr(endpoint, "comparison", "estimation")
    key = "decision.none" if verdict == "none" else "decision"
    text = view.texts.rich(
        key,
        effect=effect_words(endpoint, view),
        estimate=view.statistic(endpoint, "estimate", suffix=False),
        interval=view.limits(endpoint),
        level=f"{endpoint.level:.0%}",
        n=view.statistic(endpoint, "n"),
        set=set_label(view, endpoint.set),
        hypothesis=hypothesis(endpoint, view),
    )
    text = with_reasons(view, text)
    if verdict == "none":
        return Paragraph(text=text)
    text = (*runs(text), *runs(depends_on(endpoint, view)))
    title = view.texts(f"verdict.{comparison}.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=text, tone=tone(verdict))

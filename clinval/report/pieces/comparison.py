"""Comparisons of two arms: of proportions, means, ranks and times to an event."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Number, Paragraph, Rich, Run, runs
from clinval.report.numbers import printed
from clinval.report.pieces.arms import by_arm, by_site
from clinval.report.pieces.center_model import center_models
from clinval.report.pieces.centers import forest, heterogeneity, without_each
from clinval.report.pieces.common import set_label, tone, unit_words, with_reasons
from clinval.report.pieces.effect import effect_words, scale_of, unit_of
from clinval.report.pieces.other_methods import other_methods
from clinval.report.pieces.robustness import depends_on, robustness
from clinval.report.pieces.sensitivity import missing_data
from clinval.report.pieces.sets import intervals, side_by_side
from clinval.report.pieces.subgroups import subgroups
from clinval.report.pieces.survival import survival
from clinval.report.view import View

__all__ = ["headline", "hypothesis", "result"]


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return what is compared, its estimate and its interval."""
    estimate = view.statistic(endpoint, "estimate", suffix=False)
    return effect_words(endpoint, view), (estimate,), view.limits(endpoint)


def result(endpoint: Endpoint, view: View, *, brief: bool) -> list[Block]:
    """Return the decision, the numbers behind it, its picture, and whether it holds."""
    scale = scale_of(endpoint, view)
    blocks: list[Block] = [_decision(endpoint, view)]
    if not brief:
        blocks += robustness(endpoint, view)
    blocks += by_arm(endpoint, view, brief=brief)
    blocks += survival(endpoint, view)
    blocks += intervals(endpoint, view, scale)
    if not brief:
        blocks += side_by_side(endpoint, view)
    blocks += forest(endpoint, view, scale)
    if not brief:
        blocks += center_models(endpoint, view)
        blocks += heterogeneity(endpoint, view)
        blocks += without_each(endpoint, view, scale)
        blocks += by_site(endpoint, view)
        blocks += other_methods(endpoint, view)
        blocks += missing_data(endpoint, view)
        blocks += subgroups(endpoint, view, scale)
    return blocks


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

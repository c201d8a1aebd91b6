"""Multi-reader multi-case studies: the decision, the readers, centers, versions of the truth."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Paragraph, Rich
from clinval.report.pieces import Aspect, comparison
from clinval.report.pieces.centers import forest, heterogeneity, without_each
from clinval.report.pieces.effect import scale_of
from clinval.report.pieces.mrmc_methods import metric_in_plain_words, result_paragraph
from clinval.report.pieces.mrmc_readers import by_reader, reader_table
from clinval.report.pieces.mrmc_roc import averaged_curves
from clinval.report.pieces.mrmc_tables import analyses, arms, sites, truths
from clinval.report.pieces.mrmc_words import cautions, decision
from clinval.report.pieces.robustness import robustness
from clinval.report.pieces.sets import intervals, side_by_side
from clinval.report.pieces.subgroups import subgroups
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return what is compared, its estimate and its interval."""
    return comparison.headline(endpoint, view)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    return comparison.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, what speaks against it, the readers and the picture across centers.

    Of calls the readers are shown by themselves: a curve says nothing of the threshold.
    """
    meaning = metric_in_plain_words(endpoint, view)
    calls = getattr(endpoint, "cut", None) is not None
    pictures = by_reader if calls else averaged_curves
    return [
        decision(endpoint, view),
        *([Paragraph(text=meaning)] if meaning else []),
        *cautions(endpoint, view),
        *pictures(endpoint, view),
        *forest(endpoint, view, scale_of(endpoint, view)),
    ]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the decision with its readers; centers; counts; missing reads; or subgroups."""
    scale = scale_of(endpoint, view)
    match which:
        case "decision":
            return [
                decision(endpoint, view),
                *cautions(endpoint, view),
                arms(endpoint, view),
                Paragraph(text=result_paragraph(endpoint, view), style="note"),
                *robustness(endpoint, view),
                *averaged_curves(endpoint, view),
                *by_reader(endpoint, view),
                *reader_table(endpoint, view),
                *truths(endpoint, view),
                *intervals(endpoint, view, scale),
                *side_by_side(endpoint, view),
            ]
        case "sites":
            return [
                *forest(endpoint, view, scale),
                *heterogeneity(endpoint, view),
                *analyses(endpoint, view, ("stratified",)),
                *without_each(endpoint, view, scale),
            ]
        case "counts":
            return [sites(endpoint, view)]
        case "missing":
            return analyses(endpoint, view, ("complete_cases",))
        case "subgroups":
            return subgroups(endpoint, view, scale)

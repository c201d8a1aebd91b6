"""Multi-reader multi-case studies: the decision, the readers, centers, versions of the truth."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Paragraph, Rich
from clinval.report.pieces import Aspect, comparison
from clinval.report.pieces.centers import forest, heterogeneity, without_each
from clinval.report.pieces.effect import scale_of
from clinval.report.pieces.mrmc_readers import by_reader, reader_table
from clinval.report.pieces.mrmc_roc import averaged_curves
from clinval.report.pieces.mrmc_tables import analyses, arms, sites, truths
from clinval.report.pieces.mrmc_words import cautions, decision, method_paragraph
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
    """Return the decision, what speaks against it, the curves and the picture across centers."""
    return [
        decision(endpoint, view),
        *cautions(endpoint, view),
        *averaged_curves(endpoint, view),
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
                Paragraph(text=method_paragraph(endpoint, view), style="note"),
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

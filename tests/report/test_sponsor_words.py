"""What the sponsor says is printed, what he does not say is named; plain words keep to records."""

from __future__ import annotations

import pytest
from test_pieces import analysed, disposition, said, seen
from test_undefined_numbers import differing, results_of, scans, timed, view_of

from clinval.core.i18n import LANGUAGES
from clinval.protocol.base import Text
from clinval.report.blocks import NotSupplied, Paragraph, Strong, Table
from clinval.report.pieces.events import deviations, failures
from clinval.report.pieces.integrity import limits
from clinval.report.pieces.lay import lay_summary
from clinval.report.pieces.narrative import fact, narrative
from clinval.report.view import View


def speaking(view, **words):
    declared = {name: Text(en=text, zh=f"{text}。") for name, text in words.items()}
    protocol = view.protocol.model_copy(update={"narrative": declared})
    return View(protocol=protocol, results=view.results, language=view.language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_stand_behind_their_title_paragraph_by_paragraph(language):
    view = speaking(view_of("means, two centers", language), background="One.\nTwo.")
    first, second = narrative(view, "background")
    assert isinstance(first, Paragraph)
    assert isinstance(first.text[0], Strong)
    assert "One." in said([first])
    assert "Two." in said([second])
    assert "One." in fact(view, "background")[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_said_is_named_with_where_to_say_it(language):
    view = view_of("means, two centers", language)
    [block] = narrative(view, "benefit_risk")
    assert isinstance(block, NotSupplied)
    assert block.slot == "narrative.benefit_risk"
    assert "narrative.benefit_risk" in said([block])
    assert fact(view, "benefit_risk")[1] == view.texts("not_supplied")


def test_limits_ask_for_the_balance_only_where_nobody_has_given_it():
    view = analysed(timed(scans({"S01": 6, "S02": 6}, differing)))
    asked = view.texts("limits.sponsor")
    assert asked in said(limits(view))
    assert asked not in said(limits(speaking(view, benefit_risk="A balance.")))


def test_plain_words_give_each_result_with_its_interval_or_none_at_all():
    view = analysed(timed(scans({"S01": 6, "S02": 6}, differing)))
    text = said(lay_summary(view))
    [endpoint] = view.protocol.endpoints
    limits_of = view.limits(endpoint)
    assert "".join(r if isinstance(r, str) else r.text for r in limits_of) in text
    undefined = view_of("means, one subject", "en")
    text = said(lay_summary(undefined))
    assert undefined.texts("lay.result.none", endpoint="") in text
    estimate = undefined.statistic(undefined.protocol.endpoints[0], "estimate", suffix=False)
    assert estimate.text not in text


def test_what_a_study_does_not_record_is_a_gap_not_a_zero():
    protocol, _ = results_of("means, one subject")
    view = seen(protocol, ())
    for piece, form in ((deviations, "F09"), (failures, "F10")):
        [block] = piece(view)
        assert isinstance(block, NotSupplied)
        assert block.slot == f"forms.{form}"


@pytest.mark.parametrize("count", [3, 30])
def test_events_of_many_sites_stand_below_one_another(count):
    protocol, _ = results_of("means, one subject")
    sites = tuple(
        protocol.sites[0].model_copy(update={"id": f"S{number:02d}"}) for number in range(count)
    )
    many = protocol.model_copy(update={"sites": sites})
    from clinval.report.pieces.events import safety

    view = seen(many, disposition(**{"rows.F05": 3, "events.F05.repeated.yes": 3}))
    [table] = [block for block in safety(view) if isinstance(block, Table)]
    assert len(table.columns) == (count + 2 if count < 12 else 2)
    assert len(table.rows) == (1 if count < 12 else count + 1)

"""Claims: decided by the limit on their side, whatever the estimate says."""

import kit
import pytest

from clinval.core.errors import AnalysisError
from clinval.core.records import Record, Results
from clinval.endpoints.claims import claims
from clinval.report.pieces.limit_claims import limit_claims
from clinval.report.view import View

SOURCE = "the words of the claim"


def claim(**said):
    return {"id": "C1", "text": "It is faster.", "endpoint": "P1", "source": SOURCE} | said


def record(statistic, value, group=None, *, level=0.95):
    place = "+".join(f"{k}={v}" for k, v in (group or {}).items()) or "all"
    return Record(
        id=f"P1.FAS.{place}.{statistic}", endpoint="P1", analysis_set="FAS", statistic=statistic,
        value=value, undefined=value is None, reason="" if value is not None else "no pair",
        group=group or {}, unit="min", level=level, n=30, method="mean_difference.paired",
    )  # fmt: skip


ESTIMATE, LOW, HIGH = 7.0, 6.2, 7.8
RECORDS = [
    record("estimate", ESTIMATE), record("ci_low", LOW), record("ci_high", HIGH),
    record("saved", ESTIMATE), record("saved_ci_low", LOW), record("saved_ci_high", HIGH),
    record("npv", ESTIMATE), record("npv_low", LOW), record("npv_high", HIGH),
    record("prediction_low", 4.8), record("prediction_high", 9.1), record("share", 0.9),
    *(record(name, value, {"site": site})
      for site, values in {"S01": (9, 8, 10), "S02": (7, 5, 9)}.items()
      for name, value in zip(("saved", "saved_ci_low", "saved_ci_high"), values, strict=True)),
]  # fmt: skip


def decided(said, records=RECORDS):
    protocol = kit.protocol(claims=[claim(**said)])
    found = claims(protocol, records)
    kit.check(found)
    return {r.id.removeprefix("claims.FAS.claim=C1").removeprefix("."): r for r in found}, protocol


@pytest.mark.parametrize(
    ("said", "limit", "word"),
    [
        ({"above": 6.0}, LOW, "shown"),
        ({"above": 6.2}, LOW, "estimate_only"),  # on the threshold is not beyond it
        ({"above": 6.5}, LOW, "estimate_only"),
        ({"above": 7.0}, LOW, "not_shown"),
        ({"below": 8.0}, HIGH, "shown"),
        ({"below": 7.5}, HIGH, "estimate_only"),
        ({"below": 6.5}, HIGH, "not_shown"),
        ({"statistic": "saved", "above": 6.5}, LOW, "estimate_only"),
        ({"statistic": "npv", "above": 6.0}, LOW, "shown"),
        ({"at": "further_site", "above": 6.0}, 4.8, "estimate_only"),
        ({"at": "further_site", "above": 4.0}, 4.8, "shown"),
    ],
)
def test_the_limit_on_the_side_of_the_threshold_decides(said, limit, word):
    found, _ = decided(said)
    assert found["decision"].value == word
    assert found["limit"].value == limit
    assert found["limit"].level == 0.95
    assert found["limit"].method == "mean_difference.paired"
    assert found["estimate"].value == ESTIMATE
    assert found["threshold"].unit == "min"


@pytest.mark.parametrize("said", [
    {"statistic": "share", "above": 0.8}, {"statistic": "npv", "above": 1, "at": "further_site"},
])  # fmt: skip
def test_a_number_without_limits_decides_nothing(said):
    found, _ = decided(said)
    assert found["decision"].undefined
    assert found["decision"].reason == "the number has no limits"


def test_an_undefined_limit_decides_nothing():
    records = [record("estimate", ESTIMATE), record("ci_low", None)]
    assert decided({"above": 1.0}, records)[0]["decision"].undefined


def test_every_site_has_to_show_it():
    found, _ = decided({"statistic": "saved", "above": 6.0, "at": "every_site"})
    assert found["+site=S01.decision"].value == "shown"
    assert found["+site=S02.decision"].value == "estimate_only"
    assert (found["sites_shown"].value, found["sites_shown"].n) == (1, 2)
    assert found["decision"].value == "not_shown"
    found, _ = decided({"statistic": "saved", "above": 4.0, "at": "every_site"})
    assert found["decision"].value == "shown"


@pytest.mark.parametrize("at", ["all", "every_site"])
def test_what_its_turn_did_not_come_to_is_not_shown_by_another_name(at):
    waiting = Record(id="P1.claim", endpoint="P1", analysis_set="FAS", statistic="claim",
                     value="not_tested")  # fmt: skip
    said = {"statistic": "saved", "above": 1.0, "at": at}
    assert decided(said, [*RECORDS, waiting])[0]["decision"].value == "not_tested"


def test_a_number_that_the_endpoint_does_not_give_stops_and_names_those_it_gives():
    with pytest.raises(AnalysisError) as error:
        decided({"statistic": "minutes", "above": 1.0})
    [problem] = error.value.problems
    assert problem.kind == "claim-statistic-unknown"
    assert "estimate, npv, saved" in problem.line("en")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({}, "claim-threshold"),
        ({"above": 1.0, "below": 2.0}, "claim-threshold"),
        ({"above": 1.0, "endpoint": "P9"}, "endpoint-unknown"),
    ],
)
def test_slips_in_the_protocol(said, kind):
    assert kit.problems(claims=[claim(**said)]) == [kind]
    twice = [claim(above=1.0), claim(below=2.0)]
    assert kit.problems(claims=twice) == ["id-twice"]


def test_a_report_shows_the_limit_that_decides_and_says_so_when_only_the_estimate_passes():
    found, protocol = decided({"above": 6.5})
    view = View(protocol, Results(provenance={}, records=tuple(found.values())), "en")
    [table] = limit_claims(view)
    [row] = table.rows
    numbers = ["".join(getattr(run, "text", run) for run in cell) for cell in row.cells[1:]]
    assert numbers == [
        "P1: lower 95% confidence limit above 6.5 min", "7.0", "6.2",
        "not shown: the estimate alone would pass",
    ]  # fmt: skip
    assert "must not be made" in str(table.notes)
    found, protocol = decided({"statistic": "saved", "above": 6.0, "at": "every_site"})
    view = View(protocol, Results(provenance={}, records=tuple(found.values())), "zh")
    [table] = limit_claims(view)
    [row] = table.rows
    assert "".join(getattr(run, "text", run) for run in row.cells[3]) == "2 家中 1 家"
    notes = ["".join(getattr(run, "text", run) for run in note) for note in table.notes]
    assert "C1 各医院判定限：S01 8.0分钟（成立）；S02 5.0分钟（不成立：仅点估计达到）。" in notes

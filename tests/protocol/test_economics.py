"""The economics of a site: every slip named once where it is, and what the inputs come to."""

import pytest
from sound_study import change, marked, named, reading

CONTRIBUTION = "      contribution_per_exam: {value: 95, source: controlling}\n"
DEMAND = "demand_per_day: {value: 30, source: waiting list}"
PAYERS = """\
      payers:
        - {name: Statutory, share: {value: 0.85, source: s}, reimbursement: {value: 100, source: s}}
        - {name: Private, share: {value: 0.15, source: s}, reimbursement: {value: 200, source: s}}
      variable_cost_per_exam: {value: 20, source: s}
"""
CORRELATED = (
    "  correlations: [{between: [demand_per_day, purchase], value: 0.5, source: s}]\n  sites:\n"
)
PURCHASE = "purchase: {value: 120000, source: offer}"
FULL = """\
      scanners: {value: 2, source: s}
      teams: {value: 2, source: s}
      slot_minutes_today: {value: 30, source: s}
      slot_step_minutes: {value: 5, source: s}
      room_time_cv: {value: 0.2, source: s}
      no_show_share: {value: 0.05, source: s, low: 0.02, high: 0.1}
      overbooked_per_day: {value: 1, source: s}
      urgent_per_day: {value: 1.5, source: s}
      overtime_limit_minutes: {value: 60, source: s}
      overtime_cost_per_hour: {value: 180, source: s}
      hire_avoided_per_year: {value: 60000, source: s}
      hire_minutes_per_day: {value: 120, source: s}
      downtime_days_per_year: {value: 1, source: s}
      demand_growth_per_year: {value: 0.02, source: s}
      extra_staff_per_year: {value: 5000, source: s}
      residual_value: {value: 10000, source: s}
      ramp_up: [{value: 0.5, source: s}, {value: 1, source: s}]
"""


def limits(text, entered=DEMAND):
    return [(entered, "«" + entered.replace("}", f", {text}}}"))]


SLIPS = {
    "input-limits": limits("low: 31, high: 40"),
    "input-lognormal": limits("low: 10, high: 40, distribution: lognormal"),
    "payer-shares": [
        (CONTRIBUTION, PAYERS.replace("0.85", "0.9").replace("payers:\n", "«payers:\n"))
    ],
    "contribution-missing": [("    S01: &hospital", "    «S01: &hospital"), (CONTRIBUTION, "")],
    "contribution-twice": [
        (CONTRIBUTION, CONTRIBUTION + PAYERS.replace("payers:\n", "«payers:\n"))
    ],
    "correlation-unknown": [
        *limits("low: 20, high: 40"), ("«", ""),
        ("  sites:\n    S01:", CORRELATED.replace("between: [", "«between: [") + "    S01:"),
    ],
    "correlation-impossible": [
        *limits("low: 20, high: 40"), ("«", ""),
        (PURCHASE, PURCHASE.replace("}", ", low: 1, high: 200000}")),
        ("  sites:\n    S01:", CORRELATED.replace("correlations: [", "«correlations: [").replace(
            "source: s}]", "source: s}, {between: [demand_per_day, saved], value: 0.8, source: s}, "
            "{between: [purchase, saved], value: -0.8, source: s}]") + "    S01:"),
    ],
    "finance-form-missing": [
        ("    S01: &hospital\n", "    «S01: &hospital\n      form: fills\n")
    ],
    "input-needs-other": [
        (CONTRIBUTION, CONTRIBUTION + "      «hire_avoided_per_year: {value: 1, source: s}\n")
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", SLIPS)
def test_one_slip_is_named_once_where_it_is(kind, tmp_path):
    alone = ("    S02: *hospital\n", "")  # an alias would have the slip a second time
    text, places = marked(change(*SLIPS[kind], alone))
    found = reading(text, tmp_path).problems
    own = [problem for problem in found if problem.kind != "economics-missing"]
    assert [(p.place.line, p.place.column, p.kind) for p in own] == [
        (*place, kind) for place in places
    ]
    for problem in own:
        assert problem.line("en") != problem.line("zh")


@pytest.mark.parametrize("text", [
    "low: 20", "high: 40", "low: 30, high: 30", "low: 20, high: 29",
])  # fmt: skip
def test_limits_hold_the_value(text, tmp_path):
    slip, _ = marked(change(*limits(text), ("    S02: *hospital\n", "")))
    assert [kind for *_, kind in named(slip, tmp_path)] == ["input-limits"]


def test_everything_a_hospital_can_say(tmp_path):
    text = change(
        (CONTRIBUTION, PAYERS + FULL),
        *limits("low: 22.5, high: 40, distribution: lognormal"), ("«", ""),
        ("  sites:\n    S01:", CORRELATED.replace("purchase", "no_show_share") + "    S01:"),
        ("  reporting_currency", "  inflation: {value: 0.02, source: s}\n  reporting_currency"),
    )  # fmt: skip
    protocol = reading(text, tmp_path).protocol
    assert protocol is not None, reading(text, tmp_path).problems
    site = protocol.economics.sites["S01"]
    assert site.contribution == pytest.approx(0.85 * 100 + 0.15 * 200 - 20)
    values = {name: entered.value for name, entered in site.inputs()}
    assert values["reimbursement.2"] == 200
    assert values["ramp_up.1"] == 0.5
    assert values["scanners"] == 2
    assert len(values) == 7 + 5 + 16 + 2

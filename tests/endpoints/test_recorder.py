"""Records carry a number, or the reason why there is none; never anything in between."""

import dataclasses
import math

import kit
import numpy as np
import pytest
from hypothesis import given, strategies as st

from clinval.core.results import Estimate
from clinval.endpoints.hypothesis import hypothesis
from clinval.endpoints.recorder import Recorder
from clinval.protocol.endpoint import Margin


def recorder():
    return Recorder(endpoint="P1", analysis_set="FAS")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan"), None])
@pytest.mark.parametrize("reason", ["", "because"])
def test_what_is_no_number_is_undefined_and_has_a_reason(value, reason):
    made = recorder()
    made.add("estimate", value, reason=reason)
    (record,) = made.records
    assert (record.value, record.undefined) == (None, True)
    assert record.reason == (reason or "not a finite number")
    kit.check(made.records)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float64(1.5), 1.5),
        (np.int64(3), 3),
        ((np.arange(2) > 0)[1], bool("yes")),
        ("met", "met"),
        (0, 0),
    ],
)
def test_values_are_plain(value, plain):
    made = recorder()
    made.add("estimate", value, n=np.int64(4), reason="never said of a number")
    (record,) = made.records
    assert record.value == plain
    assert type(record.value) is type(plain)
    assert (record.reason, record.undefined) == ("", False)
    kit.check(made.records)


def test_ids_say_where_a_number_belongs():
    made = recorder()
    made.add("n", 1)
    made.add("n", 1, group={"site": "S01"})
    made.add("n", 1, group={"readers": "R1+R2", "without_site": "S01"})
    assert [record.id for record in made.records] == [
        "P1.FAS.all.n",
        "P1.FAS.site=S01.n",
        "P1.FAS.readers=R1+R2+without_site=S01.n",
    ]
    assert Recorder(endpoint="inputs", analysis_set="").id_of("n") == "inputs.all.n"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wide(Estimate):
    q: float | None = None
    loa_low_ci_low: float | None = None


def test_a_result_is_recorded_attribute_by_attribute():
    made = recorder()
    made.inputs = "f00"
    result = Wide(
        method="m.f", estimate=0.5, ci_low=math.inf, ci_high=None, level=0.9, q=2.0,
        loa_low_ci_low=0.25, undefined=True, reason="too few",
    )  # fmt: skip
    names = ("estimate", "ci_low", "ci_high", "q", "loa_low_ci_low", "missing")
    made.result(result, dict.fromkeys(names, "s"), n=7, rename={"q": "cochran"})
    kit.check(made.records)
    found = {record.statistic: record for record in made.records}
    assert list(found) == ["estimate", "ci_low", "ci_high", "cochran", "loa_low_ci_low", "missing"]
    assert found["estimate"].value == 0.5
    assert found["ci_low"].reason == found["missing"].reason == "too few"
    assert {name: record.level for name, record in found.items()} == {
        "estimate": None, "ci_low": 0.9, "ci_high": 0.9, "cochran": None, "loa_low_ci_low": 0.9,
        "missing": None,
    }  # fmt: skip
    assert {(r.method, r.n, r.unit, r.inputs) for r in made.records} == {("m.f", 7, "s", "f00")}


def test_what_was_computed_on_logs_is_shown_as_a_ratio():
    made = recorder()
    result = Estimate(method="m.f", estimate=math.log(2), ci_low=-1e9, ci_high=1e9)
    made.result(result, dict.fromkeys(("estimate", "ci_low", "ci_high"), ""), transform=math.exp)
    kit.check(made.records)
    low, high = (record.value for record in made.records[1:])
    assert made.records[0].value == pytest.approx(2)
    assert low == 0.0
    assert high is None  # beyond the largest number; certainly not its logarithm


def test_points_and_rows_are_plain_columns():
    made = recorder()
    made.points("limits", {"x": np.array([1.0, 2.0]), "y": (3, 4)})
    assert made.series[0].id == "P1.FAS.limits"
    assert made.series[0].columns == {"x": [1.0, 2.0], "y": [3, 4]}
    made.keep_rows("units", {"x": np.arange(2)})
    assert list(made.rows) == ["P1.FAS.units"]


comparisons = st.sampled_from(["non_inferiority", "equivalence", "superiority", "estimation"])
directions = st.sampled_from(["higher_is_better", "lower_is_better"])
limits = st.none() | st.floats(-3, 3)


@given(comparisons, directions, st.none() | st.floats(0.01, 2), st.booleans(), limits, limits)
def test_a_verdict_is_what_the_limits_say_of_the_bounds(comparison, direction, margin, ratio,
                                                        low, high):  # fmt: skip
    declared = None if margin is None else Margin(value=margin)
    claim = hypothesis(comparison, direction, declared, scale="ratio" if ratio else "difference")
    verdict = claim.verdict(low, high)
    if claim.above is None and claim.below is None:
        assert verdict == "none"
        assert comparison == "estimation" or (margin is None and comparison != "superiority")
    elif (claim.above is not None and low is None) or (claim.below is not None and high is None):
        assert verdict == "undefined"
    else:
        above = claim.above is None or low > claim.above
        below = claim.below is None or high < claim.below
        assert verdict == ("met" if above and below else "not_met")
    higher = direction == "higher_is_better"
    if comparison == "non_inferiority" and margin is not None:
        bound = claim.above if higher else claim.below
        assert bound == (margin if ratio else -margin if higher else margin)
        assert (claim.above is None) != (claim.below is None)
    if comparison == "equivalence" and margin is not None:
        product = claim.above * claim.below
        assert product == pytest.approx(1) if ratio else claim.above == -claim.below == -margin
    if comparison == "superiority" and margin is None:
        assert claim.bound == (1 if ratio else 0)

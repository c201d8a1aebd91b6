"""Budgets over draws are the budgets of each draw."""

import numpy as np
import pytest

from clinval.stats.roi import budget_impact
from clinval.stats.roi.budget import budgets

NOTHING = {"growth": 0, "offset": 0, "one_off": 0, "fixed": 0, "uptake_without.1": 0,
           "uptake_without.2": 0}  # fmt: skip


def test_each_draw_is_the_budget_impact_of_its_inputs():
    random = np.random.default_rng(3)
    names = ("eligible", "growth", "cost_new", "cost_old", "offset", "uptake.1", "uptake.2")
    scale = (1000, 0.2, 90, 60, 10, 1, 1)
    drawn = {name: random.random(40) * width for name, width in zip(names, scale, strict=True)}
    found = budgets({**NOTHING, **drawn}, 2)
    for draw in range(40):
        one = {name: float(values[draw]) for name, values in drawn.items()}
        known = budget_impact.undiscounted(
            one["eligible"], one["growth"], [one["uptake.1"], one["uptake.2"]], one["cost_new"],
            one["cost_old"], offset=one["offset"],
        )  # fmt: skip
        assert found.impact[draw] == pytest.approx(list(known.cost_by_year))
        assert found.people[draw, 1] == pytest.approx(one["eligible"] * (1 + one["growth"]))


def test_numbers_and_draws_may_stand_together():
    values = {**NOTHING, "eligible": 10, "cost_new": np.array([1.0, 2.0]), "cost_old": 1,
              "uptake.1": 1, "uptake.2": 0.5, "one_off": 7, "fixed": 3}  # fmt: skip
    found = budgets(values, 2)
    assert found.impact.tolist() == [[10.0, 3.0], [20.0, 8.0]]
    assert found.without.tolist() == [[10.0, 10.0]] * 2

"""Which limits stand for a Weibull distribution of few failures."""

from types import SimpleNamespace

import numpy as np
import pytest

from clinval.endpoints.life_distribution import record_distribution
from clinval.endpoints.recorder import Recorder
from clinval.stats.reliability import survival


@pytest.mark.parametrize(("last", "method"), [(1, "profile"), (6, "bootstrap")])
def test_few_failures_keep_profile_limits_where_simulated_studies_have_none(last, method):
    time = np.array([*(3.0 + k for k in range(last + 1)), *[20.0] * 17])
    event = (time < 20).astype(int)
    recorder = Recorder(endpoint="L1", analysis_set="FAS")
    context = SimpleNamespace(recorder=recorder, seed=1)
    given = time, event, np.zeros(len(time))
    clock, ends = SimpleNamespace(unit="days"), np.full(len(time), 20.0)
    record_distribution(given, ends, clock, {}, 0.95, 20, context)
    found = {record.statistic: record for record in recorder.records}
    assert found["scale_ci_low"].method == f"survival.weibull_{method}"
    plain = survival.weibull_profile(time, event)
    assert found["scale"].value == pytest.approx(plain.scale)
    assert (found["scale_ci_low"].value == plain.scale_ci_low) == (method == "profile")

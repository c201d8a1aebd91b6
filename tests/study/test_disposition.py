"""Every count of the disposition, once more with plain pandas, from the rows themselves."""

import kit
import numpy as np
import pandas as pd
import pytest

from clinval.core.problems import Place, Problem
from clinval.study.analysis_sets import memberships
from clinval.study.data import StudyData
from clinval.study.disposition import disposition
from clinval.study.receive import receive
from clinval.study.returns import HELD, Defect

SITES = {"S01": {"planned_subjects": 12}, "S02": {"planned_subjects": 8}, "S03": {}}
SETS = {
    "FAS": {
        "exclude": [
            {"when": "missing(enrolled)", "reason": "not recorded"},
            {"when": 'enrolled == "no"', "reason": "screen failure"},
        ]
    },
    "PPS": {
        "within": "FAS",
        "exclude": [{"when": "count(F05, scan_time_s < 500) < 2", "reason": "not complete"}],
    },
}
DECLARED = kit.protocol(sites=SITES, sets=SETS, forms=["F04", "F05", "F07", "F08", "F09"])


def population():
    """Return random tables with everything in them that can go wrong."""
    draw = np.random.default_rng(5)
    tables = {form.id: [] for form in DECLARED.forms}
    for site, subjects in (("S01", 12), ("S02", 7)):
        for number in range(subjects):
            key = {"site_id": site, "subject_id": f"{site}-{number:03d}"}
            enrolled = draw.choice(["yes", "yes", "yes", "no", None])
            tables["F04"].append({**key, "enrolled": enrolled})
            if number % 4 == 3:
                continue  # nothing was ever done
            for arm in ("TEST", "REF"):
                time = draw.choice([100.0, 600.0, None])
                if draw.random() < 0.8:
                    tables["F05"].append({**key, "arm": arm, "scan_time_s": time})
                for reader in ("R1", "R2"):
                    if draw.random() < 0.8:
                        tables["F07"].append({**key, "arm": arm, "reader_id": reader})
            if draw.random() < 0.4:
                kind, serious = draw.choice(["adverse_event", "device_deficiency"]), "no"
                tables["F08"].append(
                    {**key, "event_number": 1.0, "event_type": kind, "serious": serious}
                )
                tables["F09"].append({**key, "deviation_number": 1.0, "severity": "major"})
        ghost = {"site_id": site, "subject_id": f"{site}-900"}  # nobody enrolled it
        tables["F05"].append({**ghost, "arm": "TEST"})
        tables["F08"].append({**ghost, "event_number": 1.0, "event_type": "adverse_event"})
        tables["F07"].append({**ghost, "arm": "REF", "reader_id": "R1", HELD: "row-repeated"})
    return {form: pd.DataFrame(rows) for form, rows in tables.items()}


@pytest.fixture(scope="module")
def study():
    """Return the tables, the records by id, and the series by id."""
    tables = population()
    with kit.opened() as store:
        kit.fill(store, DECLARED, tables)
        data = StudyData(DECLARED, store)
        records, series = disposition(data, memberships(data))
    kit.check(records)
    assert all(record.endpoint == "disposition" for record in records)
    return tables, {record.id: record for record in records}, {one.id: one for one in series}


def by_site(records, statistic, set_id=""):
    """Return a count of each site; the sum has to be that of all sites."""
    prefix = f"disposition.{set_id}." if set_id else "disposition."
    counts = {site: records[f"{prefix}site={site}.{statistic}"].value for site in SITES}
    assert records[f"{prefix}all.{statistic}"].value == sum(counts.values())
    return counts


def counted(frame):
    """Return how many rows each site has."""
    return {site: int((frame["site_id"] == site).sum()) for site in SITES}


def test_planned_and_received(study):
    tables, records, _ = study
    assert by_site(records, "planned") == {"S01": 12, "S02": 8, "S03": 30}
    assert by_site(records, "received") == counted(tables["F04"])


def test_listed_subjects_are_the_plan():
    listed = DECLARED.model_copy(update={"subject_ids": {"S02": ("a", "b", "c")}})
    with kit.data(listed, {}) as data:
        records, _ = disposition(data, memberships(data))
    found = {record.id: record.value for record in records}
    assert found["disposition.site=S02.planned"] == 3
    assert found["disposition.site=S01.planned"] == 12


def test_sets_reconcile_to_the_subjects(study):
    tables, records, _ = study
    people, scans = tables["F04"], tables["F05"]
    recorded = people["enrolled"].notna()
    fas = people[recorded & (people["enrolled"] != "no")]
    assert by_site(records, "candidates", "FAS") == counted(people)
    assert by_site(records, "excluded.0", "FAS") == counted(people[~recorded])
    assert by_site(records, "excluded.1", "FAS") == counted(people[people["enrolled"] == "no"])
    assert by_site(records, "n", "FAS") == counted(fas)
    complete = scans[scans["scan_time_s"] < 500].groupby("subject_id").size()
    kept = fas["subject_id"].map(complete).fillna(0) >= 2
    assert by_site(records, "candidates", "PPS") == counted(fas)
    assert by_site(records, "excluded.0", "PPS") == counted(fas[~kept])
    assert by_site(records, "n", "PPS") == counted(fas[kept])
    for set_id, steps in (("FAS", 2), ("PPS", 1)):
        for site in SITES:
            out = sum(by_site(records, f"excluded.{step}", set_id)[site] for step in range(steps))
            members = by_site(records, "n", set_id)[site]
            assert out + members == by_site(records, "candidates", set_id)[site]


def test_rows_held_rows_and_stray_rows(study):
    tables, records, _ = study
    enrolled = set(tables["F04"]["subject_id"])
    for form, table in tables.items():
        held = table[HELD].notna() if HELD in table else pd.Series(data=False, index=table.index)
        assert by_site(records, f"rows.{form}") == counted(table[~held]), form
        assert by_site(records, f"held.{form}") == counted(table[held]), form
        if form != "F04":
            stray = table[~held & ~table["subject_id"].isin(enrolled)]
            assert by_site(records, f"stray.{form}") == counted(stray), form
    assert by_site(records, "held.F07") == {"S01": 1, "S02": 1, "S03": 0}
    assert by_site(records, "stray.F05") == {"S01": 1, "S02": 1, "S03": 0}


@pytest.mark.parametrize(("form", "complete"), [("F05", 2), ("F07", 4)])
def test_enrolled_subjects_without_rows_and_with_too_few(study, form, complete):
    tables, records, series = study
    people = tables["F04"]
    enrolled = people[people["enrolled"] != "no"]  # who is not recorded is not refused
    usable = tables[form]
    if HELD in usable:
        usable = usable[usable[HELD].isna()]
    rows = enrolled["subject_id"].map(usable.groupby("subject_id").size()).fillna(0)
    without = enrolled[rows == 0]
    assert len(without)
    assert by_site(records, f"without.{form}") == counted(without)
    assert by_site(records, f"incomplete.{form}") == counted(
        enrolled[(rows > 0) & (rows < complete)]
    )
    named = series[f"disposition.without.{form}"].columns
    assert named["subject"] == sorted(without["subject_id"])
    assert named["site"] == [name[:3] for name in named["subject"]]


def test_reads_of_other_blocks_are_not_missed():
    """R1 reads the subjects of S01, R2 of S02 every second: three complete, one half, one idle."""
    blocks = [
        {"id": "A", "readers": ["R1"], "subjects": {"sites": ["S01"]}},
        {"id": "B", "readers": ["R2"], "subjects": {"sites": ["S02"], "every": 2}},
        {"id": "C", "readers": ["R1"], "subjects": {"sites": ["S02"], "every": 2, "offset": 1}},
    ]
    declared = kit.protocol(design="split_plot", reading={"blocks": blocks})
    people = kit.enrolled({"S01": 2, "S02": 3})
    reader = {"S01-001": "R1", "S01-002": "R1", "S02-001": "R2", "S02-003": "R2"}
    reads = [
        {"site_id": subject[:3], "subject_id": subject, "arm": arm, "reader_id": name}
        for subject, name in reader.items()
        for arm in ("TEST", "REF")
        if (subject, arm) != ("S02-003", "REF")
    ]
    scans = [{**row, "arm": "TEST"} for row in people.to_dict("records")]
    with kit.data(declared, {"F04": people, "F05": scans, "F07": reads}) as data:
        records, _ = disposition(data, memberships(data))
    found = {record.id: record for record in records}
    assert by_two(found, "without.F07") == {"S01": 0, "S02": 1}
    assert by_two(found, "incomplete.F07") == {"S01": 0, "S02": 1}
    assert by_two(found, "incomplete.F05") == {"S01": 2, "S02": 3}


def by_two(records, statistic):
    """Return a count of each of two sites."""
    return {site: records[f"disposition.site={site}.{statistic}"].value for site in ("S01", "S02")}


def test_events_by_what_they_are(study):
    tables, records, _ = study
    for form, field in (("F08", "event_type"), ("F08", "serious"), ("F09", "severity")):
        table = tables[form]
        for code in DECLARED.form(form).field(field).codelist:
            statistic = f"events.{form}.{field}.{code}"
            assert by_site(records, statistic) == counted(table[table[field] == code]), code


def test_open_questions_by_weight():
    def defect(kind):
        return Defect(problem=Problem(kind=kind, place=Place(file="f"), parameters={}), form="F05")

    defects = [defect("number-not-read"), defect("value-unexpected"), defect("value-unexpected")]
    weights = [one.problem.severity.value for one in defects]
    with kit.opened() as store:
        returned = kit.returned(DECLARED, "S02", {"F05": []}, defects=defects)
        receive(store, returned, actor="a")
        data = StudyData(DECLARED, store)
        records, _ = disposition(data, memberships(data))
    found = {record.id: record for record in records}
    for weight in ("error", "query"):
        assert by_site(found, f"open.{weight}") == {
            "S01": 0,
            "S02": weights.count(weight),
            "S03": 0,
        }
    assert {"error", "query"} <= set(weights)


def test_an_empty_study_stands_at_zero():
    with kit.data(DECLARED, {}) as data:
        records, series = disposition(data, memberships(data))
    kit.check(records)
    for record in records:
        assert record.value == 0 or record.statistic == "planned", record
    assert all(one.columns == {"site": [], "subject": []} for one in series)

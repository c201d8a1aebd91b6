"""Deviations are a log: those that sites record, and those that follow from the data.

Rules: ISO 14155:2020 10; ICH E3 10.2
Where: study/deviations.py, study/checking/; `clinval deviations`
Also: tests/study/checking/test_study_findings.py
"""

import kit

from clinval.study.deviations import deviations

ACROSS = {
    "id": "W01", "type": "window", "severity": "major", "form": "F05",
    "take": {"other": {"form": "F05", "field": "acquisition_date", "by": ["subject_id"]}},
    "fires_when": "days(other, acquisition_date) > 7", "deviation": "window",
    "message": "More than a week between the scans.",
    "example": {"fires": {"acquisition_date": "2026-04-20", "other": "2026-04-06"},
                "silent": {"acquisition_date": "2026-04-08", "other": "2026-04-06"}},
}  # fmt: skip


def test_windows_and_eligibility_follow_from_the_data():
    declared = kit.protocol(forms=["F04", "F05", "F09"], checks={"across": [ACROSS]})
    people = kit.enrolled({"S01": 3}, eligible="yes")
    people.loc[1, "eligible"] = "no"
    scans = [
        {"site_id": "S01", "subject_id": subject, "arm": arm, "acquisition_date": day}
        for subject, last in (("S01-001", "2026-04-30"), ("S01-003", "2026-04-08"))
        for arm, day in (("TEST", "2026-04-06"), ("REF", last))
    ]
    recorded = [
        {"site_id": "S01", "subject_id": "S01-003", "deviation_number": 1, "category": "data"}
    ]
    with kit.data(declared, {"F04": people, "F05": scans, "F09": recorded}) as found:
        log = deviations(declared, found.store)
    assert {(d.subject, d.category, d.recorded) for d in log} == {
        ("S01-001", "window", False), ("S01-002", "eligibility", False), ("S01-003", "data", True),
    }  # fmt: skip
    assert all(d.severity for d in log if d.check)

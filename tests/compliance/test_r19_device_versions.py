"""The version of the product is known of each scan or read; a change of it is asked about.

Rules: ISO 14155:2020; EU MDR
Where: study/checking/conduct.py
Also: tests/study/checking/test_study_findings.py
"""

import kit

from clinval.study.study_checks import study_findings


def found(*said):
    declared = kit.protocol(forms=["F04", "F05"])
    people = kit.enrolled({"S01": len(said)})
    scans = [
        {
            "site_id": "S01", "subject_id": subject, "arm": "TEST", "software_version": version,
            "acquisition_date": f"2026-04-{day:02d}",
        }
        for day, (subject, version) in enumerate(zip(people["subject_id"], said, strict=True), 1)
    ]  # fmt: skip
    with kit.data(declared, {"F04": people, "F05": scans}) as data:
        return [
            (defect.problem.kind, defect.key)
            for _, defect in study_findings(declared, data.store)
            if defect.problem.kind.startswith("version")
        ]


def test_one_version_is_not_asked_about():
    assert found("1", "1", "1") == []


def test_another_version_in_the_course_of_the_study_is():
    kinds = dict(found("1", "1", "2"))
    assert kinds
    assert set(kinds.values()) == {"S01-003 | TEST"}

"""What a study is asked as a whole, on small studies with one mistake each."""

import shutil

import kit
import numpy as np
import pandas as pd
import pytest

from clinval.core.problems import Severity
from clinval.protocol.reading_order import reading_order
from clinval.study.deviations import deviations
from clinval.study.receive import receive
from clinval.study.study_checks import study_findings

SITES = ("S01", "S02", "S03", "S04")
READERS = ("R1", "R2", "R3")
PER_SITE = 12
FORMS = [
    "F01", "F03", "F04", "F07", "F09",
    {"use": "F05", "add": [
        {"id": "study_uid", "type": "text", "label": "Study UID"},
        {"id": "header_time_s", "type": "number", "label": "Scan time by the images", "unit": "s",
         "range": [0, 14400]},
        {"id": "header_serial", "type": "text", "label": "Serial number by the images"},
    ]},
    {"use": "F06", "add": [{"id": "referee", "type": "reader", "label": "Set by"}]},
]  # fmt: skip
CHECKS = {
    "unique": ["F05.study_uid"],
    "headers": [
        {"id": "D01", "entry": "F05.scan_time_s", "header": "F05.header_time_s", "share": 0.02},
        {"id": "D02", "severity": "critical", "entry": "F05.device_serial",
         "header": "F05.header_serial"},
    ],
    "across": [
        {
            "id": "W01",
            "type": "window",
            "severity": "major",
            "form": "F05",
            "take": {"other_date": {"form": "F05", "field": "acquisition_date",
                                    "by": ["subject_id"]}},
            "fires_when": "days(other_date, acquisition_date) > 7",
            "deviation": "window",
            "message": "More than a week between the scans.",
            "example": {"fires": {"acquisition_date": "2026-04-20", "other_date": "2026-04-06"},
                        "silent": {"acquisition_date": "2026-04-08", "other_date": "2026-04-06"}},
        },
        {
            "id": "W02",
            "type": "cross_form",
            "severity": "critical",
            "form": "F04",
            "fires_when": "enrolled == 'yes' and count(F05) == 0",
            "message": "Enrolled without a scan.",
            "example": {"fires": {"enrolled": "yes"}, "silent": {"enrolled": "no"}},
        },
    ],
}  # fmt: skip


def study(**more):
    said = {"forms": FORMS, "checks": CHECKS, **more}
    return kit.protocol(sites=SITES, readers=READERS, **said)


def tables():
    """Return returns of four sites without a mistake."""
    draw = np.random.default_rng(7)
    subjects = [(site, f"{site}-{n:03d}") for site in SITES for n in range(1, PER_SITE + 1)]
    scans, reads = [], []
    for site, subject in subjects:
        for arm, time in (("TEST", 318), ("REF", 742)):
            seconds = float(round(time * np.exp(draw.normal(0, 0.15))))
            scans.append({
                "site_id": site, "subject_id": subject, "arm": arm, "completed": "yes",
                "acquisition_date": "2026-04-06", "acquisition_order": 1 if arm == "TEST" else 2,
                "scan_time_s": seconds,
                "room_time_min": round(seconds / 60 + draw.uniform(6, 12), 1),
                "repeated": "no", "software_version": "1" if arm == "TEST" else "VX20",
                "device_serial": f"MR-{site}", "header_serial": f"mr-{site} ",
                "header_time_s": seconds + 1, "study_uid": f"1.2.{site}.{subject}.{arm}",
                "ctdivol_mgy": round(float(draw.lognormal(2, 0.3)), 2),
                "dlp_mgy_cm": round(float(draw.lognormal(5.6, 0.3)), 1),
            })  # fmt: skip
            reads += [
                {
                    "site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
                    "session": 1, "read_date": "2026-05-11",
                    "image_quality": int(draw.integers(2, 6)), "noise": int(draw.integers(2, 6)),
                    "reading_time_s": round(float(draw.lognormal(4.5, 0.3)), 1),
                }
                for reader in READERS
            ]  # fmt: skip
    people = [{"site_id": site, "subject_id": name, "enrolled": "yes"} for site, name in subjects]
    return {
        "F01": pd.DataFrame([{"site_id": s, "ethics_approval_date": "2026-03-16"} for s in SITES]),
        "F03": pd.DataFrame(
            [{"site_id": "S01", "reader_id": r, "training_date": "2026-04-27"} for r in READERS]
        ),
        "F04": pd.DataFrame(people),
        "F05": pd.DataFrame(scans),
        "F06": pd.DataFrame(
            [{"site_id": s, "subject_id": n, "referee": None} for s, n in subjects]
        ),
        "F07": pd.DataFrame(reads),
        "F09": pd.DataFrame(
            [
                {"site_id": s, "subject_id": f"{s}-001", "deviation_number": 1, "category": "data"}
                for s in SITES
            ]
        ),
    }


@pytest.fixture(scope="module")
def clean():
    return tables()


@pytest.fixture(scope="module")
def declared():
    return study()


@pytest.fixture(scope="module")
def received(clean, declared, tmp_path_factory):
    """The store of the study without a mistake."""
    path = tmp_path_factory.mktemp("clean") / "study.db"
    with kit.opened(path) as store:
        kit.fill(store, declared, clean)
    return path


@pytest.fixture
def asked(clean, declared, received, tmp_path):
    """Return (kind, site, key, field) of what is asked when one thing is changed."""

    def ask(change=None, protocol=declared):
        own = {name: frame.copy() for name, frame in clean.items()}
        if change is not None:
            change(own)
        path = shutil.copy(received, tmp_path / "study.db")
        with kit.opened(path) as store:
            for site in SITES:
                correct(store, protocol, site, clean, own)
            found = study_findings(protocol, store)
        for site, defect in found:
            assert defect.problem.place.file == f"{site}.xlsx"
            assert defect.problem.place.sheet == defect.form
            assert int(defect.problem.place.cell) > 4
            assert defect.problem.line("en") != defect.problem.line("zh")
        ask.found = [defect for _, defect in found]
        return [(d.problem.kind, site, d.key, d.field) for site, d in found]

    return ask


def correct(store, protocol, site, clean, own):
    """Receive those forms of a site that were changed."""
    changed = {}
    for name, frame in own.items():
        was, now = (each[each["site_id"] == site] for each in (clean[name], frame))
        if not was.equals(now):
            changed[name] = now
    if changed:
        sent = kit.returned(protocol, site, changed)
        receive(store, sent, actor="kit", reason="a mistake", withdraw=True)


def scan(frames, subject, arm, **values):
    rows = (frames["F05"]["subject_id"] == subject) & (frames["F05"]["arm"] == arm)
    assert rows.sum() == 1
    for name, value in values.items():
        frames["F05"].loc[rows, name] = value


def test_a_study_without_a_mistake_is_asked_nothing(asked):
    assert asked() == []


def test_the_same_data_are_asked_the_same(asked):
    def change(frames):
        scan(frames, "S01-001", "TEST", header_time_s=250.0)

    assert asked(change) == asked(change) != []


def test_before_the_first_return_there_is_nothing_to_ask(declared):
    with kit.opened() as store:
        assert study_findings(declared, store) == []


def test_a_value_in_another_unit_and_a_slipped_decimal_point(asked):
    def change(frames):
        scan(frames, "S02-003", "TEST", ctdivol_mgy=0.72)
        scan(frames, "S03-004", "REF", dlp_mgy_cm=30.1)
        scan(frames, "S03-005", "REF", dlp_mgy_cm=2900.0)

    assert asked(change) == [
        ("unit-suspected", "S02", "S02-003 | TEST", "ctdivol_mgy"),
        ("unit-suspected", "S03", "S03-004 | REF", "dlp_mgy_cm"),
        ("unit-suspected", "S03", "S03-005 | REF", "dlp_mgy_cm"),
    ]
    assert [d.problem.parameters["other"] for d in asked.found] == [
        "a value in cGy",
        "a value with the decimal point misplaced (/10)",
        "a value in mGy*mm",
    ]


def test_a_site_that_wrote_a_column_in_another_unit_is_asked_once(asked):
    def change(frames):
        own = frames["F05"]["site_id"] == "S04"
        frames["F05"].loc[own, "ctdivol_mgy"] /= 10

    assert asked(change) == [("unit-suspected-at-site", "S04", "S04-001 | REF", "ctdivol_mgy")]
    told = asked.found[0].problem
    assert told.parameters["count"] > 12
    assert told.parameters["rows"] == 24
    assert "cGy" in told.says("en")


def test_a_value_far_out_in_whatever_unit(asked):
    assert asked(lambda frames: scan(frames, "S01-002", "TEST", dlp_mgy_cm=8.7)) == [
        ("value-far-out", "S01", "S01-002 | TEST", "dlp_mgy_cm")
    ]


def test_a_site_that_differs_from_all_others(asked):
    def change(frames):
        own = frames["F05"]["site_id"] == "S02"
        frames["F05"].loc[own, "ctdivol_mgy"] *= 3

    assert asked(change) == [
        ("site-differs", "S02", "S02-001 | REF", "ctdivol_mgy"),
        ("site-differs", "S02", "S02-001 | TEST", "ctdivol_mgy"),
    ]


def test_a_reader_with_one_score_everywhere(asked):
    def change(frames):
        frames["F07"].loc[frames["F07"]["reader_id"] == "R2", "image_quality"] = 4

    assert asked(change) == [("values-constant", "S01", "S01-001 | REF | R2", "image_quality")]


def test_a_site_that_rounds(asked):
    def change(frames):
        own = frames["F05"]["site_id"] == "S03"
        rounded = (frames["F05"].loc[own, "dlp_mgy_cm"] / 5).round() * 5
        frames["F05"].loc[own, "dlp_mgy_cm"] = rounded

    protocol = study(checks={**CHECKS, "limits": {"Y08": {"least": 10}}})
    assert {(kind, site, field) for kind, site, _, field in asked(change, protocol)} == {
        ("values-rounded", "S03", "dlp_mgy_cm")
    }


def test_software_that_changed_and_software_that_the_protocol_does_not_test(asked):
    def change(frames):
        scan(frames, "S01-009", "REF", software_version="VX21", acquisition_date="2026-04-08")
        scan(frames, "S01-010", "REF", software_version="VX21", acquisition_date="2026-04-07")
        frames["F05"].loc[
            (frames["F05"]["site_id"] == "S02") & (frames["F05"]["arm"] == "TEST"),
            "software_version",
        ] = "2"

    assert asked(change) == [
        ("version-changed", "S01", "S01-010 | REF", "software_version"),
        ("version-not-of-protocol", "S02", "S02-001 | TEST", "software_version"),
    ]
    told = asked.found[0].problem.parameters
    assert (told["old"], told["new"], told["count"]) == ("VX20", "VX21", 2)
    assert asked.found[1].problem.severity is Severity.ERROR


def test_a_threshold_is_a_version_like_another(asked):
    protocol = study(checks={**CHECKS, "versions": ["F05.software_version", "F05.header_time_s"]})
    found = asked(None, protocol)
    assert {(kind, field) for kind, _, _, field in found} == {("version-changed", "header_time_s")}


def test_identifiers_that_two_subjects_share_are_not_shown(asked):
    shared = "1.2.S01.S01-002.TEST"
    assert asked(lambda frames: scan(frames, "S03-001", "REF", study_uid=shared)) == [
        ("value-not-unique", "S03", "S03-001 | REF", "study_uid")
    ]
    assert "1.2.S01" not in asked.found[0].problem.line("en")
    assert "S01-002" in asked.found[0].problem.line("en")


def test_a_row_that_was_copied(asked):
    def change(frames):
        copied = frames["F05"].query("subject_id == 'S01-004' and arm == 'TEST'").iloc[0]
        names = ["scan_time_s", "room_time_min", "ctdivol_mgy", "dlp_mgy_cm", "header_time_s"]
        scan(frames, "S02-007", "TEST", **{name: copied[name] for name in names})

    assert asked(change) == [("rows-alike", "S02", "S02-007 | TEST", "")]
    assert asked.found[0].problem.parameters["subject"] == "S01-004"


def test_entries_are_held_against_the_images(asked):
    def change(frames):
        scan(frames, "S01-001", "TEST", header_time_s=250)
        scan(frames, "S01-002", "TEST", header_serial="MR-S02")
        scan(frames, "S01-003", "TEST", header_serial=None, header_time_s=None)

    assert asked(change) == [
        ("entry-differs", "S01", "S01-001 | TEST", "scan_time_s"),
        ("critical-entry-differs", "S01", "S01-002 | TEST", "device_serial"),
    ]


def test_rules_across_forms(asked):
    def change(frames):
        reads = frames["F07"]
        early = (reads["subject_id"] == "S02-002") & (reads["reader_id"] == "R1")
        reads.loc[early & (reads["arm"] == "TEST"), "read_date"] = "2026-04-01"
        frames["F04"].loc[frames["F04"]["subject_id"] == "S03-003", "enrolled"] = "no"
        scan(frames, "S04-004", "TEST", acquisition_date="2026-03-12")
        scan(frames, "S04-004", "REF", acquisition_date="2026-03-12")
        scan(frames, "S01-005", "REF", acquisition_order=1)

    found = asked(change)
    checks = [d.problem.parameters.get("check") for d in asked.found]
    assert [(check, *which[:3]) for check, which in zip(checks, found, strict=True)] == [
        ("X01", "study-check-fires", "S02", "S02-002 | TEST | R1"),
        ("X02", "study-check-fires", "S03", "S03-003 | REF"),
        ("X02", "study-check-fires", "S03", "S03-003 | TEST"),
        ("X03", "critical-study-check-fires", "S04", "S04-004 | TEST"),
        ("X04", "deviation-not-recorded", "S02", "S02-002 | TEST | R1"),
        ("X07", "study-check-fires", "S01", "S01-005 | REF"),
        ("X07", "study-check-fires", "S01", "S01-005 | TEST"),
    ]


def test_a_deviation_is_asked_about_until_it_is_recorded(asked):
    def late(frames):
        scan(frames, "S01-001", "REF", acquisition_date="2026-04-30")

    assert asked(late) == [("deviation-not-recorded", "S01", "S01-001 | REF", "acquisition_date")]

    def recorded(frames):
        late(frames)
        frames["F09"]["category"] = "window"

    assert asked(recorded) == []


def test_the_log_has_what_sites_recorded_and_what_data_show(clean, declared, received, tmp_path):
    own = {name: frame.copy() for name, frame in clean.items()}
    people = own["F04"]
    people["eligible"] = "yes"
    people.loc[people["subject_id"] == "S01-002", "eligible"] = "no"
    scan(own, "S01-001", "REF", acquisition_date="2026-04-30")
    scan(own, "S01-003", "REF", acquisition_date="2026-04-29")
    own["F09"].loc[0, "category"] = "window"
    path = shutil.copy(received, tmp_path / "study.db")
    with kit.opened(path) as store:
        correct(store, declared, "S01", clean, own)
        log = deviations(declared, store)
    told = [(d.subject, d.category, d.check, d.key, d.recorded) for d in log]
    assert told == [
        ("S01-001", "window", "", "S01-001 | 1.0", True),
        *((f"{site}-001", "data", "", f"{site}-001 | 1.0", True) for site in SITES[1:]),
        ("S01-002", "eligibility", "F04-C02", "S01-002", False),
        ("S01-001", "window", "W01", "S01-001 | REF", True),
        ("S01-003", "window", "W01", "S01-003 | REF", False),
    ]


def test_a_study_counts_rows_of_another_form(asked):
    def change(frames):
        frames["F05"] = frames["F05"][frames["F05"]["subject_id"] != "S02-006"]

    assert asked(change) == [("critical-study-check-fires", "S02", "S02-006", "enrolled")]


def test_a_form_that_a_site_has_not_returned_is_not_missing(asked):
    def change(frames):
        frames["F01"] = frames["F01"][frames["F01"]["site_id"] != "S04"]
        scan(frames, "S04-004", "TEST", acquisition_date="2026-03-12")
        scan(frames, "S04-004", "REF", acquisition_date="2026-03-12")

    assert asked(change) == []


def test_a_reader_who_set_the_reference_of_a_case(asked):
    def change(frames):
        frames["F06"].loc[frames["F06"]["subject_id"] == "S02-002", "referee"] = "R3"

    assert asked(change) == [("reader-set-reference", "S02", "S02-002", "referee")]


def test_a_check_that_the_study_does_without_asks_nothing(asked):
    protocol = study(checks={**CHECKS, "drop": ["X01", "X04"]})

    def change(frames):
        frames["F07"].loc[0, "read_date"] = "2026-04-01"

    assert asked(change, protocol) == []
    assert len(asked(change)) == 2


def test_values_returned_under_another_meaning_are_not_compared(received):
    """The protocol now asks for minutes: the seconds of earlier returns are not checked as such."""
    minutes = [
        {**form, "use": "F05", "change": {"scan_time_s": {"range": [0, 240]}}}
        if isinstance(form, dict) and form["use"] == "F05"
        else form
        for form in FORMS
    ]
    with kit.opened(received) as store:
        assert study_findings(study(forms=minutes), store) == []


def reading(rows_of):
    """Return a study in which each reader reads by a list, and its reads at these times."""
    protocol = kit.protocol(
        design={"type": "crossed_readers", "washout_days": 28},
        sites=SITES[:2],
        readers=READERS[:2],
        reading={"sessions": 2},
        forms=["F04", {"use": "F07", "add": [
            {"id": "read_at", "type": "datetime", "label": "Read at"},
        ]}],
        endpoints=[{**kit.QUALITY, "form": "F07", "measure": "image_quality >= 3",
                    "combine": "majority"}],
    )  # fmt: skip
    rows = []
    for reader, reads in reading_order(protocol).items():
        for at, read in enumerate(reads):
            moment = np.datetime64("2026-05-11T09:00:00") + np.timedelta64(7 * at, "m")
            moment += np.timedelta64(40 * (read.session - 1), "D")
            keys = {"site_id": read.site, "subject_id": read.subject, "arm": read.arm}
            rows.append({**keys, "reader_id": reader, "session": read.session, "read_at": moment})
    return protocol, pd.DataFrame(rows_of(rows))


@pytest.mark.parametrize("swapped", [False, True])
def test_reads_are_held_against_the_order_of_the_list_to_the_minute(swapped):
    def spoil(rows):
        if swapped:
            first, second = rows[3], rows[4]
            first["read_at"], second["read_at"] = second["read_at"], first["read_at"]
        return rows

    protocol, reads = reading(spoil)
    people = kit.enrolled(dict.fromkeys(SITES[:2], 30))
    with kit.data(protocol, {"F04": people, "F07": reads}) as data:
        found = study_findings(protocol, data.store)
    told = [(d.problem.kind, dict(d.problem.parameters)["count"]) for _, d in found]
    assert told == ([("reads-out-of-order", 1)] if swapped else [])

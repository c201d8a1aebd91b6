"""Times from clock readings: what is used, what is left out, and that everything is counted."""

import datetime
from zoneinfo import ZoneInfo

import business
import kit
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

FIELDS = [
    {"id": name, "type": kind, "label": name}
    for name, kind in (
        ("room_in", "datetime"), ("room_out", "datetime"), ("scan_on", "time"), ("scan_off", "time")
    )
]  # fmt: skip
FORMS = ["F04", {"use": "F05", "add": FIELDS}, "F07"]
ROOM = {"start": "room_in", "end": "room_out", "longest_minutes": 120}
SCAN = {"start": "scan_on", "end": "scan_off", "longest_minutes": 60}
CLOCKS = {
    "id": "T1", "kind": "throughput", "where": 'completed == "yes"',
    "room_clock": ROOM, "scan_clock": SCAN,
}  # fmt: skip
KINDS = ("missing", "negative", "skipped", "too_long")
GOOD = ("2026-05-04T09:00", "2026-05-04T09:30", "09:05", "09:20")

# Germany put its clocks forward on 29 March 2026 at 2:00 and back on 25 October at 3:00
ODD = {
    "midnight": ("2026-05-04T23:50", "2026-05-05T00:20", "23:55", "00:10:30"),
    "spring": ("2026-03-29T01:50", "2026-03-29T03:20", "09:05", "09:20"),
    "autumn": ("2026-10-25T02:50", "2026-10-25T02:10", "09:05", "09:20"),
    "end first": ("2026-05-04T09:30", "2026-05-04T09:00", "09:20", "09:05"),
    "skipped": ("2026-03-29T02:30", "2026-03-29T03:20", "09:05", "09:20"),
    "too long": ("2026-05-04T09:00", "2026-05-04T11:00:01", "09:05", "10:06"),
    "no length": ("2026-05-04", "2026-05-04", "09:05", "09:05"),
    "no end": ("2026-05-04T09:00", None, "09:05", None),
}


def row(site, subject, arm, readings):
    names = ("room_in", "room_out", "scan_on", "scan_off")
    values = [
        np.datetime64(value) if value and name.startswith("room") else value
        for name, value in zip(names, readings, strict=True)
    ]
    return {"site_id": site, "subject_id": subject, "arm": arm, "completed": "yes",
            **dict(zip(names, values, strict=True))}  # fmt: skip


def tables(odd, sites=("S01", "S02")):
    """One good subject a site, then one a name of ``odd`` at the first, whose test arm is odd."""
    people = kit.enrolled({sites[0]: 1 + len(odd), **dict.fromkeys(sites[1:], 1)})
    rows = []
    for site, subject in people[["site_id", "subject_id"]].itertuples(index=False):
        number = int(subject[-3:]) - 1
        test = ODD[odd[number - 1]] if number else GOOD
        rows += [row(site, subject, "TEST", test), row(site, subject, "REF", GOOD)]
    return {"F04": people, "F05": rows}


def run(odd, **said):
    declared = business.declared(CLOCKS | said, forms=FORMS)
    return kit.values(kit.run(declared, tables(odd), "T1"))


def test_every_row_is_used_or_counted_as_left_out():
    found = run(tuple(ODD))
    assert {name: found[f"site=S01.room.{name}"] for name in KINDS} == {
        "missing": 1, "negative": 2, "skipped": 1, "too_long": 1,
    }  # fmt: skip
    assert {name: found[f"site=S01.scan.{name}"] for name in KINDS} == {
        "missing": 1, "negative": 1, "skipped": 0, "too_long": 2,
    }  # fmt: skip
    for time in ("room", "scan"):
        for place in ("all", "site=S01", "site=S02", "arm=TEST", "arm=REF"):
            out = sum(found[f"{place}.{time}.{name}"] for name in KINDS)
            assert found[f"{place}.{time}.rows"] == found[f"{place}.{time}.used"] + out
        assert found[f"all.{time}.rows"] == 2 * (len(ODD) + 2)
        assert found[f"arm=REF.{time}.used"] == len(ODD) + 2
    assert found["all.room.midnight"] == found["all.scan.midnight"] == 1
    assert found["all.room.clock_change"] == 2
    assert found["site=S01.n"] == 1 + 3  # midnight, spring and autumn
    assert found["site=S01.missing"] == 5


@pytest.mark.parametrize(
    ("odd", "room", "scan"), [("midnight", 30, 930), ("spring", 30, 900), ("autumn", 20, 900)]
)
def test_minutes_run_through_midnight_and_changes_of_the_clock(odd, room, scan):
    found = run((odd,))
    assert found["site=S01.room_reference"] == 30
    assert found["site=S01.saved"] == pytest.approx((30 - room) / 2)  # the other subject saves 0
    assert found["site=S01.scan_test"] == pytest.approx((900 + scan) / 2)


def test_the_clock_is_that_of_the_site():
    """China does not change its clocks: what Germany skipped was half an hour of a night there."""
    declared = business.declared(CLOCKS, forms=FORMS)
    night = ("2026-03-29T01:50", "2026-03-29T02:20", "09:05", "09:20")
    people = kit.enrolled({"S01": 1, "S02": 1})
    rows = [
        row(site, f"{site}-001", arm, night if arm == "TEST" else GOOD)
        for site in ("S01", "S02")
        for arm in ("TEST", "REF")
    ]
    found = kit.values(kit.run(declared, {"F04": people, "F05": rows}, "T1"))
    assert found["site=S01.room.skipped"] == 1
    assert found["site=S02.room.skipped"] == found["site=S02.saved"] == 0


moments = st.datetimes(datetime.datetime(2026, 3, 28), datetime.datetime(2026, 3, 30)) | (  # noqa: DTZ001
    st.datetimes(datetime.datetime(2026, 10, 24), datetime.datetime(2026, 10, 26))  # noqa: DTZ001
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(moments, st.integers(1, 7200)), min_size=1, max_size=8))
def test_what_really_passed_is_what_is_found(passed):
    """Moments in UTC, read off the clock on the wall: the elapsed time comes back."""
    zone, utc = ZoneInfo("Europe/Berlin"), datetime.UTC
    people = kit.enrolled({"S01": len(passed)})
    rows, kept = [], []
    for subject, (begun, seconds) in zip(people["subject_id"], passed, strict=True):
        start = begun.replace(microsecond=0, tzinfo=utc)
        end = start + datetime.timedelta(seconds=seconds)
        walls = [each.astimezone(zone) for each in (start, end)]
        if start.astimezone(zone).fold:  # the clock showed this hour before: it is taken as that
            continue
        shown = [wall.replace(tzinfo=None).isoformat() for wall in walls]
        first_reading = end.astimezone(zone).replace(fold=0).astimezone(utc)
        if end.astimezone(zone).fold and first_reading >= start:
            continue  # the same for the end
        rows += [row("S01", subject, "TEST", (*shown, *GOOD[2:])), row("S01", subject, "REF", GOOD)]
        kept.append(30 - seconds / 60)
    if not kept:
        return
    records = kit.run(business.declared(CLOCKS, forms=FORMS), {"F04": people, "F05": rows}, "T1")
    assert records["site=S01.room.used"].value == 2 * len(kept)
    assert records["site=S01.saved"].value == pytest.approx(np.mean(kept))


def test_a_negative_time_that_was_entered_is_left_out_and_counted():
    rule = {"room_minutes": "minutes(room_in, room_out)", "scan_seconds": "scan_time_s"}
    declared = business.declared(business.throughput(**rule), forms=FORMS)
    given_tables = tables(("end first", "no end"))
    for entry in given_tables["F05"]:
        entry["scan_time_s"] = 300.0
    found = kit.values(kit.run(declared, given_tables, "T1"))
    assert (found["site=S01.room.negative"], found["site=S01.room.missing"]) == (1, 1)
    assert found["site=S01.n"] == 1
    assert "all.scan.rows" not in found  # nothing was wrong with these


def test_a_trend_takes_clock_readings_too():
    rng = np.random.default_rng(3)
    rows = []
    for number in range(60):
        day = np.datetime64("2026-02-01") + int(rng.integers(0, 40))
        after = day >= np.datetime64("2026-02-21")
        minutes = round(30 * (0.7 if after else 1) * float(np.exp(rng.normal(0, 0.1))))
        start = day + np.timedelta64(9 * 60, "m")
        length = np.timedelta64(-5 if number == 7 else minutes, "m")
        rows.append(
            {"site_id": "S01", "subject_id": f"S01-{number:03d}", "completed": "yes",
             "arm": "TEST" if after else "REF", "acquisition_date": day, "room_in": start,
             "room_out": start + length, "room_time_min": None if number == 7 else minutes}
        )  # fmt: skip
    trend = {"id": "V1", "kind": "time_trend"}
    decided = {**kit.QUALITY, "id": "Z1", "combine": "all", "method": "miettinen_nurminen",
               "centers": "pooled"}  # fmt: skip
    people = [
        {"site_id": "S01", "subject_id": r["subject_id"], "enrolled": "yes", "arm": r["arm"]}
        for r in rows
    ]
    made = {"F04": people, "F05": rows}
    found = [
        kit.values(
            kit.run(kit.protocol(design="parallel", endpoints=[decided, trend | said], forms=FORMS),
                    made, "V1")
        )
        for said in ({"clock": ROOM}, {"measure": "room_time_min"})
    ]  # fmt: skip
    for name in ("estimate", "ci_low", "ci_high", "n", "missing"):
        assert found[0][f"all.{name}"] == pytest.approx(found[1][f"all.{name}"]), name
    assert found[0]["all.time.negative"] == found[0]["all.missing"] == 1
    assert not any(".time." in name for name in found[1])


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"room_clock": ROOM | {"start": "nothing"}}, ["clock-field"]),
        ({"room_clock": ROOM | {"end": "scan_time_s"}}, ["clock-field"]),
        ({"room_clock": ROOM | {"end": "scan_off"}}, ["clock-fields-differ"]),
        ({"room_clock": ROOM | {"end": "room_in"}}, ["clock-fields-differ"]),
        ({"room_minutes": "room_time_min"}, ["clock-and-entered"]),
        ({"scan_seconds": "scan_time_s"}, ["clock-and-entered"]),
        ({"room_clock": ROOM | {"longest_minutes": 0}}, ["value-out-of-limits"]),
        ({"room_clock": {"start": "room_in", "end": "room_out"}}, ["key-missing"]),
    ],
)
def test_each_misuse_is_found(said, kinds):
    found = kit.problems(
        sites=business.SITES, endpoints=[CLOCKS | said], economics=business.economics(),
        forms=FORMS,
    )  # fmt: skip
    assert set(kinds) <= set(found), found

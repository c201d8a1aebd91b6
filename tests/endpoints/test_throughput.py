"""From scan time to room time to exams a day, from the raw rows."""

import itertools
import math

import business
import kit
import numpy as np
import oracle
import pytest

MEASURED = business.declared(business.throughput())
ENTERED = business.declared(
    business.throughput(room_minutes=None),
    money=business.economics(
        S01={"room_minutes_per_exam": 30.0},
        S02={"room_minutes_per_exam": 35.5},
        S04={"room_minutes_per_exam": 30.0},
        S05={"room_minutes_per_exam": 30.0},
    ),
)


def run(declared, tables):
    return kit.run(declared, tables, "T1")


def savings(tables, *, measured):
    """Return the times of the subjects that have them, and the room minutes saved of each."""
    names = ("scan_time_s", "room_time_min") if measured else ("scan_time_s",)
    times = business.outcomes(tables, *names)
    if measured:
        return times, times["room_time_min.REF"] - times["room_time_min.TEST"]
    return times, (times["scan_time_s.REF"] - times["scan_time_s.TEST"]) / 60


def slots(open_minutes, slot):
    """Return how many whole slots a day has, by counting them."""
    count, used = 0, slot
    while used <= open_minutes + 1e-6:
        count, used = count + 1, used + slot
    return count


def check_saving(found, place, expected, tolerance=1e-9):
    names = ("saved", "saved_ci_low", "saved_ci_high")
    width = expected[2] - expected[1]
    for name, value in zip(names, expected, strict=True):
        assert found[f"{place}.{name}"] == pytest.approx(value, abs=tolerance * width), name


def check_exams(found, site, room, interval, inputs):
    slot = room + inputs["changeover_minutes"]
    for name, saving in (
        ("exams_reference", 0.0),
        ("exams_test", interval[0]),
        ("exams_test_low", interval[1]),
        ("exams_test_high", interval[2]),
    ):
        expected = slots(inputs["open_minutes_per_day"], slot - saving)
        assert found[f"site={site}.{name}"] == expected, name
    assert found[f"site={site}.demand"] == inputs["demand_per_day"]


@pytest.mark.parametrize("measured", [True, False], ids=["measured", "entered"])
@pytest.mark.parametrize("seed", [1, 2])
def test_minutes_saved_and_exams_a_day(seed, measured):
    tables = business.population(seed)
    records = run(MEASURED if measured else ENTERED, tables)
    found = kit.values(records)
    times, saved = savings(tables, measured=measured)
    entered = {"S01": 30.0, "S02": 35.5}
    everybody = tables["F04"]
    assert found["all.n"] == len(times)
    assert found["all.missing"] == len(everybody) - len(times) > 0
    for site in business.SITES:
        here, rows = saved[times["site_id"] == site], times[times["site_id"] == site]
        assert found[f"site={site}.n"] == len(here)
        expected = (everybody["site_id"] == site).sum() - len(here)
        assert found[f"site={site}.missing"] == expected
        if site == "S04":
            assert records["site=S04.saved"].reason == "no subject has both times"
            assert records["site=S04.exams_test"].undefined
            continue
        for arm, name in (("TEST", "test"), ("REF", "reference")):
            mean = rows[f"scan_time_s.{arm}"].mean()
            assert found[f"site={site}.scan_{name}"] == pytest.approx(mean)
        room = rows["room_time_min.REF"].mean() if measured else entered.get(site, 30.0)
        if site == "S03" and not measured:
            assert records["site=S03.room_test"].reason == "no room time is known"
        else:
            assert found[f"site={site}.room_reference"] == pytest.approx(room)
            assert found[f"site={site}.room_test"] == pytest.approx(room - here.mean())
        if site == "S03":
            assert records["site=S03.exams_test"].reason == "no economic inputs were given"
        if site == "S05":  # one subject: an estimate, and no interval
            assert found["site=S05.saved"] == pytest.approx(here.iloc[0])
            assert records["site=S05.saved_ci_low"].undefined
            slot = room + 5 - here.iloc[0]
            assert found["site=S05.exams_test"] == slots(720, slot)
            assert records["site=S05.exams_test_low"].undefined
            continue
        interval = oracle.mean_interval(here)
        check_saving(found, f"site={site}", interval)
        if site != "S03":
            check_exams(found, site, room, interval, business.INPUTS)


@pytest.mark.parametrize("measured", [True, False], ids=["measured", "entered"])
def test_minutes_saved_over_centers(measured):
    tables = business.population(9)
    found = kit.values(run(MEASURED if measured else ENTERED, tables))
    times, saved = savings(tables, measured=measured)
    check_saving(found, "all", oracle.random_site(saved, times["site_id"])[:3], 1e-4)
    for site in ("S01", "S02", "S03", "S05"):
        rest = times["site_id"] != site
        expected = oracle.random_site(saved[rest], times["site_id"][rest])[:3]
        check_saving(found, f"without_site={site}", expected, 1e-4)
    assert found["all.centers_without_error"] == 1
    groups = [saved[times["site_id"] == site] for site in ("S01", "S02", "S03")]
    between = oracle.between_centers(
        [group.mean() for group in groups],
        [group.std() / math.sqrt(len(group)) for group in groups],
    )
    for name in ("q", "q_p_value", "i2", "prediction_low", "prediction_high"):
        assert found[f"all.{name}"] == pytest.approx(between[name], rel=1e-3, abs=1e-3), name


def test_a_center_whose_saving_never_differs_has_no_error():
    """The standard deviation of 0.7, 0.7 and 0.7 is 0, in floating point 1e-16."""
    saved = {"S01": [0.7] * 3, "S02": [0.5, 0.9, 1.2], "S03": [0.4, 0.8, 0.3, 0.6]}
    people = kit.enrolled({site: len(values) for site, values in saved.items()})
    rows = [
        {"site_id": site, "subject_id": subject, "arm": arm, "completed": "yes",
         "scan_time_s": 60.0, "room_time_min": 0.0 if arm == "TEST" else value}
        for (site, subject), value in zip(
            people[["site_id", "subject_id"]].itertuples(index=False),
            itertools.chain.from_iterable(saved.values()),
            strict=True,
        )
        for arm in ("TEST", "REF")
    ]  # fmt: skip
    found = kit.values(run(MEASURED, {"F04": people, "F05": rows}))
    assert found["site=S01.saved"] == found["site=S01.saved_ci_low"] == pytest.approx(0.7)
    assert found["all.centers_without_error"] == 1
    between = oracle.between_centers(
        [np.mean(saved[site]) for site in ("S02", "S03")],
        [np.std(saved[site], ddof=1) / math.sqrt(len(saved[site])) for site in ("S02", "S03")],
    )
    assert found["all.q"] == pytest.approx(between["q"])


def test_only_the_scan_gets_shorter():
    """Amdahl: half the scan of a third of the room time saves a sixth of it, not half."""
    people = kit.enrolled({"S01": 4})
    rows = [
        {"site_id": "S01", "subject_id": name, "arm": arm, "completed": "yes", "scan_time_s": time}
        for name in people["subject_id"]
        for arm, time in (("TEST", 300.0), ("REF", 600.0))
    ]
    found = kit.values(run(ENTERED, {"F04": people, "F05": rows}))
    whole, part, reduction = 30.0, 10.0, 0.5
    assert found["site=S01.room_test"] == pytest.approx(whole - part * reduction)
    assert found["site=S01.exams_reference"] == 720 // 35
    assert found["site=S01.exams_test"] == 720 // 30


def test_a_slot_that_never_fits_is_no_exam():
    money = business.economics(ALL={"open_minutes_per_day": 10})
    tables = business.population(3)
    found = kit.values(run(business.declared(business.throughput(), money=money), tables))
    for name in ("exams_reference", "exams_test", "exams_test_low", "exams_test_high"):
        assert found[f"site=S01.{name}"] == 0


def test_a_saving_beyond_the_slot_leaves_no_slot():
    money = business.economics(ALL={"room_minutes_per_exam": 2.0, "changeover_minutes": 1})
    declared = business.declared(business.throughput(room_minutes=None), money=money)
    records = run(declared, business.population(4))
    assert records["site=S01.saved"].value > 3
    assert records["site=S01.exams_reference"].value == 240
    for name in ("exams_test", "exams_test_low", "exams_test_high"):
        assert records[f"site=S01.{name}"].reason == "no room time would be left"


def test_a_slower_product_saves_less_than_nothing():
    tables = business.population(5, faster=1.5)
    found = kit.values(run(MEASURED, tables))
    assert found["all.saved_ci_high"] < 0
    assert found["site=S01.exams_test"] < found["site=S01.exams_reference"]
    times = business.outcomes(tables, "scan_time_s", "room_time_min")
    here = times[times["site_id"] == "S01"]
    interval = oracle.mean_interval(here["room_time_min.REF"] - here["room_time_min.TEST"])
    check_exams(found, "S01", here["room_time_min.REF"].mean(), interval, business.INPUTS)


def test_one_center_speaks_for_itself():
    tables = business.population(6, {"S01": 8})
    found = kit.values(run(MEASURED, tables))
    for name in ("saved", "saved_ci_low", "saved_ci_high"):
        assert found[f"all.{name}"] == found[f"site=S01.{name}"]
    assert not any("without_site" in name for name in found)


def test_two_centers_without_each_other():
    tables = business.population(7, {"S01": 8, "S02": 9})
    found = kit.values(run(MEASURED, tables))
    for one, other in (("S01", "S02"), ("S02", "S01")):
        for name in ("saved", "saved_ci_low", "saved_ci_high"):
            assert found[f"without_site={one}.{name}"] == found[f"site={other}.{name}"]


@pytest.mark.parametrize(
    "tables",
    [{}, {"F04": kit.enrolled({"S01": 4})}, business.population(8, {"S05": 1})],
    ids=["nothing", "no scans", "one subject"],
)
@pytest.mark.parametrize("declared", [MEASURED, ENTERED], ids=["measured", "entered"])
def test_too_few_subjects_leave_it_undefined(tables, declared):
    records = run(declared, tables)
    assert records["all.saved"].undefined
    assert records["all.n"].value + records["all.missing"].value == len(tables.get("F04", ()))


def test_several_acquisitions_count_as_their_mean():
    people = kit.enrolled({"S01": 2})
    sequence = {"id": "sequence", "type": "integer", "label": "n", "required": True}
    more = {"use": "F05", "keys": ["subject_id", "arm", "sequence"], "add": [sequence]}
    declared = business.declared(business.throughput(), forms=["F04", more, "F07"])
    rows = [
        {"site_id": "S01", "subject_id": name, "arm": arm, "sequence": number,
         "completed": "yes", "scan_time_s": 60.0 * room, "room_time_min": room}
        for name, rooms in zip(
            people["subject_id"],
            ({"TEST": (10, 20), "REF": (30,)}, {"TEST": (12,), "REF": (20, 30, 40)}),
            strict=True,
        )
        for arm, several in rooms.items()
        for number, room in enumerate(several)
    ]  # fmt: skip
    found = kit.values(run(declared, {"F04": people, "F05": rows}))
    assert found["site=S01.saved"] == np.mean([30 - 15, 30 - 12])

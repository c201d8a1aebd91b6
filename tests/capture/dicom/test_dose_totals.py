"""Each irradiation counts once, however often, in whatever order and whatever parts it is told."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from clinval.capture.dicom.dose.report import DoseReport, IrradiationEvent
from clinval.capture.dicom.dose.report_doses import report_doses
from clinval.capture.dicom.dose.units import converted, summed
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import Instance
from clinval.capture.writing.words import words


def dlp(text):
    return converted(text, "mGy.cm", "mGy*cm")


def scan(uid, text="10.00", **more):
    values = {} if text is None else {"dlp": dlp(text)}
    return IrradiationEvent(uid=uid, kind="ct", values=values, **more)


def report(*events, total=None, began="", **more):
    """A report that states the sum of its events unless told otherwise."""
    values = [event.values["dlp"] for event in events if "dlp" in event.values]
    stated = summed(values) if total is None else dlp(total)
    return DoseReport(kind="ct", began=began, events=events, totals={"dlp": stated}, **more)


def files(*reports, study="S"):
    return [
        Instance(
            file=number, uid=f"F{number}", study=study, series="R", header=Header({}), report=one
        )
        for number, one in enumerate(reports)
    ]


def total_of(*reports, quantity="dlp"):
    (found,) = (
        value
        for value in report_doses(files(*reports))
        if value.scope == "examination" and value.quantity == quantity
    )
    return found


def shown(values):
    """What is said, apart from which files say it."""
    return [(v.quantity, v.value, v.source, v.scope, v.study, v.event, v.flags) for v in values]


EVENTS = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 99_999)),
    min_size=1,
    max_size=8,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: [scan(f"U{uid}", f"{hundredths / 100:.2f}") for uid, hundredths in pairs])


def by_hand(events):
    """The second computation: a dictionary of identifiers, added up in decimals."""
    once = {event.uid: Decimal(event.values["dlp"].original.split()[0]) for event in events}
    return float(sum(once.values()))


@given(EVENTS, st.lists(st.integers(0, 8), max_size=6), st.randoms())
def test_cumulative_reports_and_copies_say_what_the_last_one_says(events, cuts, random):
    whole = report(*events)
    earlier = [report(*events[:cut]) for cut in cuts]
    copies = [whole] * random.randint(1, 3)
    told = [*earlier, *copies]
    random.shuffle(told)
    found = total_of(*told)
    assert found.value == by_hand(events)
    assert found.flags == ()
    assert found.confidence == "high"
    assert shown(report_doses(files(*told))) == shown(report_doses(files(whole)))


@given(EVENTS, st.lists(st.integers(0, 8), max_size=4), st.randoms())
def test_an_examination_in_parts_has_the_doses_of_the_whole(events, cuts, random):
    edges = [0, *sorted(cuts), len(events)]
    parts = [report(*events[start:end]) for start, end in pairwise(edges) if events[start:end]]
    random.shuffle(parts)
    found = total_of(*parts)
    assert found.value == by_hand(events)
    assert found.flags == ()
    told, whole = report_doses(files(*parts)), report_doses(files(report(*events)))
    assert sorted(shown(told)) == sorted(shown(whole))


@given(EVENTS, EVENTS, st.randoms())
def test_no_order_of_files_changes_anything(first, second, random):
    made = files(report(*first), report(*second), report(*first, *second[:1]))
    values = report_doses(made)
    random.shuffle(made)
    assert report_doses(made) == values


@given(EVENTS, st.data())
def test_reports_that_overlap_are_united_by_their_events(events, data):
    cut = data.draw(st.integers(0, len(events)))
    back = data.draw(st.integers(0, cut))
    parts = [part for part in (events[:cut], events[back:]) if part]
    found = total_of(*(report(*part) for part in parts))
    assert found.value == by_hand(events)


def test_examinations_are_kept_apart():
    first, second = files(report(scan("U1"))), files(report(scan("U1", "20.00")), study="T")
    values = [v for v in report_doses([*first, *second]) if v.scope == "examination"]
    assert [(value.study, value.value) for value in values] == [("S", 10), ("T", 20)]


def test_files_without_a_report_say_nothing():
    assert report_doses([replace(files(report(scan("U1")))[0], report=None)]) == []


def test_a_total_is_believed_within_what_was_rounded():
    events = [scan(f"U{n}", "0.3") for n in range(4)]  # each anything from 0.25 to 0.35
    within = total_of(report(*events, total="1.4"))
    assert (within.value, within.source, within.flags) == (1.4, "report_total", ())
    beyond = total_of(report(*events, total="1.5"))
    assert (beyond.value, beyond.flags, beyond.confidence) == (1.5, ("total_differs",), "medium")
    zero = total_of(report(scan("U1", "0.1"), total="0"))
    assert zero.flags == ("total_differs",)


def test_of_several_reports_that_do_not_add_up_the_events_are_believed():
    """A continued report that states all of the examination, but lists its own part."""
    second = report(scan("U2", "20.00"), total="30.00")
    found = total_of(report(scan("U1", "10.00")), second)
    assert (found.value, found.source) == (30, "report_sum")
    assert (found.flags, found.confidence) == (("total_differs",), "medium")


def test_events_that_no_stated_total_covers_are_counted():
    silent = DoseReport(kind="ct", events=(scan("U2", "5.00"),))
    found = total_of(report(scan("U1", "10.00")), silent)
    assert (found.value, found.source) == (15, "report_sum")


def test_a_sum_says_which_events_lack_the_value():
    silent = DoseReport(kind="ct", events=(scan("U1", "5.00"), scan("U2", None)))
    found = total_of(silent)
    assert (found.value, found.flags) == (5, ("events_without_value",))
    assert found.confidence == "medium"


def test_reports_that_disagree_on_an_event_are_flagged():
    found = total_of(report(scan("U1", "10.00")), report(scan("U1", "11.00"), scan("U2", "1.00")))
    assert found.value == 12
    assert "reports_differ" in found.flags
    events = [
        value
        for value in report_doses(files(report(scan("U1")), report(scan("U1", "11.00"))))
        if value.scope == "event"
    ]
    assert [(value.confidence, value.flags) for value in events] == [
        ("medium", ("reports_differ",))
    ]


def test_the_report_that_holds_most_is_believed_even_where_it_repeats_an_earlier_one():
    first = report(scan("U1", "10.00"))
    second = report(scan("U1", "11.00"), scan("U2", "1.00"))
    third = report(scan("U1", "10.00"), scan("U2", "1.00"), scan("U3", "1.00"))
    assert total_of(first, second, third).value == 12
    values = report_doses(files(first, second, third))
    assert [value.value for value in values if value.event == "U1"] == [10]


def test_both_tubes_in_one_event_count_both():
    events = [
        IrradiationEvent(
            uid="U1", kind="projection", plane=plane,
            values={"dose_area_product": converted("1", "Gy.cm2", "Gy*cm2")},
        )
        for plane in "AB"
    ]  # fmt: skip
    made = DoseReport(kind="projection", events=tuple(events))
    other = DoseReport(kind="projection", events=tuple(reversed(events)))
    found = total_of(made, other, quantity="dose_area_product")
    assert (found.value, found.flags) == (2, ())


def test_events_without_identifier_are_known_again_by_their_start():
    timed = report(scan("", started="20200102030405"))
    found = total_of(timed, report(*timed.events, scan("", "5.00", started="20200102030505")))
    assert found.value == 15
    assert (found.flags, found.confidence) == (("no_event_uid",), "low")
    untimed = total_of(report(scan("")), report(scan("")))
    assert (untimed.value, untimed.confidence) == (20, "low")


def test_one_identifier_for_different_irradiations_counts_both():
    twice = report(scan("U1", "10.00"), scan("U1", "20.00"))
    assert total_of(twice).value == 30
    assert total_of(twice, twice).value == 30


def test_summaries_without_events_are_not_added_up():
    summary = report(total="10.00")
    assert total_of(summary, summary).flags == ()
    assert total_of(summary, summary).value == 10
    found = total_of(summary, report(total="30.00"))
    assert (found.value, found.flags) == (30, ("reports_without_events",))
    assert found.confidence == "low"
    assert total_of(report(total="30.00"), summary).value == 30
    # beside a report with events they repeat it
    assert total_of(summary, report(scan("U1", "12.00"))).value == 12


def test_fewer_events_than_stated_are_flagged():
    found = total_of(report(scan("U1"), stated_events=2))
    assert (found.flags, found.confidence) == (("events_missing",), "medium")


def test_what_is_lost_of_one_report_is_said_of_every_total():
    lost = DoseReport(kind="ct", flags=("report_cut",))
    found = total_of(report(scan("U1")), lost)
    assert (found.flags, found.confidence) == (("report_cut",), "medium")


def test_events_are_in_the_order_of_time():
    late, early = report(scan("U2"), began="20200102"), report(scan("U1"), began="20200101")
    values = [value.event for value in report_doses(files(late, early)) if value.scope == "event"]
    assert values == ["U1", "U2"]


def test_localizers_are_told():
    values = report_doses(files(report(scan("U1", mode="localizer", label="Topogram"))))
    assert (values[0].flags, values[0].label) == (("localizer",), "Topogram")


@pytest.mark.parametrize(
    ("area", "fits"), [("0.0001", False), ("0.5", True), ("4", True), ("50", False)]
)
def test_doses_that_cannot_be_of_one_beam_are_flagged(area, fits):
    """1 mGy at the reference point: a beam of 500 cm2 has 0.5 Gy*cm2, and none has 50."""
    made = DoseReport(
        kind="projection",
        totals={
            "dose_area_product": converted(area, "Gy.cm2", "Gy*cm2"),
            "reference_point_dose": converted("1", "mGy", "mGy"),
        },
    )
    for quantity in made.totals:
        found = total_of(made, quantity=quantity)
        assert (found.flags, found.confidence) == (
            ((), "high") if fits else (("doses_disagree",), "low")
        )


def test_several_administrations_are_added_up_and_said():
    given = [
        IrradiationEvent(
            uid=uid, kind="administration",
            values={"administered_activity": converted("100", "MBq", "MBq")},
        )
        for uid in ("U1", "U2")
    ]  # fmt: skip
    made = DoseReport(kind="radiopharmaceutical", events=tuple(given))
    found = total_of(made, quantity="administered_activity")
    assert (found.value, found.flags) == (200, ("several_administrations",))


def test_very_many_events_of_one_identifier():
    events = [scan("U1", f"{number}") for number in range(2000)]
    assert total_of(report(*events)).value == 1999 * 1000


SLUG = re.compile(
    r"\"((?:event|events|mixed|no|not|phantom|report|reports|several|total|two|unit)_[a-z_]+)\""
)
OF_REPORTS = ("codes", "items", "report", "report_doses", "report_reading", "union", "units")
NAMES = {"report_doses", "report_reading"}
SOURCES = {"report_event", "report_total", "report_sum"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_that_is_said_has_words(language):
    folder = Path(__file__).parents[3] / "clinval" / "capture" / "dicom" / "dose"
    code = "".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in OF_REPORTS)
    flags = set(SLUG.findall(code)) - NAMES - SOURCES
    assert {"total_differs", "unit_unknown", "reports_differ"} <= flags
    flags |= {"empty", "negative", "localizer", "left", "right", "both", "fluoroscopy_not_counted"}
    flags.add("doses_disagree")
    assert [flag for flag in flags if not words("dicom.flag").get(flag, {}).get(language)] == []
    assert all(words("dicom.source")[source][language] for source in SOURCES)

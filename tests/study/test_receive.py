"""A returned file comes into the store whole, once, and leaves a trail of what it changed."""

import dataclasses
import json

import kit
import pandas as pd
import pytest

from clinval.core.problems import Place, Problem
from clinval.study.receive import receive
from clinval.study.returns import HELD, KEY, Defect

DECLARED = kit.protocol()


@pytest.fixture
def store(tmp_path):
    with kit.opened(tmp_path / "study.db") as opened:
        yield opened


def scans(*times, site="S01", **more):
    """Return one row of F05 a scan time, by subject; ``None`` leaves the row out."""
    return [
        {"site_id": site, "subject_id": f"{site}-{index:03d}", "arm": "TEST", "scan_time_s": time}
        | more
        for index, time in enumerate(times, start=1)
        if time is not None
    ]


def give(store, rows, *, site="S01", form="F05", **options):
    file = kit.returned(DECLARED, site, {form: rows})
    return receive(store, file, actor="ann", reason="why not", **options)


def dump(store):
    return list(store._connection.iterdump())


def times(store):
    table = store.table("F05", ["subject_id", "scan_time_s"])
    return dict(zip(table["subject_id"], table["scan_time_s"], strict=True))


def events(store, action):
    return [
        (entry.subject, json.loads(entry.detail))
        for entry in store.audit_entries()
        if entry.action == action
    ]


def test_the_first_file_of_a_site_is_stored_as_it_is(store):
    receipt = give(store, scans(100.0, 200.0))
    assert (receipt.status, receipt.data_version, receipt.rows) == ("accepted", 1, 2)
    assert (receipt.added, receipt.changed, receipt.absent) == (2, 0, ())
    assert times(store) == {"S01-001": 100.0, "S01-002": 200.0}
    (entry,) = store.audit_entries()
    assert (entry.actor, entry.reason, entry.at_utc) == ("ann", "why not", kit.NOW)
    detail = json.loads(entry.detail)
    assert detail["added"] == detail["rows"] == 2
    assert detail["data_sha256"] == store.manifest_sha256


def test_the_same_file_again_changes_nothing_at_all(store):
    give(store, scans(100.0, 200.0))
    before, content = dump(store), store.path.read_bytes()
    for options in ({}, {"withdraw": True}):
        receipt = give(store, scans(100.0, 200.0), **options)
        assert (receipt.status, receipt.data_version) == ("unchanged", 1)
    assert dump(store) == before
    assert store.path.read_bytes() == content


def test_a_correction_makes_a_version_and_says_what_was_there_before(store):
    give(store, scans(100.0, 200.0, 300.0, acquisition_date="2026-03-01", software_version="a"))
    rows = scans(100.0, 250.5, 300.0, acquisition_date="2026-03-01", software_version="a")
    rows[0]["software_version"] = "甲\u2028乙"
    rows[2]["acquisition_date"] = None
    receipt = give(store, rows)
    assert (receipt.data_version, receipt.added, receipt.changed) == (2, 0, 3)
    assert events(store, "change") == [
        (
            "S01 F05 S01-001 | TEST",
            {"field": "software_version", "old": "a", "new": "甲\u2028乙"},
        ),
        ("S01 F05 S01-002 | TEST", {"field": "scan_time_s", "old": 200.0, "new": 250.5}),
        (
            "S01 F05 S01-003 | TEST",
            {"field": "acquisition_date", "old": "2026-03-01T00:00:00", "new": None},
        ),
    ]
    assert times(store) == {"S01-001": 100.0, "S01-002": 250.5, "S01-003": 300.0}


def test_a_correction_in_the_last_digit_is_a_correction(store):
    give(store, scans(0.3, 1e-300))
    assert give(store, scans(0.1 + 0.2, 2e-300)).changed == 2
    assert times(store) == {"S01-001": 0.1 + 0.2, "S01-002": 2e-300}


def test_rows_that_do_not_come_again_are_kept_and_named(store):
    give(store, scans(100.0, 200.0, 300.0))
    receipt = give(store, scans(None, 200.0, None, 400.0))
    assert receipt.absent == ("F05 S01-001 | TEST", "F05 S01-003 | TEST")
    assert (receipt.added, receipt.withdrawn) == (1, False)
    assert times(store) == {f"S01-{n:03d}": n * 100.0 for n in (1, 2, 3, 4)}
    assert events(store, "withdraw") == []


def test_rows_that_do_not_come_again_are_withdrawn_when_asked(store):
    give(store, scans(100.0, 200.0, 300.0))
    receipt = give(store, scans(None, 200.0, None), withdraw=True)
    assert receipt.withdrawn
    assert receipt.absent == ("F05 S01-001 | TEST", "F05 S01-003 | TEST")
    assert times(store) == {"S01-002": 200.0}
    assert [subject for subject, _ in events(store, "withdraw")] == [
        "S01 F05 S01-001 | TEST",
        "S01 F05 S01-003 | TEST",
    ]
    # what was withdrawn is still on record, and can come back as a new row
    kept = store._connection.execute("SELECT key FROM row WHERE content IS NULL").fetchall()
    assert kept == [("S01-001 | TEST",), ("S01-003 | TEST",)]
    assert give(store, scans(100.0, 200.0)).added == 1


def test_the_newest_file_may_come_again_to_withdraw(store):
    """Whoever reads "3 rows were kept (--withdraw removes them)" runs the command again."""
    give(store, scans(100.0, 200.0))
    give(store, scans(100.0))
    assert times(store) == {"S01-001": 100.0, "S01-002": 200.0}
    receipt = give(store, scans(100.0), withdraw=True)
    assert (receipt.status, receipt.absent) == ("accepted", ("F05 S01-002 | TEST",))
    assert times(store) == {"S01-001": 100.0}
    before = dump(store)
    assert give(store, scans(100.0), withdraw=True).status == "unchanged"
    assert dump(store) == before


def test_an_older_file_cannot_come_again(store):
    give(store, scans(100.0, 200.0))
    give(store, scans(150.0, 200.0, 300.0))
    before = dump(store)
    assert give(store, scans(100.0, 200.0), withdraw=True).status == "unchanged"
    assert dump(store) == before


def test_held_rows_are_stored_and_counted_but_reach_no_table(store):
    rows = scans(100.0, 200.0)
    rows[1][HELD] = "row-repeated"
    receipt = give(store, rows)
    assert (receipt.rows, receipt.held) == (1, 1)
    assert times(store) == {"S01-001": 100.0}
    assert store.held_rows() == [("S01", "F05", "S01-002 | TEST", "row-repeated")]
    assert [(part["rows"], part["held"]) for part in store.manifest()] == [(1, 1)]
    (content,) = store._connection.execute("SELECT content FROM row WHERE held IS NOT NULL")
    assert json.loads(content[0])["scan_time_s"] == 200.0


def test_a_held_correction_leaves_what_was_there(store):
    """The row is in the file, so it is not absent, and is not withdrawn either."""
    give(store, scans(100.0, 200.0))
    rows = scans(100.0, 222.0)
    rows[1][HELD] = "row-repeated"
    receipt = give(store, rows, withdraw=True)
    assert (receipt.absent, receipt.held, receipt.changed) == ((), 1, 0)
    assert times(store) == {"S01-001": 100.0, "S01-002": 200.0}


def test_held_rows_are_those_of_the_newest_return_of_their_form(store):
    rows = scans(100.0)
    rows[0][HELD] = "row-repeated"
    give(store, rows)
    give(store, [{"site_id": "S01", "subject_id": "S01-001", "enrolled": "yes"}], form="F04")
    assert len(store.held_rows()) == 1  # a return without the form answers nothing
    give(store, scans(100.0))
    assert store.held_rows() == []


def test_a_refused_file_is_recorded_once(store):
    file = kit.returned(DECLARED, "S01", {}, refused=True, name="broken.xlsx")
    for _ in range(3):
        receipt = receive(store, file, actor="ann")
        assert (receipt.status, receipt.data_version, receipt.file_name) == (
            "refused",
            0,
            "broken.xlsx",
        )
    assert [line.outcome for line in store.submissions()] == ["refused"]
    ((subject, detail),) = events(store, "refuse")
    assert (subject, detail["file"], detail["sha256"]) == (
        "submission 1",
        "broken.xlsx",
        file.sha256,
    )


def test_of_a_file_that_could_not_be_read_nothing_is_stored(store):
    file = kit.returned(DECLARED, "S01", {}, refused=True, name="locked.xlsx")
    unread = dataclasses.replace(file, sha256="", size=0, site="")
    receipt = receive(store, unread, actor="ann")
    assert (receipt.status, receipt.file_name) == ("refused", "locked.xlsx")
    assert list(store.submissions()) == []
    assert events(store, "refuse") == []


def test_a_file_that_was_refused_can_be_accepted_later(store):
    """As when the protocol was mended, or the reading."""
    good = kit.returned(DECLARED, "S01", {"F05": scans(100.0)})
    refused = dataclasses.replace(good, refused=True, forms=())
    assert receive(store, refused, actor="ann").status == "refused"
    assert receive(store, good, actor="ann").status == "accepted"
    assert receive(store, good, actor="ann").status == "unchanged"
    assert times(store) == {"S01-001": 100.0}


def test_forms_that_a_file_does_not_have_stay_as_they_are(store):
    give(store, scans(100.0))
    give(store, [{"site_id": "S01", "subject_id": "S01-001", "enrolled": "yes"}], form="F04")
    assert times(store) == {"S01-001": 100.0}
    assert [part["form"] for part in store.manifest()] == ["F04", "F05"]


def test_an_empty_form_is_a_form_without_rows(store):
    receipt = give(store, [])
    assert (receipt.status, receipt.rows) == ("accepted", 0)
    assert [(part["form"], part["rows"]) for part in store.manifest()] == [("F05", 0)]
    assert give(store, scans(100.0)).added == 1
    assert give(store, []).absent == ()  # the empty file was there before, and is no newer
    assert times(store) == {"S01-001": 100.0}


def test_an_empty_form_withdraws_everything_when_asked(store):
    give(store, scans(100.0, 200.0))
    receipt = give(store, [], withdraw=True)
    assert len(receipt.absent) == 2
    assert times(store) == {}


def test_two_usable_rows_of_one_key_are_a_fault_of_the_reader_and_change_nothing(store):
    give(store, scans(100.0))
    before = dump(store)
    with pytest.raises(ValueError, match=r"S01-001 \| TEST"):
        give(store, scans(200.0) + scans(300.0))
    assert dump(store) == before


def test_defects_are_kept_with_their_place_and_belong_to_the_newest_return(store):
    def defect(kind, form, cell):
        place = Place(file="S01.xlsx", sheet=form, cell=cell)
        return Defect(
            problem=Problem(kind=kind, place=place, parameters={"value": "1,5"}),
            form=form,
            key="k",
            field="scan_time_s",
        )

    number, template = defect("number-not-read", "F05", "D7"), defect("template-outdated", "", "A1")
    enrolment = {"F04": [{"site_id": "S01", "subject_id": "S01-001"}]}
    for tables, defects in (
        ({"F05": scans(1.0)}, [number, template]),
        (enrolment, [defect("sheet-missing", "F07", "")]),
    ):
        receive(store, kit.returned(DECLARED, "S01", tables, defects=defects), actor="ann")
    # F05 was not returned again, so its question is still open; the file's own is not
    found = [(one.problem.kind, one.form, str(one.problem.place)) for one in store.open_defects()]
    assert found == [
        ("number-not-read", "F05", "S01.xlsx!F05!D7"),
        ("sheet-missing", "F07", "S01.xlsx!F07"),
    ]
    assert store.open_defects("S01")[0] == number
    assert store.open_defects("S02") == []
    receive(store, kit.returned(DECLARED, "S01", {"F05": scans(2.0)}), actor="ann")
    assert store.open_defects() == []


def test_sources_are_the_files_that_current_rows_come_from(store):
    def file(rows, name, site="S01"):
        returned = kit.returned(DECLARED, site, {"F05": rows}, name=name)
        receive(store, returned, actor="ann")

    def names():
        return [source.file_name for source in store.sources()]

    file(scans(100.0, 200.0), "a.xlsx")
    file(scans(100.0, site="S02"), "b.xlsx", "S02")
    file(scans(111.0), "c.xlsx")  # one row of a.xlsx is left
    assert names() == ["a.xlsx", "b.xlsx", "c.xlsx"]
    file(scans(111.0, 222.0), "d.xlsx")
    assert names() == ["b.xlsx", "d.xlsx"]
    frame = store.current("F05", "S01")
    assert frame["_submission"].tolist() == [4, 4]


def test_earlier_versions_stay_in_the_store(store):
    give(store, scans(100.0))
    give(store, scans(200.0))
    rows = store._connection.execute("SELECT version, rows FROM snapshot ORDER BY 1").fetchall()
    assert rows == [(1, 1), (2, 1)]
    kept = [json.loads(text)["scan_time_s"] for (text,) in store._connection.execute(
        "SELECT content FROM row ORDER BY id"
    )]  # fmt: skip
    assert kept == [100.0, 200.0]


def test_rows_come_in_the_order_of_their_keys(store):
    give(store, list(reversed(scans(100.0, 200.0, 300.0))))
    give(store, scans(None, None, 333.0))
    frame = store.current("F05", "S01")
    assert frame[KEY].tolist() == sorted(frame[KEY])
    assert isinstance(frame, pd.DataFrame)
    assert frame["scan_time_s"].tolist() == [100.0, 200.0, 333.0]


def test_a_column_that_a_file_does_not_have_takes_nothing_away(store):
    """A column deleted by a slip must not wipe out what was received before."""
    rows = scans(100.0, 200.0, acquisition_date="2026-03-01", software_version="a")
    first = kit.returned(DECLARED, "S01", {"F05": rows})
    first.forms[0].frame["_missing"] = ["room_time_min=UNK;repeat_reason=NA", None]
    receive(store, first, actor="ann")
    before = store.current("F05", "S01").drop(columns="_submission")
    gone = {"scan_time_s": None, "acquisition_date": None, "software_version": None}
    fresh = [row | gone for row in (*rows, *scans(None, None, 300.0))]
    cut = kit.returned(DECLARED, "S01", {"F05": fresh})
    cut.forms[0].frame["_missing"] = ["repeat_reason=NA", None, None]
    lost = frozenset({*gone, "room_time_min"})
    cut = dataclasses.replace(cut, forms=(dataclasses.replace(cut.forms[0], lost=lost),))
    receipt = receive(store, cut, actor="ann")
    assert (receipt.added, receipt.changed) == (1, 0)
    after = store.current("F05", "S01").drop(columns="_submission")
    assert list(after["scan_time_s"])[:2] == [100.0, 200.0]
    assert after["scan_time_s"].isna()[2]
    assert after["_missing"].iloc[0] == "room_time_min=UNK;repeat_reason=NA"
    pd.testing.assert_frame_equal(
        after[:2][[*before]].astype(object), before.astype(object), check_dtype=False
    )


def test_what_the_protocol_no_longer_asks_for_stays_in_the_store(store):
    give(store, scans(100.0, software_version="2.1"))
    file = kit.returned(DECLARED, "S01", {"F05": scans(110.0)})
    frame = file.forms[0].frame.drop(columns="software_version")
    file = dataclasses.replace(file, forms=(dataclasses.replace(file.forms[0], frame=frame),))
    assert receive(store, file, actor="ann").changed == 1
    assert list(store.current("F05", "S01")["software_version"]) == ["2.1"]


def test_the_newest_file_is_stored_anew_when_the_protocol_reads_more_of_it(store):
    """A limit was too narrow: the file that was received before says more than it did."""
    file = kit.returned(DECLARED, "S01", {"F05": scans(100.0, None, 300.0)})
    narrow = kit.returned(DECLARED, "S01", {"F05": scans(100.0)})
    place = Place(file="S01.xlsx", sheet="F05", cell="H4")
    question = Defect(problem=Problem(kind="value-out-of-range", place=place), form="F05")
    note = Defect(problem=Problem(kind="template-older", place=place))
    for defects, forms, expected in (
        ((question,), narrow.forms, ("accepted", 1)),
        ((question,), narrow.forms, ("unchanged", 1)),
        ((), file.forms, ("accepted", 2)),
        ((note,), file.forms, ("unchanged", 2)),
        ((note, question), file.forms, ("accepted", 3)),
    ):
        again = dataclasses.replace(file, forms=forms, defects=defects)
        receipt = receive(store, again, actor="ann")
        assert (receipt.status, receipt.data_version) == expected
    assert times(store) == {"S01-001": 100.0, "S01-003": 300.0}
    assert [defect.problem.kind for defect in store.open_defects()] == [
        "template-older",
        "value-out-of-range",
    ]


def test_refusals_are_open_until_something_better_comes(store):
    def refused(name, site=""):
        place = Place(file=name)
        why = Defect(problem=Problem(kind="file-damaged", place=place, parameters={"detail": "x"}))
        file = kit.returned(DECLARED, site, {}, refused=True, name=name, defects=[why])
        receive(store, dataclasses.replace(file, sha256=name), actor="ann")

    refused("cut off.xlsx")
    refused("S01.xlsx")
    refused("old.xlsx", "S02")
    assert [defect.problem.place.file for defect in store.refusals()] == [
        "cut off.xlsx",
        "S01.xlsx",
        "old.xlsx",
    ]
    give(store, scans(100.0))  # S01.xlsx
    give(store, scans(100.0, site="S02"), site="S02")
    assert [defect.problem.place.file for defect in store.refusals()] == ["cut off.xlsx"]

"""What is stored is what was returned, and its hash depends on what it says alone."""

import json
import random

import kit
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from clinval.study import snapshot
from clinval.study.data import StudyData
from clinval.study.receive import receive
from clinval.study.returns import KEY, MISSING

DECLARED = kit.protocol(sites=("S01", "S02", "S03"))
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

texts = st.none() | st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8
).filter(bool)
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
days = st.none() | st.dates(
    pd.Timestamp("1900-01-01").date(), pd.Timestamp("2099-12-31").date()
).map(str)
cells = st.fixed_dictionaries(
    {
        "scan_time_s": numbers,
        "room_time_min": numbers,
        "acquisition_date": days,
        "software_version": texts,
        "completed": st.sampled_from([None, "yes", "no"]),
    }
)
tables = st.dictionaries(st.integers(1, 40), cells, max_size=12)


def rows(site, table):
    """Return rows of F05 from subject number to cells."""
    return [
        {"site_id": site, "subject_id": f"{site}-{number:03d}", "arm": "TEST"} | row
        for number, row in table.items()
    ]


def said(frame, name):
    """Return a column as plain values, ``None`` where there is none."""
    values = frame[name].astype(object)
    return [None if pd.isna(value) else value for value in values]


@SLOW
@given(tables)
def test_every_value_comes_back_as_it_was(table):
    given_rows = sorted(rows("S01", table), key=lambda row: row["subject_id"])
    with kit.opened() as store:
        receive(store, kit.returned(DECLARED, "S01", {"F05": given_rows}), actor="a")
        frame = store.table("F05")
        data = StudyData(DECLARED, store)
        for name in ("scan_time_s", "software_version", "completed", "subject_id"):
            assert said(frame, name) == [row.get(name) for row in given_rows], name
        day = np.array([row["acquisition_date"] or "NaT" for row in given_rows], "datetime64[s]")
        assert data.column("F05", "acquisition_date").dtype == "datetime64[s]"
        np.testing.assert_array_equal(data.column("F05", "acquisition_date"), day)
        times = np.array([row["scan_time_s"] for row in given_rows], dtype=float)
        np.testing.assert_array_equal(data.column("F05", "scan_time_s"), times)
        column = data.column("F05", "software_version")
        assert list(column.codes < 0) == [row["software_version"] is None for row in given_rows]


@SLOW
@given(tables)
def test_a_content_line_says_the_whole_row(table):
    frame = kit.frame(DECLARED, "F05", rows("S01", table))
    frame[MISSING] = np.array(["noise=ND"] * len(frame), dtype=object)
    lines = snapshot.content_lines(frame)
    assert len(lines) == len(table)
    for line, row in zip(lines, rows("S01", table), strict=True):
        read = json.loads(line)
        assert "\n" not in line
        assert read["_missing"] == "noise=ND"
        assert not {KEY, "_row", "_held"} & set(read)
        for name, value in row.items():
            expected = value + "T00:00:00" if name == "acquisition_date" and value else value
            assert read[name] == expected, name


@SLOW
@given(tables, st.randoms(use_true_random=False), st.integers(0, 12))
def test_the_hash_of_the_data_depends_on_what_they_say_alone(table, random_, cut):
    """Not on time, file name or order of rows, and not on how many files it took."""
    whole = rows("S01", table)
    shuffled = random_.sample(whole, len(whole))
    with kit.opened() as one, kit.opened() as other:
        receive(one, kit.returned(DECLARED, "S01", {"F05": whole}, name="a"), actor="a")
        other.clock = lambda: "2030-12-31T23:59:59+00:00"
        for part in (shuffled[:cut], shuffled[cut:]):
            receive(other, kit.returned(DECLARED, "S01", {"F05": part}, name="b"), actor="b")
        assert one.manifest() == other.manifest()
        assert one.manifest_sha256 == other.manifest_sha256
        names = [field.id for field in DECLARED.form("F05").fields]
        pd.testing.assert_frame_equal(
            one.table("F05", names), other.table("F05", names), check_categorical=False
        )


@SLOW
@given(tables.filter(bool), st.data())
def test_the_hash_of_the_data_changes_with_any_value(table, data):
    number = data.draw(st.sampled_from(sorted(table)))
    name = data.draw(st.sampled_from(sorted(table[number])))
    strategy = {"scan_time_s": numbers, "room_time_min": numbers, "acquisition_date": days}
    fitting = strategy.get(name, texts)
    other = data.draw(fitting.filter(lambda value: value != table[number][name]))
    changed = {**table, number: {**table[number], name: other}}
    hashes = []
    for content in (table, changed):
        with kit.opened() as store:
            receive(store, kit.returned(DECLARED, "S01", {"F05": rows("S01", content)}), actor="a")
            hashes.append(store.manifest_sha256)
    assert hashes[0] != hashes[1]


def test_sites_with_different_columns_join():
    """A column that a site does not have, or has only empty, is missing there."""
    first = rows("S01", {1: {"scan_time_s": 1.5, "software_version": "甲"}, 2: {}})
    second = rows("S02", {1: {"scan_time_s": None, "software_version": None}})
    third = rows("S03", {1: {"scan_time_s": 3.5, "software_version": "乙"}})
    with kit.opened() as store:
        for site, own in (("S01", first), ("S02", second), ("S03", third)):
            file = kit.returned(DECLARED, site, {"F05": own})
            frame = file.forms[0].frame
            if site == "S03":
                frame = frame.drop(columns=["scan_time_s", "acquisition_date"])
            if site == "S02":
                frame = frame.drop(columns=["software_version"])
            object.__setattr__(file.forms[0], "frame", frame)
            receive(store, file, actor="a")
        data = StudyData(DECLARED, store)
        np.testing.assert_array_equal(
            data.column("F05", "scan_time_s"), [1.5, np.nan, np.nan, np.nan]
        )
        assert list(data.column("F05", "software_version").isna()) == [False, True, True, False]
        assert list(data.column("F05", "software_version").dropna()) == ["甲", "乙"]
        assert np.isnat(data.column("F05", "acquisition_date")).all()
        assert list(data.column("F05", "repeat_reason").codes) == [-1] * 4


@pytest.mark.parametrize("count", [1, 3, 50])
def test_texts_come_back_whether_or_not_they_repeat(count):
    draw = random.Random(count)  # noqa: S311
    words = [draw.choice(["a", "b", None]) if count > 3 else f"w{i}" for i in range(count)]
    table = {i + 1: {"software_version": word} for i, word in enumerate(words)}
    with kit.opened() as store:
        for site in ("S01", "S02"):
            receive(store, kit.returned(DECLARED, site, {"F05": rows(site, table)}), actor="a")
        assert said(store.table("F05"), "software_version") == words * 2


def test_a_form_without_rows_or_without_returns_is_empty():
    with kit.opened() as store:
        receive(store, kit.returned(DECLARED, "S01", {"F05": []}), actor="a")
        data = StudyData(DECLARED, store)
        for form in ("F05", "F07"):
            assert data.rows(form) == 0
            assert data.column(form, "subject_id").tolist() == []
            assert data.subject_of_row(form).tolist() == []
        assert data.column("F05", "scan_time_s").dtype == np.float64
        assert data.column("F05", "acquisition_date").dtype == "datetime64[s]"
        assert len(data.subject_ids) == 0

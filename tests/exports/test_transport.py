"""SAS transport files: a second reader finds what was written; what cannot be held is refused."""

import math

import numpy as np
import pandas as pd
import pytest

from clinval.core.errors import UsageError
from clinval.exports.datasets import Column, Dataset
from clinval.exports.short_names import (
    ShortName,
    as_they_are,
    propose,
    read_names,
    write_names,
)
from clinval.exports.transport import cannot_hold, names_cannot_stand, write_transport
from clinval.protocol.base import Text

KINDS = {
    "subject_id": "text", "scan_time_s": "number", "scan_time_min": "number", "order": "integer",
    "acquisition_date": "date", "start_time": "datetime", "note": "text",
}  # fmt: skip


def dataset(**changed):
    rows = 4
    values = {
        "subject_id": [f"S01-00{number}" for number in range(rows)],
        "scan_time_s": np.array([272.5, 1 / 3, -1e70, np.nan]),
        "scan_time_min": np.array([1e-60, 5.0, 0.1, 2.0**40]),
        "order": np.array([1.0, 2.0, 3.0, np.nan]),
        "acquisition_date": np.array(
            ["2026-02-28", "1960-01-02", "1959-12-31", "NaT"], "datetime64[s]"
        ),
        "start_time": np.array(
            ["2026-02-28T09:30:01", "1960-01-01T00:00:01", "1959-12-31T23:59:59", "NaT"],
            "datetime64[s]",
        ),
        "note": ["plain", None, "x" * 200, "=1+1"],
    } | changed
    columns = tuple(
        Column(name=name, label=Text(en=f"Label of {name}"), kind=KINDS[name], unit="s",
               key=int(name == "subject_id"))
        for name in values
    )  # fmt: skip
    return Dataset(name="F05", label=Text(en="Scan"), columns=columns, frame=pd.DataFrame(values))


def _problems(made, names):
    return [
        (problem.kind, problem.parameters)
        for check in (names_cannot_stand, cannot_hold)
        for problem in check(made, names, "names.csv")
    ]


def test_a_second_reader_finds_the_same_values(tmp_path):
    made = dataset()
    names = propose([made])
    assert _problems(made, names) == []
    write_transport(made, tmp_path / "f05.xpt", names)
    short = [names["F05", name].name for name in KINDS]
    read = pd.read_sas(tmp_path / "f05.xpt", format="xport", encoding="ascii")
    assert list(read.columns) == short
    for name in ("scan_time_s", "scan_time_min", "order"):
        found = read[names["F05", name].name].to_numpy()
        np.testing.assert_array_equal(found, made.frame[name].to_numpy())
    days = read[names["F05", "acquisition_date"].name].tolist()
    assert days[:3] == [24165.0, 1.0, -1.0]  # since 1960-01-01
    assert math.isnan(days[3])
    seconds = read[names["F05", "start_time"].name].tolist()
    assert seconds[:3] == [24165 * 86400 + 9 * 3600 + 1801.0, 1.0, -1.0]
    assert read[names["F05", "note"].name].fillna("").tolist() == ["plain", "", "x" * 200, "=1+1"]


def test_names_labels_and_formats_are_in_the_file(tmp_path):
    import pyreadstat

    made = dataset()
    names = propose([made])
    write_transport(made, tmp_path / "f05.xpt", names)
    _, meta = pyreadstat.read_xport(tmp_path / "f05.xpt")
    assert meta.table_name == "F05"
    assert meta.column_labels[1] == "Label of scan_time_s [s]"
    assert meta.original_variable_types[names["F05", "start_time"].name].startswith("DATETIME")


def test_names_that_are_too_long_are_refused_and_none_is_cut_off():
    made = dataset()
    (problem,) = _problems(made, as_they_are([made]))
    assert problem[0] == "xpt-name"
    assert problem[1]["names"].split(", ") == [
        "subject_id", "scan_time_s", "scan_time_min", "acquisition_date", "start_time",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("short", "kind"),
    [
        (ShortName(name="ORDER", label="twice"), "xpt-name"),
        (ShortName(name="2ND", label="begins with a digit"), "xpt-name"),
        (ShortName(name="", label="none"), "xpt-name"),
        (ShortName(name="名", label="no ASCII"), "xpt-name"),
        (ShortName(name="NOTE", label="x" * 41), "xpt-label"),
        (ShortName(name="NOTE", label="Länge"), "xpt-label"),
    ],
)
def test_a_name_or_label_that_cannot_stand_is_refused(short, kind):
    made = dataset()
    assert [found for found, _ in _problems(made, {**propose([made]), ("F05", "note"): short})] == [
        kind
    ]


@pytest.mark.parametrize(
    ("column", "values", "kind", "key"),
    [
        ("note", ["a", "b", "x" * 201, None], "xpt-text-long", "S01-002"),
        ("note", ["a", "膝", None, "é"], "xpt-text-characters", "S01-001"),
        ("scan_time_s", np.array([1, 2, 3, 1e75]), "xpt-number", "S01-003"),
        ("scan_time_s", np.array([1e-79, 2, 3, 4]), "xpt-number", "S01-000"),
        ("scan_time_s", np.array([1, np.inf, 3, 4]), "xpt-number", "S01-001"),
    ],
)
def test_a_value_that_cannot_be_held_is_named_with_its_row(column, values, kind, key):
    made = dataset(**{column: values})
    ((found, about),) = _problems(made, propose([made]))
    assert (found, about["key"], about["name"]) == (kind, key, column)


def test_a_column_can_be_left_out_by_the_table_of_names(tmp_path):
    made = dataset(note=["膝"] * 4)
    write_names(tmp_path / "names.csv", propose([made]))
    text = (tmp_path / "names.csv").read_text(encoding="utf-8-sig")
    changed = text.replace("F05,note,NOTE,Label of note [s],yes", "F05,note,NOTE,Label,no")
    assert changed != text
    (tmp_path / "names.csv").write_text(changed, encoding="utf-8")
    names = read_names(tmp_path / "names.csv")
    assert _problems(made, names) == []
    write_transport(made, tmp_path / "f05.xpt", names)
    assert "NOTE" not in pd.read_sas(tmp_path / "f05.xpt", format="xport", encoding="ascii")


@pytest.mark.parametrize("content", [b"form,field\nF05,x\n", b"\xff\xfe\x00", b""])
def test_a_table_of_names_that_is_none_is_named(tmp_path, content):
    (tmp_path / "names.csv").write_bytes(content)
    with pytest.raises(UsageError) as error:
        read_names(tmp_path / "names.csv")
    assert error.value.problems[0].kind == "xpt-names-file"


def test_proposed_names_are_unique_and_short():
    names = [f"a_rather_long_name_{number}" for number in range(120)]
    columns = tuple(Column(name=name, label=Text(en="长 L" * 30), kind="text") for name in names)
    made = Dataset(name="F05", label=Text(en="x"), columns=columns, frame=pd.DataFrame())
    short = propose([made])
    assert len({name.name for name in short.values()}) == 120
    assert list(names_cannot_stand(made, short, "names.csv")) == []

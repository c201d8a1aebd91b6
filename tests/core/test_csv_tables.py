"""Tables that a spreadsheet opens without running anything in them."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from clinval.core.csv_tables import harmless, write_columns, write_rows

FORMULAS = [
    '=HYPERLINK("http://x","y")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1",
    "＝1+1", "＋1", "－1", "＠SUM(A1)",
]  # fmt: skip


def rows_of(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_a_text(text):
    assert harmless(text) == "'" + text


@given(st.text())
def test_no_text_begins_like_a_formula_and_none_is_lost(text):
    shown = harmless(text)
    assert shown[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert shown.removeprefix("'") == text.removeprefix("'") or shown == text
    assert shown in (text, "'" + text)


@pytest.mark.parametrize("text", ["", "S01-001", "3 - 2", "a=b", "'quoted", "膝", " =1"])
def test_other_texts_stay_as_they_are(text):
    assert harmless(text) == text


def test_rows_are_written_with_a_mark_that_excel_knows(tmp_path):
    path = tmp_path / "deep" / "table.csv"
    write_rows(path, ["site", "=n"], [["中心, 1", -5], ['say "so"', 0.5], ["=1+1", None]])
    assert path.read_bytes().startswith(b"\xef\xbb\xbfsite,'=n\r\n")
    assert rows_of(path) == [
        ["site", "'=n"], ["中心, 1", "-5"], ['say "so"', "0.5"], ["'=1+1", ""],
    ]  # fmt: skip


def test_columns_are_written_with_numbers_as_numbers_and_texts_as_texts(tmp_path):
    path = tmp_path / "table.csv"
    columns = {
        "subject": pd.Categorical(["=1+1", None, "中心", "a,b"]),
        "value": np.array([-1.5, np.nan, 0.0, 1e-9]),
        "n": np.array([1, 2, 3, 4]),
        "@name": pd.Categorical([None] * 4),
    }
    write_columns(path, columns)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = rows_of(path)
    assert header == ["subject", "value", "n", "'@name"]
    assert [row[0] for row in rows] == ["'=1+1", "", "中心", "a,b"]
    assert [float(row[1]) if row[1] else None for row in rows] == [-1.5, None, 0.0, 1e-9]
    assert [row[2] for row in rows] == ["1", "2", "3", "4"]
    assert {row[3] for row in rows} == {""}
    first = path.read_bytes()
    write_columns(path, columns)
    assert path.read_bytes() == first


def test_both_ways_of_writing_can_be_read_back_alike(tmp_path):
    texts, values = ["a", "-b", "c"], [1.0, 2.5, -3.0]
    write_rows(tmp_path / "rows.csv", ["t", "v"], zip(texts, values, strict=True))
    write_columns(tmp_path / "columns.csv", {"t": pd.Categorical(texts), "v": np.array(values)})
    one, other = (
        pd.read_csv(tmp_path / name, encoding="utf-8-sig") for name in ("rows.csv", "columns.csv")
    )
    pd.testing.assert_frame_equal(one, other)
    assert one["t"].tolist() == ["a", "'-b", "c"]

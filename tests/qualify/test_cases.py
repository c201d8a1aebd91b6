import dataclasses
import json
import math

import numpy as np
import pytest

from clinval import stats
from clinval.core.results import Estimate
from clinval.qualify import cases

GOOD = {
    "id": "wilson",
    "call": "proportion.wilson",
    "args": {"x": 81, "n": 263},
    "expect": {"estimate": 81 / 263, "ci_low": 0.2553, "ci_high": 0.3662},
    "rtol": 0,
    "atol": 5.1e-5,
    "source": "Newcombe 1998",
}


def write(folder, *entries, name="cases.json"):
    file = folder / name
    file.write_text(json.dumps({"title": "t", "cases": list(entries)}), encoding="utf-8")
    return file


def outcome_of(folder, **changes):
    (case,) = cases.load(write(folder, {**GOOD, **changes}))
    return cases.run(case, folder)


# --- reading files --------------------------------------------------------------------------


def test_load_keeps_the_fields(tmp_path):
    bare = {key: GOOD[key] for key in ("id", "call", "args", "expect")}
    more = {**GOOD, "note": "n", "tags": ["fields that are not known are passed over"]}
    first, second = cases.load(write(tmp_path, more, {**bare, "id": "bare"}))
    assert (first.id, first.call, first.rtol, first.atol) == (
        "wilson",
        "proportion.wilson",
        0,
        5.1e-5,
    )
    assert (first.source, first.note, dict(first.args)) == ("Newcombe 1998", "n", GOOD["args"])
    assert (second.rtol, second.atol, second.source) == (1e-6, 1e-9, "")
    for value in (first, cases.run(first, tmp_path)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.id = "other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON: line 1, column 2"),
        ("[]", 'must be an object with a list "cases"'),
        ('{"cases": {}}', 'must be an object with a list "cases"'),
        ('{"title": "t"}', 'must be an object with a list "cases"'),
        ('{"cases": [3]}', "case 1 is not an object"),
        (json.dumps({"cases": [GOOD, {"id": "x"}]}), r"case 2 \(x\) lacks 'call'"),
        (json.dumps({"cases": [{**GOOD, "args": []}]}), r"case 1 \(wilson\): 'args' is of the"),
        (json.dumps({"cases": [{**GOOD, "rtol": "1"}]}), "'rtol' is of the wrong type"),
        (json.dumps({"cases": [{**GOOD, "atol": True}]}), "'atol' is of the wrong type"),
        (json.dumps({"cases": [{**GOOD, "atol": -1}]}), "'atol' must be 0 or a positive number"),
        ('{"cases": [' + json.dumps({**GOOD, "rtol": math.nan}) + "]}", "'rtol' must be 0"),
        (json.dumps({"cases": [{**GOOD, "expect": {}}]}), "expects nothing"),
        (json.dumps({"cases": [{**GOOD, "id": 3}]}), "case 1: 'id' is of the wrong type"),
    ],
)
def test_malformed_files(tmp_path, text, message):
    file = tmp_path / "bad.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(cases.CaseFileError, match=message) as caught:
        cases.load(file)
    assert str(caught.value).startswith(str(file))
    assert caught.value.file == file


def test_unreadable_files(tmp_path):
    with pytest.raises(cases.CaseFileError, match="cannot be read"):
        cases.load(tmp_path / "none.json")
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe{")
    with pytest.raises(cases.CaseFileError, match="UTF-8"):
        cases.load(str(binary))


# --- comparing ------------------------------------------------------------------------------


def test_a_case_passes_within_its_tolerance(tmp_path):
    result = outcome_of(tmp_path)
    assert result.passed
    assert (result.differences, result.message) == ((), "")
    assert (result.id, result.call, result.source) == ("wilson", GOOD["call"], "Newcombe 1998")


def test_a_case_fails_beyond_its_tolerance(tmp_path):
    result = outcome_of(tmp_path, expect={"ci_low": 0.2553, "ci_high": 0.3663}, atol=5e-5)
    assert not result.passed
    (difference,) = result.differences
    assert difference.attribute == "ci_high"
    assert difference.wanted == 0.3663
    assert difference.got == pytest.approx(0.3662, abs=5e-5)
    assert difference.tolerance == 5e-5
    relative = outcome_of(tmp_path, expect={"ci_high": 0.3663}, atol=0, rtol=1e-3)
    assert relative.passed
    assert not outcome_of(tmp_path, expect={"ci_high": 0.3663}, atol=0, rtol=1e-4).passed


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        ({"undefined": True, "estimate": None, "ci_low": None}, True),
        ({"undefined": False}, False),
        ({"estimate": 0}, False),
        ({"n": None}, False),
        ({"n": 0}, True),
        ({"n": False}, False),
        ({"undefined": 1}, False),
        ({"reason": "no trial"}, True),
        ({"reason": "another"}, False),
        ({"no_such_attribute": None}, False),
    ],
)
def test_null_booleans_and_text(tmp_path, wanted, passes):
    assert outcome_of(tmp_path, args={"x": 0, "n": 0}, expect=wanted).passed == passes


def test_lists_are_compared_element_by_element(tmp_path):
    call = {"call": "cash_flow.payback", "args": {"cash_flows": [-300, 200, 150]}}
    assert outcome_of(tmp_path, **call, expect={"cumulative": [-300, -100, 50]}).passed
    wrong = outcome_of(tmp_path, **call, expect={"cumulative": [-300, -101, 51]})
    assert [d.attribute for d in wrong.differences] == ["cumulative[1]", "cumulative[2]"]
    short = outcome_of(tmp_path, **call, expect={"cumulative": [-300, -100]})
    assert short.differences[0].attribute == "cumulative"
    assert not outcome_of(tmp_path, **call, expect={"estimate": [1.5]}).passed


def test_nested_lists_arrays_and_nan(tmp_path, monkeypatch):
    def returned(value):
        def function():
            return Estimate(method="x.y", estimate=value)

        monkeypatch.setattr(stats, "find", lambda _: function)

    returned([[1.0, None], (2.0, 3.0)])
    assert outcome_of(tmp_path, args={}, expect={"estimate": [[1, None], [2, 3]]}).passed
    wrong = outcome_of(tmp_path, args={}, expect={"estimate": [[1, None], [2, 4]]})
    assert wrong.differences[0].attribute == "estimate[1][1]"
    returned(np.array([1.0, 2.0]))
    assert outcome_of(tmp_path, args={}, expect={"estimate": [1, 2]}).passed
    returned(np.float64(1.5))
    assert outcome_of(tmp_path, args={}, expect={"estimate": 1.5}).passed
    returned(math.nan)
    assert not outcome_of(tmp_path, args={}, expect={"estimate": 1.5}).passed
    assert not outcome_of(tmp_path, args={}, expect={"estimate": None}).passed


def test_expected_exceptions(tmp_path):
    wrong = {"x": 5, "n": 4}
    assert outcome_of(tmp_path, args=wrong, expect={"raises": "ValueError"}).passed
    other = outcome_of(tmp_path, args=wrong, expect={"raises": "KeyError"})
    assert not other.passed
    assert other.message == "ValueError: x is 5, more than n, which is 4"
    quiet = outcome_of(tmp_path, expect={"raises": "ValueError"})
    assert not quiet.passed
    assert quiet.differences[0].attribute == "raises"
    assert quiet.differences[0].got is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"args": {"x": 5, "n": 4}}, "ValueError: x is 5"),
        ({"args": {"x": 5}}, "TypeError: "),
        ({"args": {"x": 5, "n": 9, "method": "a"}}, "TypeError: "),
        ({"args": {"x": "five", "n": 9}}, "ValueError: "),
        ({"call": "proportion.nothing"}, "there is no function 'proportion.nothing'"),
        ({"call": "nothing.wilson"}, "there is no function"),
        ({"call": "proportion._estimate"}, "there is no function"),
        ({"call": ""}, "there is no function"),
    ],
)
def test_unexpected_exceptions_are_failures(tmp_path, changes, message):
    result = outcome_of(tmp_path, **changes)
    assert not result.passed
    assert result.message.startswith(message)


def test_a_module_that_cannot_be_imported_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setitem(stats.MODULES, "broken", "clinval.stats.no_such_module")
    result = outcome_of(tmp_path, call="broken.wilson")
    assert not result.passed
    assert result.message.startswith("ModuleNotFoundError: ")


# --- tables ---------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    rows = "site,test,reference,count\n1.1,5,4,2\n1.10,6.5,5,NA\n1.1,7,6.25,\n1.10,9,7,4\n"
    (folder / "table.csv").write_text("\ufeff" + rows, encoding="utf-8")
    return folder


def column(name):
    return {"$csv": "data/table.csv", "column": name}


@pytest.mark.usefixtures("table")
def test_columns_are_numbers_or_labels_by_parameter(tmp_path, monkeypatch):
    got = {}

    def function(test, site: "Labels | None" = None, reader=None, rows: "Labels" = ()):  # noqa: F821
        got.update(test=test, site=site, reader=reader, rows=rows)
        return Estimate(method="x.y", estimate=1.0)

    monkeypatch.setattr(stats, "find", lambda _: function)
    args = {"test": column("test"), "site": column("site"), "reader": column("site")}
    result = outcome_of(tmp_path, args={**args, "rows": column("count")}, expect={"estimate": 1})
    assert result.passed, result.message
    assert got["test"] == [5, 6.5, 7, 9]
    assert got["site"] == got["reader"] == ["1.1", "1.10", "1.1", "1.10"]
    assert got["rows"] == ["2", "NA", None, "4"]
    outcome_of(tmp_path, args={"test": column("count")}, expect={"estimate": 1})
    assert got["test"] == [2, None, None, 4]


@pytest.mark.usefixtures("table")
def test_labels_that_look_like_numbers_stay_apart(tmp_path):
    args = {name: column(name) for name in ("test", "reference", "site")}
    result = outcome_of(
        tmp_path, call="mean_difference.paired_random_site", args=args, expect={"sites": 2, "n": 4}
    )
    assert result.passed, result.differences


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ({"$csv": "data/none.csv", "column": "x"}, "data/none.csv cannot be read"),
        ({"$csv": "data/table.csv", "column": "nothing"}, "has no column 'nothing'"),
        ({"$csv": "data/table.csv"}, "has no column None"),
        ({"$csv": "data/text.csv", "column": "word"}, "data/text.csv, column word: "),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, table, reference, message):
    (table / "text.csv").write_text("word\nyes\n", encoding="utf-8")
    result = outcome_of(tmp_path, args={"x": reference, "n": 3})
    assert not result.passed
    assert message in result.message


# --- many files -----------------------------------------------------------------------------


class Listener:
    def __init__(self):
        self.seen = []

    def steps(self, items, label, total=None):
        self.seen.append((label, total))
        yield from items


def test_run_files_in_order_with_progress(tmp_path):
    one = write(tmp_path, GOOD, {**GOOD, "id": "b", "expect": {"ci_low": 0}}, name="one.json")
    two = write(tmp_path, {**GOOD, "id": "c"}, name="two.json")
    listener = Listener()
    outcomes = cases.run_files([one, str(two)], listener)
    assert [(o.id, o.passed, o.file) for o in outcomes] == [
        ("wilson", True, str(one)),
        ("b", False, str(one)),
        ("c", True, str(two)),
    ]
    assert listener.seen == [("qualify", 3)]
    assert cases.run_files([]) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"nonsense", "is not JSON"),
        (b"", "is not JSON"),
        (b"[]", 'must be an object with a list "cases"'),
        (b"\xff\xfe", "is not text in UTF-8"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"cases": [1' + b"0" * 5000 + b"]}", "cannot be read"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_failure(tmp_path, content, says):
    good, bad = write(tmp_path, GOOD), tmp_path / "bad.json"
    if content is not None:
        bad.write_bytes(content)
    first, failed, last = cases.run_files([good, bad, good])
    assert first.passed
    assert last.passed
    assert not failed.passed
    assert (failed.id, failed.call, failed.file) == ("bad.json", "", str(bad))
    assert says in failed.message
    assert says in str(failed.differences[0].got)
    assert cases.run_files([tmp_path])[0].message.endswith("Is a directory")


def test_a_case_that_is_not_well_formed_is_one_failure(tmp_path):
    bad = ({"id": "x"}, None, {**GOOD, "args": None}, {**GOOD, "id": "\ud800"})
    outcomes = cases.run_files([write(tmp_path, GOOD, *bad, GOOD)])
    assert [outcome.passed for outcome in outcomes] == [True, False, False, False, False, True]
    assert outcomes[1].id == "cases.json, case 2"
    assert "lacks 'call'" in outcomes[1].message
    assert "half a character" in outcomes[4].message
    json.dumps([dataclasses.asdict(outcome) for outcome in outcomes]).encode()


def test_what_may_be_left_out_may_be_null(tmp_path):
    given = {**GOOD, "source": None, "note": None, "rtol": None}
    (case,) = cases.load(write(tmp_path, given))
    assert (case.source, case.note, case.rtol) == ("", "", 1e-6)
    file = tmp_path / "bom.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"cases": [GOOD]}).encode())
    assert cases.run_files([file])[0].passed


@pytest.mark.parametrize("wanted", [math.inf, -math.inf, math.nan, 10**400, -(10**400)])
def test_nothing_is_near_what_is_not_a_finite_number(tmp_path, wanted):
    assert not outcome_of(tmp_path, expect={"estimate": wanted}, rtol=1).passed


@pytest.mark.parametrize("wanted", [["ValueError"], {}, 5, "TypeError", True])
def test_only_the_name_of_the_exception_is_what_is_raised(tmp_path, wanted):
    wrong = outcome_of(tmp_path, args={"x": 3, "n": 2}, expect={"raises": wanted})
    assert not wrong.passed
    (difference,) = wrong.differences
    assert (difference.attribute, difference.wanted) == ("raises", wanted)
    assert str(difference.got).startswith("ValueError: x is 3")


def test_a_failure_without_numbers_says_in_its_difference_what_happened(tmp_path):
    unknown = outcome_of(tmp_path, call="no.such")
    assert unknown.differences[0].got == unknown.message == "there is no function 'no.such'"
    raised = outcome_of(tmp_path, args={"wrong": 1})
    assert raised.differences[0].attribute == "raises"
    assert raised.differences[0].wanted is None
    assert "unexpected keyword argument" in raised.message


@pytest.mark.parametrize(
    ("table", "content"),
    [
        ("bytes.csv", b"a\n\xff\n"),
        ("nul.csv", b"a\n1\x002\n"),
        ("field.csv", b"a\n" + b"1" * 200_000 + b"\n"),
        ("text.csv", b"a\nfoo\n"),
        ("empty.csv", b""),
        ("no\0name.csv", None),
        ("x" * 5000, None),
        (".", None),
    ],
)
def test_a_table_that_cannot_be_used_is_a_failure(tmp_path, table, content):
    if content is not None:
        (tmp_path / table).write_bytes(content)
    reference = {"$csv": table, "column": "a"}
    failed = outcome_of(tmp_path, args={"x": reference, "n": 2})
    assert not failed.passed
    assert failed.message


def test_a_row_that_is_too_short_has_no_value(tmp_path):
    (tmp_path / "short.csv").write_text("a,b\n1,2\n3\n", encoding="utf-8")
    args = {"cash_flows": {"$csv": "short.csv", "column": "b"}}
    failed = outcome_of(tmp_path, call="cash_flow.payback", args=args, expect={"estimate": 1})
    assert "missing or infinite value" in failed.message


def test_nothing_is_printed(tmp_path, capsys):
    cases.run_files([write(tmp_path, GOOD, {**GOOD, "id": "b", "call": "no.such"})])
    assert capsys.readouterr() == ("", "")

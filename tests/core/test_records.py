"""Records: what is saved is what is read, ids are unique, and no number is not a number."""

import dataclasses
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from clinval.core.records import Record, Results, Series, UnusableResultsError
from clinval.core.results import Estimate, TestResult, plain

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**12), 10**12)
words = st.text(max_size=8)
value = st.none() | st.booleans() | numbers | words
records = st.lists(
    st.builds(
        Record,
        id=words,
        endpoint=words,
        analysis_set=words,
        group=st.dictionaries(st.sampled_from(["site", "readers", "arm"]), words, max_size=2),
        statistic=words,
        value=value,
        unit=words,
        n=st.none() | st.integers(0, 10**6),
        method=words,
        level=st.none() | st.sampled_from([0.0, 0.9, 0.95]),
        undefined=st.booleans(),
        reason=words,
        inputs=words,
    ),
    unique_by=lambda record: record.id,
    max_size=6,
)
series = st.lists(
    st.builds(
        Series,
        id=words,
        columns=st.dictionaries(words, st.lists(st.none() | numbers | words, max_size=4)),
    ),
    max_size=3,
)
provenance = st.dictionaries(
    words, st.recursive(value, lambda inner: st.lists(inner, max_size=2), max_leaves=4), max_size=3
)


@settings(deadline=None)
@given(provenance, records, series)
def test_what_is_saved_is_what_is_read(provenance, records, series):
    results = Results(provenance=provenance, records=tuple(records), series=tuple(series))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        results.save(path)
        again = Results.load(path)
        first = path.read_bytes()
        again.save(path)
        assert path.read_bytes() == first
    assert again == results
    assert again.sha256 == results.sha256
    for found, record in zip(again.records, records, strict=True):
        assert found == record
        assert type(found.value) is type(record.value)


def record(name, **fields):
    return Record(id=name, endpoint="P1", statistic="estimate", **{"value": 0.5, **fields})


def results(*records, **more):
    return Results(provenance=more.pop("provenance", {}), records=records, **more)


def test_ids_are_unique():
    with pytest.raises(ValueError, match="not unique: a, b"):
        results(record("a"), record("b"), record("c"), record("a"), record("b"), record("a"))


def test_the_hash_tells_what_is_said_not_in_which_order_keys_were_put():
    one = results(
        record("a", group={"site": "S01", "arm": "T"}), provenance={"a": 1, "b": {"c": 2, "d": 3}}
    )
    other = results(
        record("a", group={"arm": "T", "site": "S01"}), provenance={"b": {"d": 3, "c": 2}, "a": 1}
    )
    assert one.sha256 == other.sha256
    different = [
        results(record("a", value=0.25)),
        results(record("a", value=1)),
        results(record("a"), record("b")),
        results(record("b"), record("a")),
        results(record("a"), provenance={"seed": 1}),
        results(record("a"), series=(Series(id="s", columns={}),)),
        results(record("a", undefined=True)),
        results(record("a", value=None)),
        results(record("a", value=False)),
        results(record("a", value="")),
    ]
    assert len({found.sha256 for found in different}) == len(different)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(bad, tmp_path):
    path = tmp_path / "results.json"
    for found in (
        results(record("a", value=bad)),
        results(record("a", level=bad)),
        results(provenance={"x": bad}),
        results(series=(Series(id="s", columns={"x": [1.0, bad]}),)),
    ):
        with pytest.raises(ValueError, match="JSON"):
            found.save(path)
        with pytest.raises(ValueError, match="JSON"):
            _ = found.sha256
    assert not list(tmp_path.iterdir())


def test_a_saved_result_holds_one_record_a_line(tmp_path):
    path = tmp_path / "results.json"
    results(
        record("a"), record("b", n=0, value=0), series=(Series(id="s", columns={"x": [1]}),)
    ).save(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[3].rstrip(",")) == {
        "id": "a", "endpoint": "P1", "statistic": "estimate", "value": 0.5,
    }  # fmt: skip
    assert json.loads(lines[4])["n"] == 0
    assert json.loads(lines[4])["value"] == 0


def test_records_are_found_by_id_and_by_fields():
    found = results(
        record("a"), record("b", analysis_set="FAS"), record("c", group={"site": "S01"})
    )
    assert found["b"].analysis_set == "FAS"
    assert found.get("z") is None
    with pytest.raises(KeyError):
        _ = found["z"]
    assert [r.id for r in found.where(endpoint="P1", group={})] == ["a", "b"]
    assert [r.id for r in found.where(group={"site": "S01"})] == ["c"]
    assert list(found.where(endpoint="P2")) == []


def test_series_are_found_by_id():
    found = results(series=(Series(id="s", columns={"x": [1]}),))
    assert found.points("s").columns == {"x": [1]}
    assert found.points("t") is None


def test_results_with_other_records_know_only_those():
    found = results(record("a"), record("b"))
    fewer = dataclasses.replace(found, records=(record("b"),))
    assert fewer.get("a") is None
    assert found["a"].id == "a"


def test_plain_values_of_a_result_are_of_json():
    import numpy as np

    result = Estimate(method="m.f", estimate=np.float64(0.5), ci_low=float("-inf"), n=np.int64(3))
    assert plain(result) == {
        "method": "m.f", "undefined": False, "reason": "", "estimate": 0.5, "ci_low": None,
        "ci_high": None, "level": 0.95, "n": 3,
    }  # fmt: skip
    assert [type(value) for value in (plain(result)["estimate"], plain(result)["n"])] == [
        float,
        int,
    ]
    values = (np.array([1.0, np.nan]), [np.float64(2), (np.nan,)])
    assert plain(TestResult(method="m.f", p_value=values))["p_value"] == [
        [1.0, None],
        [2.0, [None]],
    ]
    json.dumps(plain(result), allow_nan=False)


def saved(folder):
    path = folder / "results.json"
    series = Series(id="s", columns={"x": [1.0]})
    Results(provenance={"seed": 1}, records=(record("a"), record("b")), series=(series,)).save(path)
    return path


def test_the_hash_in_the_file_is_that_of_the_results(tmp_path):
    path = saved(tmp_path)
    assert json.loads(path.read_text())["sha256"] == Results.load(path).sha256


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content["records"].pop(),
        lambda content: content["records"].append(content["records"][0]),
        lambda content: content["records"][0].update(value=0.6),
        lambda content: content["records"][0].update(value=float("nan")),
        lambda content: content["records"][0].update(further=1),
        lambda content: content["records"][0].pop("value"),
        lambda content: content["provenance"].update(seed=2),
        lambda content: content["series"][0]["columns"].update(x=[2.0]),
        lambda content: content.pop("series"),
        lambda content: content.pop("sha256"),
        lambda content: content.update(records={"a": 1}),
    ],
)
def test_results_that_were_edited_cannot_be_used(edit, tmp_path):
    path = saved(tmp_path)
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    with pytest.raises(UnusableResultsError):
        Results.load(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_results_cannot_be_used(content, tmp_path):
    path = tmp_path / "results.json"
    path.write_bytes(content)
    with pytest.raises(UnusableResultsError):
        Results.load(path)

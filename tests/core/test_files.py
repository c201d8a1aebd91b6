"""Files are written whole or not at all, whatever stops the writer."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from clinval.core.files import (
    canonical_json,
    sha256_of_bytes,
    sha256_of_file,
    sha256_of_json,
    whole,
    write,
)

ROOT = Path(__file__).parents[2]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_with_its_folder(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    write(path, "é膝\n")
    assert path.read_bytes() == "é膝\n".encode()
    assert path.stat().st_mode & 0o777 == 0o644
    write(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert names(path.parent) == ["a.txt"]


@pytest.mark.parametrize("before", [None, "old"])
@pytest.mark.parametrize("stop", [RuntimeError, OSError, KeyboardInterrupt, SystemExit])
def test_the_old_file_stays_and_no_part_is_left_whatever_is_raised(before, stop, tmp_path):
    path = tmp_path / "a.txt"
    if before is not None:
        path.write_text(before)
    with pytest.raises(stop), whole(path) as part:  # noqa: PT012 - what stops it is in the block
        part.write_text("half of the n")
        raise stop
    assert names(tmp_path) == ([] if before is None else ["a.txt"])
    assert before is None or path.read_text() == before


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole(path) as part:
        part.write_text("half")
        assert path.read_text() == "old"
        assert part.parent == tmp_path
        part.write_text("new")
    assert path.read_text() == "new"


def test_two_writers_do_not_get_into_each_others_way(tmp_path):
    path = tmp_path / "a.txt"
    with whole(path) as one, whole(path) as other:
        assert one != other
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"
    assert names(tmp_path) == ["a.txt"]


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write(path, "\ud800")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("name", ["results.json", "table.csv"])
def test_a_full_disk_leaves_the_old_file_and_no_part(name, tmp_path):
    path = tmp_path / name
    path.write_text("old")
    code = f"""
import pathlib, resource, signal, sys
import numpy as np
import pyarrow.csv
from clinval.core.csv_tables import write_columns
from clinval.core.files import write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
path = pathlib.Path({str(path)!r})
try:
    if path.suffix == ".csv":
        write_columns(path, {{"x": np.arange(100_000.0)}})
    else:
        write(path, "x" * 1_000_000)
except OSError as error:
    sys.exit(0 if error.errno == 27 else 1)
sys.exit(2)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert path.read_text() == "old"
    assert names(tmp_path) == [name]


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file" / "a.txt", "x")
    assert names(tmp_path) == ["file"]


def test_hashes_are_those_of_the_content(tmp_path):
    content = b"abc" * 100_000
    path = tmp_path / "a"
    path.write_bytes(content)
    expected = hashlib.sha256(content).hexdigest()
    assert sha256_of_file(path) == sha256_of_bytes(content) == expected
    assert sha256_of_json({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def turned(value):
    """Return a value with the keys of every mapping in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


@given(values)
def test_canonical_json_does_not_depend_on_the_order_of_keys(value):
    assert canonical_json(turned(value)) == canonical_json(value)
    assert sha256_of_json(turned(value)) == sha256_of_json(value)
    assert json.loads(canonical_json(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_has_no_json(value):
    for content in (value, [value], {"a": {"b": value}}):
        with pytest.raises(ValueError, match="JSON"):
            canonical_json(content)

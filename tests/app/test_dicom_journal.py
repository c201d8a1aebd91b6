"""A harvest that is interrupted goes on where it stopped, and gives what it would have given."""

from __future__ import annotations

import contextlib
import os
import sqlite3

import dicom_kit as kit
import pytest

from clinval.app import dicom as module
from clinval.app.dicom import read_folder
from clinval.app.dicom_journal import journal
from clinval.capture.dicom import observing
from clinval.capture.dicom.gate.gate import GatePolicy
from clinval.capture.dicom.observing import Observer
from clinval.core.errors import SubmissionError
from clinval.core.problems import Problem

OBSERVER = Observer(policy=GatePolicy(subjects=frozenset(["S01-001"])))
RULES = {"rules": 1}


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images" / "Zubrowka"
    kit.examination(kit.examination(folder, 1), 2)
    kit.save(kit.image(3, PatientName="Ottilie"), folder / "refused.dcm")
    (folder / "text.txt").write_text("no image")
    return folder


@pytest.fixture
def looked(monkeypatch):
    """Names of files that were read."""
    names = []
    read = observing.read

    def noting(source):
        names.append(source.name)
        return read(source)

    monkeypatch.setattr(observing, "read", noting)
    monkeypatch.setattr(module, "_BATCH", 2)
    return names


def harvest(images, path, rules=RULES):
    with journal(path, rules) as kept:
        return read_folder(images, OBSERVER, journal=kept)


def test_nothing_is_read_twice(images, tmp_path, looked):
    plain = read_folder(images, OBSERVER)
    assert len(looked) == plain.files == 16
    looked.clear()
    path = tmp_path / "read.db"
    assert harvest(images, path) == plain
    assert len(looked) == 16
    looked.clear()
    assert harvest(images, path) == plain
    assert looked == []


@pytest.mark.parametrize("after", range(1, 16, 3))
def test_it_goes_on_wherever_it_was_interrupted(images, tmp_path, looked, monkeypatch, after):
    plain = read_folder(images, OBSERVER)
    looked.clear()
    path, noting = tmp_path / "read.db", observing.read

    def interrupted(source):
        if len(looked) == after:
            raise KeyboardInterrupt
        return noting(source)

    with monkeypatch.context() as patch:
        patch.setattr(observing, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            harvest(images, path)
    assert len(looked) == after
    looked.clear()
    assert harvest(images, path) == plain
    assert len(looked) == 16 - after // 2 * 2  # what was complete was kept


def test_changed_and_new_files_are_read_and_gone_ones_are_not_counted(images, tmp_path, looked):
    path = tmp_path / "read.db"
    harvest(images, path)
    looked.clear()
    changed = images / "e1" / "s1" / "1.dcm"
    kit.save(kit.image(1, 1, 1, KVP="80"), changed)
    touched = images / "e1" / "s1" / "2.dcm"
    os.utime(touched, ns=(1, 1))
    kit.save(kit.image(1, 1, 9), images / "a.dcm")
    (images / "refused.dcm").unlink()
    found = harvest(images, path)
    assert sorted(looked) == ["a.dcm", "e1/s1/1.dcm", "e1/s1/2.dcm"]
    assert found == read_folder(images, OBSERVER)
    assert found.refused == 0


def test_other_rules_read_anew(images, tmp_path, looked):
    path = tmp_path / "read.db"
    harvest(images, path)
    looked.clear()
    harvest(images, path, {"rules": 2})
    assert len(looked) == 16


def test_a_journal_holds_no_name_and_no_identifier(images, tmp_path):
    path = tmp_path / "read.db"
    harvest(images, path)
    content = path.read_bytes()
    for word in (b"Zubrowka", b"refused.dcm", b"Ottilie", kit.ROOT.encode()):
        assert word not in content
    with contextlib.closing(sqlite3.connect(path)) as database:
        kept = str(database.execute("select * from outcome").fetchall())
    assert kit.ROOT not in kept
    assert path.stat().st_mode & 0o077 == 0


def test_what_was_spoiled_is_read_again(images, tmp_path, looked):
    path = tmp_path / "read.db"
    plain = harvest(images, path)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("update outcome set content = x'00'")
    looked.clear()
    assert harvest(images, path) == plain
    assert len(looked) == 16
    path.write_bytes(b"no database" * 1000)
    assert harvest(images, path) == plain


def test_a_journal_that_another_harvest_writes_is_told(images, tmp_path, monkeypatch):
    path = tmp_path / "read.db"
    harvest(images, path)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path: connect(path, timeout=0.1))
    with contextlib.closing(connect(path)) as other:
        other.execute("begin exclusive")
        with pytest.raises(SubmissionError) as caught:
            harvest(images, path, {"rules": 3})
    (problem,) = caught.value.problems
    assert isinstance(problem, Problem)
    assert (problem.kind, problem.place.file) == ("file-unusable", "read.db")

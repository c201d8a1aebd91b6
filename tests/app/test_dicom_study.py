"""Headers go into a study as codes, values and hashes, and nothing else goes anywhere."""

from __future__ import annotations

import contextlib
import csv
import json
import sqlite3
import zipfile
import zlib

import dicom_kit as kit
import pytest

from clinval.app.dicom_study import harvest_into
from clinval.app.ingest import ingest
from clinval.capture.dicom.instance import hash_of_uid
from clinval.capture.dicom.study.harvest_file import hash_over
from clinval.core.errors import UsageError
from clinval.study.store import StudyStore

PLANTED = ("Zubrowka", "zubrowka", "Ottilie", "88231907", "欧阳", "思琪", "Wiesengrund")


@pytest.fixture
def folder(tmp_path):
    return kit.study(tmp_path / "study")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return kit.images_of_study(tmp_path_factory.mktemp("images"))


def lines(folder, site):
    text = (folder.dicom / f"{site}_dicom.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def kinds(caught):
    return [problem.kind for problem in caught.value.problems]


def written(root):
    """Return all bytes below a folder, members of workbooks and rows of databases unpacked."""
    parts = []
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        parts += [str(path.relative_to(root)).encode(), path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                parts += [archive.read(name) for name in archive.namelist()]
        if path.suffix == ".db":
            with contextlib.closing(sqlite3.connect(path)) as database:
                parts += ["\n".join(map(str, database.iterdump())).encode()]
                if path.name == "read.db":
                    rows = database.execute("select content from outcome").fetchall()
                    parts += [zlib.decompress(content) for (content,) in rows]
    return b"\n".join(parts)


def test_each_site_gets_its_rows(folder, images):
    harvested = harvest_into(folder, images)
    assert harvested.harvest.files == harvested.harvest.read == 24
    head, *rows = lines(folder, "S01")
    assert (head["site"], head["rows"], head["counts"]["read"]) == ("S01", 4, 24)
    assert [(row["subject_id"], row["arm"]) for row in rows] == [
        ("S01-001", "TEST"), ("S01-001", "REF"), ("S01-002", "TEST"), ("S01-002", "REF"),
    ]  # fmt: skip
    assert [row["values"]["dlp_mgy_cm"]["value"] for row in rows] == [
        121.75,
        121.75,
        122.75,
        122.75,
    ]
    own = {hash_of_uid(kit.uid(11, 1, at)) for at in (1, 2, 3)} | {hash_of_uid(kit.uid(11, 90, 1))}
    assert set(rows[0]["instances"]) == own
    assert rows[0]["instances_sha256"] == hash_over(own)
    assert len(lines(folder, "S02")) == 3


def test_tables_say_where_each_value_comes_from(folder, images):
    harvest_into(folder, images)
    values = table(folder.dicom / "values.csv")
    (total,) = [
        row for row in values
        if (row["subject_id"], row["quantity"], row["scope"]) == ("S02-001", "dlp", "examination")
        and row["examination"] == "E05"
    ]  # fmt: skip
    assert (float(total["value"]), total["unit"]) == (123.75, "mGy*cm")
    assert (total["source"], total["confidence"]) == ("report_total", "high")
    assert total["instances_sha256"] == hash_over([hash_of_uid(kit.uid(31, 90, 1))])
    assert [row["examination"] for row in values] == sorted(row["examination"] for row in values)
    (device,) = table(folder.dicom / "devices.csv")
    assert (device["serial"], device["instances"]) == ("70001", "24")
    assert table(folder.dicom / "refusals.csv") == []


def test_a_workbook_is_filled_and_comes_back_like_any_other(folder, images):
    harvest_into(folder, images, sites=["S01"])
    assert not (folder.dicom / "S02_prefilled.xlsx").exists()
    (taken,) = ingest(folder, [folder.dicom / "S01_prefilled.xlsx"], actor="monitor")
    assert taken.receipt.rows == 4
    with StudyStore(folder.store_path, "KIT") as store:
        frame = store.current("F05", "S01")
    assert sorted(frame["dlp_mgy_cm"]) == [121.75, 121.75, 122.75, 122.75]


def test_taking_stores_at_once_and_again_changes_nothing(folder, images):
    first = harvest_into(folder, images, take=True, actor="monitor")
    assert [one.receipt.rows for one in first.ingested] == [4, 2]
    again = harvest_into(folder, images, take=True, actor="monitor")
    assert [one.receipt.status for one in again.ingested] == ["unchanged", "unchanged"]
    with StudyStore(folder.store_path, "KIT") as store:
        assert store.version == 2


def test_one_site_of_several(folder, images):
    harvested = harvest_into(folder, images, sites=["S02"], take=True)
    assert [path.name for path in harvested.written if path.suffix == ".jsonl"] == [
        "S02_dicom.jsonl"
    ]
    assert [one.receipt.site for one in harvested.ingested] == ["S02"]


def test_the_same_images_give_the_same_bytes(folder, tmp_path, images):
    names = (
        "S01_dicom.jsonl", "S02_dicom.jsonl", "S01_prefilled.xlsx", "S02_prefilled.xlsx",
        "values.csv", "devices.csv", "device_changes.csv", "refusals.csv",
    )  # fmt: skip
    harvest_into(folder, images)
    expected = [(folder.dicom / name).read_bytes() for name in names]
    other = kit.study(tmp_path / "other")
    harvest_into(other, images, count=2)
    assert [(other.dicom / name).read_bytes() for name in names] == expected


IDENTITY = {
    "PatientName": "Zubrowka^Ottilie", "PatientBirthDate": "19600102",
    "ReferringPhysicianName": "Wiesengrund", "OtherPatientIDs": "88231907",
    "InstitutionAddress": "Wiesengrund 7", "PatientComments": "call Ottilie Zubrowka",
    "SpecificCharacterSet": "ISO_IR 192", "PatientAddress": "欧阳思琪",
}  # fmt: skip


def planted(place):
    """Write files that name somebody in their attributes, texts, private texts and file names."""
    kit.images_of_study(place / "Zubrowka Ottilie", **IDENTITY)
    for at, attribute in enumerate(("StudyDescription", "SeriesDescription", "ProtocolName")):
        named = kit.image(60 + at, 1, 1, **{attribute: "DL of Ottilie Zubrowka"} | IDENTITY)
        kit.save(named, place / f"{at}.dcm")
    private = kit.image(70)
    block = private.private_block(0x0029, "Zubrowka 1.0", create=True)
    block.add_new(0x01, "LO", "Ottilie Zubrowka")
    kit.save(private, place / "private.dcm")
    kit.save(kit.image(71), place / "mrn 88231907" / "Ottilie Zubrowka.dcm")
    return place


@pytest.mark.parametrize("count", [1, 2])
def test_nobody_is_anywhere(tmp_path, count):
    place = kit.images_of_study(planted(tmp_path / "images"))
    folder = kit.study(tmp_path / "study")
    harvested = harvest_into(folder, place, take=True, actor="monitor", count=count)
    assert (harvested.harvest.refused, len(harvested.rows.rows)) == (24 + 3 + 2, 6)
    content = written(folder.root)
    for word in PLANTED:
        assert word.encode() not in content, word
    assert kit.ROOT.encode() not in content
    assert b"20260301" not in (folder.dicom / "S01_dicom.jsonl").read_bytes()


def test_what_somebody_typed_stays_with_the_images(folder, tmp_path):
    """The gate cannot know every name: what a description says goes into no table and no store."""
    place = kit.images_of_study(tmp_path / "images", ["S01-001"], ProtocolName="Zubrowka")
    kit.save(kit.image(90, SeriesDescription="DL Zubrowka"), place / "a.dcm")
    harvested = harvest_into(folder, place, take=True)
    assert harvested.harvest.refused == 0
    (folder.dicom / "read.db").unlink()
    assert b"Zubrowka" not in written(folder.root)


def test_refusals_are_counted_by_reason(folder, tmp_path):
    place = kit.images_of_study(tmp_path / "images", ["S01-001"])
    kit.save(kit.image(90, PatientIdentityRemoved="NO"), place / "a.dcm")
    kit.save(kit.image(91, PatientID="S07-001"), place / "b.dcm")
    kit.save(kit.image(92, SeriesDescription="other"), place / "c.dcm")
    (place / "d.txt").write_text("text")
    harvest_into(folder, place)
    counts = {
        (row["by"], row["reason"]): row["files"] for row in table(folder.dicom / "refusals.csv")
    }
    assert counts == {
        ("reader", "not_dicom"): "1",
        ("gate", "identity_not_removed"): "1",
        ("gate", "identifying_attribute"): "1",
        ("study", "no_arm"): "1",
    }


def test_what_cannot_be_done_is_told(tmp_path, images):
    from clinval.app.folder import StudyFolder

    with pytest.raises(UsageError) as caught:
        harvest_into(StudyFolder(tmp_path), images)
    assert kinds(caught) == ["images-outside-study"]
    folder = kit.study(tmp_path / "study")
    for place, kind in ((tmp_path / "nowhere", "images-not-found"), (folder.root, "images-none")):
        with pytest.raises(UsageError) as caught:
            harvest_into(folder, place)
        assert kinds(caught) == [kind]
    with pytest.raises(UsageError) as caught:
        harvest_into(folder, images, sites=["S09"])
    assert kinds(caught) == ["site-not-found"]

"""What changed about the devices of a site stands in a table and on the screen of the harvest."""

from __future__ import annotations

import csv

import dicom_kit as kit
import pytest

from clinval.app.dicom_study import harvest_into
from clinval.cli.main import main


@pytest.fixture
def images(tmp_path):
    """Two sites of one scanner each; at one of them it gets other software, then is replaced."""
    folder = kit.images_of_study(tmp_path / "images")
    later = (
        (81, "20260401", {"SoftwareVersions": "V2"}),
        (82, "20260501", {"SoftwareVersions": "V2", "DeviceSerialNumber": "70002"}),
    )
    for examination, day, said in later:
        about = {"PatientID": "S01-002", "SeriesDescription": "DL again", "AcquisitionDate": day}
        one = kit.image(examination, 1, 1, StudyDate=day, **about, **said)
        kit.save(one, folder / f"{examination}.dcm")
    return folder


def changes(folder):
    with (folder.dicom / "device_changes.csv").open(encoding="utf-8-sig", newline="") as stream:
        return [tuple(row.values()) for row in csv.DictReader(stream)]


def test_each_change_of_a_site_is_a_row_without_its_day(tmp_path, images):
    folder = kit.study(tmp_path / "study")
    harvested = harvest_into(folder, images)
    assert changes(folder) == [
        ("S01", "software", "Maker", "M1", "70001", "V1", "V2", "1"),
        ("S01", "serial", "Maker", "M1", "70002", "70001", "70002", "1"),
    ]
    assert [one.on.month for one in harvested.changes] == [4, 5]
    text = (folder.dicom / "device_changes.csv").read_text(encoding="utf-8-sig")
    assert "2026" not in text


def test_nothing_changed_is_an_empty_table(tmp_path):
    folder = kit.study(tmp_path / "study")
    harvested = harvest_into(folder, kit.images_of_study(tmp_path / "images"))
    assert harvested.changes == ()
    assert changes(folder) == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Changes of devices", "other software", "another scanner of the model")),
        ("zh", ("设备变更", "软件版本变更", "同型号的另一台设备")),
    ],
)
def test_the_screen_shows_them(tmp_path, images, capsys, language, words):
    folder = kit.study(tmp_path / "study")
    with pytest.raises(SystemExit):
        main(["--lang", language, "dicom", str(images), "--study", str(folder.root)])
    shown = capsys.readouterr().out
    assert all(word in shown for word in words)
    assert shown.count("V2") == 1

"""clinval dicom: what is shown, what is asked back, and what nobody must ever see."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import dicom_kit as kit
import pytest

from clinval.app.dicom import look
from clinval.capture.dicom.gate.header_texts import is_dummy
from clinval.cli.dicom import print_report
from clinval.cli.main import main
from clinval.core.i18n import set_language

SHARED = Path(__file__).resolve().parents[3] / "shared" / "dicom"
IDENTITY = {
    "PatientName": "Zubrowka^Ottilie", "PatientID": "88231907", "PatientBirthDate": "19600102",
    "OperatorsName": "Wiesengrund", "SeriesDescription": "Anton Wiesengrund",
    "InstitutionName": "Clinic of Ottilie", "StationName": "Wiesengrund 1",
    "ManufacturerModelName": "Scanner of Wiesengrund", "StudyID": "88231907",
}  # fmt: skip


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")

    def called(*arguments, lang="en"):
        with pytest.raises(SystemExit) as ended:
            main(["--lang", lang, "dicom", *map(str, arguments)])
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return called


@pytest.fixture(scope="module")
def real():
    """What is shown of the real files, in both languages."""
    if not SHARED.is_dir():
        pytest.skip("the shared DICOM files (../shared/dicom) are not on this machine")
    harvest, shown = look(SHARED), {}
    for lang in ("en", "zh"):
        set_language(lang)
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            print_report(harvest)
        shown[lang] = stream.getvalue()
    set_language(None)
    return shown


def test_the_real_files_have_their_known_doses(real):
    rows = [re.split(r" {2,}", line.strip()) for line in real["en"].splitlines()]
    dlp = {row[2] for row in rows if len(row) > 2 and row[1] == "DLP"}
    assert {"236.09", "116.61"} <= dlp
    assert "320.82" not in real["en"]
    assert "damaged" not in real["en"]
    activities = {row[2] for row in rows if len(row) > 2 and row[2].endswith("MBq")}
    assert {"394 MBq", "320 MBq", "764 MBq"} <= activities
    assert "SOMATOM Definition Flash" in real["en"]
    assert re.search(r"an attribute that names somebody is filled +76", real["en"])
    assert re.search(r"not a DICOM file +2", real["en"])


def test_the_real_files_show_nobody(real):
    import pydicom

    shown = real["en"].casefold()
    for path in SHARED.rglob("*.dcm"):
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        for name in ("PatientID", "PatientName", "AccessionNumber", "OperatorsName",
                     "ReferringPhysicianName", "InstitutionName", "PatientBirthDate"):  # fmt: skip
            text = str(dataset.get(name) or "").casefold()
            if len(text) > 6 and not is_dummy(text):
                word = rf"(?<!\w){re.escape(text)}(?!\w)"
                assert not re.search(word, shown), (path.name, name)
        assert str(dataset.StudyInstanceUID) not in shown
        assert path.stem.casefold() not in shown


def test_every_word_has_its_chinese(real):
    """What is shown of sources, remarks and reasons is in the language that is asked for."""
    from clinval.capture.writing.words import words

    for group, texts in words("dicom").items():
        for name, text in texts.items():
            assert text["en"] and text["zh"], (group, name)  # noqa: PT018
    english = set(re.findall(r"[a-z]{4,} [a-z]{3,} [a-z]{3,}", real["zh"]))
    assert english == set()


def test_a_report_writes_nothing_and_names_nobody(run, tmp_path):
    place = kit.examination(tmp_path / "images", 1, **IDENTITY)
    code, out, err = run(place, "--report")
    assert (code, err) == (0, "")
    assert "120.75 mGy·cm" in out
    assert "7 files: 7 read, 7 of them" in out
    for word in ("Zubrowka", "Ottilie", "88231907", "Wiesengrund", "1960", "2026", kit.ROOT):
        assert word.casefold() not in out.casefold(), word
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_values_go_to_a_file_if_that_is_wanted(run, tmp_path):
    place = kit.examination(tmp_path / "images", 1, **IDENTITY)
    code, out, _ = run(place, "--report", "--csv", tmp_path / "values.csv")
    assert code == 0
    assert "values.csv" in out
    text = (tmp_path / "values.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    totals = [row["value"] for row in rows if row["quantity"] == "dlp" and not row["event"]]
    assert totals == ["120.75"]
    for word in ("Zubrowka", "Ottilie", "88231907", "Wiesengrund", "2026", kit.ROOT):
        assert word.casefold() not in text.casefold(), word


def test_a_study_takes_what_its_gate_takes(run, tmp_path):
    folder = kit.study(tmp_path / "study")
    place = kit.images_of_study(tmp_path / "images")
    kit.save(kit.image(90, **IDENTITY), place / "named.dcm")
    code, out, _ = run(place, "--study", folder.root, "--take")
    assert code == 0
    assert "6 rows of values" in out
    assert "S01_dicom.jsonl: site S01, 4 rows stored" in out
    code, out, _ = run(place, "--study", folder.root, "--report")
    assert "25 files: 25 read, 1 of them" in out
    assert "DL fast" in out  # of files that the gate takes descriptions are shown
    assert "Wiesengrund" not in out


def test_no_row_is_not_success(run, tmp_path):
    folder = kit.study(tmp_path / "study")
    place = kit.save(kit.image(90, **IDENTITY), tmp_path / "images" / "a.dcm").parent
    code, out, _ = run(place, "--study", folder.root)
    assert code == 4
    assert "0 rows of values" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["images"], 2, "U448"),
        (["nowhere", "--report"], 2, "U447"),
        (["empty", "--report"], 2, "U450"),
        (["text.txt", "--report"], 2, "not a DICOM file 1"),
        (["images", "--report", "--take"], 2, "--take"),
        (["images", "--report", "--site", "S01"], 2, "--site"),
        (["images", "--report", "--scheduler", "localhost:1"], 2, "U441"),
        (["images", "--report", "--workers", "0"], 2, "--workers"),
        (["images", "--report", "--csv", "empty"], 4, "U009"),
    ],
)
def test_mistakes_are_told(run, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    kit.save(kit.image(), tmp_path / "images" / "a.dcm")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("text")
    ended, _, err = run(*arguments)
    assert (ended, said in err) == (code, True), err


def test_a_study_without_a_form_for_headers_is_told(run, tmp_path):
    import kit as studies

    (tmp_path / "protocol.yaml").write_text(studies.text(studies.content()), encoding="utf-8")
    place = kit.save(kit.image(), tmp_path / "images" / "a.dcm").parent
    code, _, err = run(place, "--study", tmp_path)
    assert code == 2
    assert "U449" in err


def test_single_files_and_archives_are_read(run, tmp_path):
    import zipfile

    path = kit.save(kit.dose_report(), tmp_path / "a.dcm")
    assert "120.75" in run(path, "--report")[1]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "x/a.dcm")
    assert "120.75" in run(tmp_path / "a.zip", "--report")[1]


def test_interrupted_it_says_so_and_goes_on(tmp_path):
    folder = kit.study(tmp_path / "study")
    place = kit.images_of_study(tmp_path / "images")
    for at in range(60):
        kit.save(kit.image(100 + at, SeriesDescription="conv"), place / f"more{at}.dcm")
    command = [sys.executable, "-m", "clinval", "--lang", "en", "dicom", place,
               "--study", folder.root]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(500):  # until it has begun to read
        if (folder.dicom / "read.db").exists() or process.poll() is not None:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert "Traceback" not in err
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "84 files: 84 read" in ended.stdout

"""Ingest keeps what identifies out of the store and the inbox; what it was stays in quarantine."""

import shutil
import sqlite3

import openpyxl
import pytest
from openpyxl.comments import Comment

from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.library import filled
from clinval.capture.template import write_template
from clinval.cli.main import main
from clinval.core.files import sha256_of_file

SITE = {
    "id": "S01", "name": "Hospital", "country": "DE", "language": "en", "currency": "EUR",
    "time_zone": "Europe/Berlin", "planned_subjects": 2,
}  # fmt: skip
SECRETS = ("王芳", "13800138000", "Wang Fang", "445566")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return a study of one site and the bytes of its workbook, a little of it filled."""
    readers = [{"id": f"R{n}", "label": f"Reader {n}"} for n in (1, 2, 3)]
    changes = {"sites": [SITE], "readers": readers, "subgroups.region.sites": {"all": ["S01"]}}
    folder = filled(tmp_path_factory.mktemp("privacy") / "study", "cad-mrmc", changes)
    path = folder.root / "S01.xlsx"
    subject = {"subject_id": "S01-001", "consent": "yes", "sex": "female", "age_years": 54}
    write_template(
        folder.protocol(), "S01", path, protocol_sha256=folder.protocol_sha256(),
        content={"F04": [subject]},
    )  # fmt: skip
    return folder, path.read_bytes()


@pytest.fixture
def take(study, tmp_path):
    """Return a function that ingests the workbook after a change, under a name."""
    original, content = study
    folder = StudyFolder(tmp_path / "study")
    folder.root.mkdir()
    shutil.copy(original.protocol_path, folder.protocol_path)

    def run(change=lambda _: None, name="S01.xlsx"):
        path = tmp_path / name
        path.write_bytes(content)
        workbook = openpyxl.load_workbook(path)
        change(workbook)
        workbook.save(path)
        (ingested,) = ingest(folder, [path], reason="first")
        return folder, path, ingested

    return run


def kinds(ingested):
    return [defect.problem.kind for defect in ingested.defects]


def stored(folder):
    """Return every text of the store."""
    connection = sqlite3.connect(folder.store_path)
    tables = [name for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    )]  # fmt: skip
    texts = [str(row) for name in tables for row in connection.execute(f"SELECT * FROM {name}")]  # noqa: S608
    connection.close()
    return "\n".join(texts)


def test_a_clean_return_is_kept_as_it_came(take):
    folder, path, _ = take()
    assert [kept.name for kept in folder.received.iterdir()] == [f"{sha256_of_file(path)}.xlsx"]
    assert not folder.quarantine.exists()


def test_what_identifies_is_in_quarantine_only(take):
    def write(workbook):
        workbook["F04"]["Z9"] = "患者王芳，电话 13800138000"

    folder, path, ingested = take(write)
    assert ingested.receipt.status == "accepted"
    assert kinds(ingested)[0] == "file-identifies"
    (kept,) = folder.quarantine.iterdir()
    assert kept.read_bytes() == path.read_bytes()
    assert (folder.quarantine.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o700, 0o600)
    assert not folder.received.exists()
    assert not [secret for secret in SECRETS if secret in stored(folder)]
    assert folder.as_it_came(sha256_of_file(path)) == kept


def test_who_wrote_a_file_is_not_in_the_copy_that_is_kept(take):
    def write(workbook):
        workbook.properties.lastModifiedBy = "Wang Fang"
        workbook["F04"]["H3"].comment = Comment("see chart", "Wang Fang")

    folder, path, ingested = take(write)
    assert "file-names-author-clean" in kinds(ingested)
    sha256 = sha256_of_file(path)
    assert [kept.name for kept in folder.received.iterdir()] == [f"{sha256}.cleaned.xlsx"]
    assert [kept.name for kept in folder.quarantine.iterdir()] == [f"{sha256}.xlsx"]


def test_a_name_of_a_file_is_stored_without_the_name_in_it(take):
    folder, _, ingested = take(name="S01_王芳_445566.xlsx")
    assert ingested.receipt.file_name == "S01_*_445566.xlsx"
    assert kinds(ingested)[0] == "file-name-identifies"
    assert "王芳" not in stored(folder)


def test_a_protocol_that_refuses_stores_nothing(take):
    def write(workbook):
        workbook["F04"]["Z9"] = "MRN 445566"

    folder, _, _ = take()
    text = folder.protocol_path.read_text("utf-8")
    folder.protocol_path.write_text(text + "\nprivacy: {identifying: refuse}\n", "utf-8")
    _, _, ingested = take(write, name="S01b.xlsx")
    assert (ingested.receipt.status, kinds(ingested)) == ("refused", ["file-identifies-refused"])
    assert "445566" not in stored(folder)
    assert len(list(folder.quarantine.iterdir())) == 1


def test_the_command_lists_what_is_found_and_never_shows_it(take, capsys, tmp_path):
    def write(workbook):
        workbook["F04"]["Z9"] = "患者王芳，电话 13800138000"

    folder, path, _ = take(write)
    capsys.readouterr()
    output = tmp_path / "found.csv"
    for files in ([], [str(path)], [str(path.parent / "study" / "quarantine")]):
        with pytest.raises(SystemExit) as stop:
            main(["--lang", "en", "phi", *files, "--study", str(folder.root), "--csv", str(output)])
        said = capsys.readouterr().out + output.read_text("utf-8")
        assert stop.value.code == 4
        assert "phone number" in said
        assert "1 files looked through, 1 with" in said
        assert not [secret for secret in SECRETS if secret in said]

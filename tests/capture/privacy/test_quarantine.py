"""Ingest keeps what identifies out of the store and the inbox; what it was stays in quarantine."""

import shutil
import sqlite3

import openpyxl
import pytest
from openpyxl.comments import Comment

from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.library import filled
from clinval.app.returned_files import take
from clinval.capture.template import write_template
from clinval.cli.main import main
from clinval.core.files import sha256_of_file
from clinval.protocol.privacy import Privacy

SITE = {
    "id": "S01", "name": "Hospital", "country": "DE", "language": "en", "currency": "EUR",
    "time_zone": "Europe/Berlin", "planned_subjects": 2,
}  # fmt: skip
SECRETS = ("王芳", "13800138000", "Wang Fang")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return the folder of a study of one site, its protocol, and the bytes of its workbook."""
    readers = [{"id": f"R{n}", "label": f"Reader {n}"} for n in (1, 2, 3)]
    changes = {"sites": [SITE], "readers": readers, "subgroups.region.sites": {"all": ["S01"]}}
    folder = filled(tmp_path_factory.mktemp("privacy") / "study", "cad-mrmc", changes)
    path = folder.root / "S01.xlsx"
    protocol = folder.protocol()
    subject = {"subject_id": "S01-001", "consent": "yes", "sex": "female", "age_years": 54}
    write_template(
        protocol, "S01", path, protocol_sha256=folder.protocol_sha256(), content={"F04": [subject]}
    )
    return folder, protocol, path.read_bytes()


@pytest.fixture
def returned(study, tmp_path):
    """Return a function that writes the workbook, changed, under a name, and gives its path."""
    _, _, content = study

    def write(change=None, name="S01.xlsx"):
        path = tmp_path / name
        path.write_bytes(content)
        if change:
            workbook = openpyxl.load_workbook(path)
            change(workbook)
            workbook.save(path)
        return path

    return write


@pytest.fixture
def folder(study, tmp_path):
    """Return an empty folder of the study."""
    made = StudyFolder(tmp_path / "study")
    made.root.mkdir()
    shutil.copy(study[0].protocol_path, made.protocol_path)
    return made


def names(found):
    return {defect.problem.kind for defect in found.defects}


def identify(workbook):
    workbook["F04"]["Z9"] = "患者王芳，电话 13800138000"
    workbook.properties.lastModifiedBy = "Wang Fang"


def stored(folder):
    """Return every text of the store."""
    connection = sqlite3.connect(folder.store_path)
    tables = [name for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    )]  # fmt: skip
    texts = [str(row) for name in tables for row in connection.execute(f"SELECT * FROM {name}")]  # noqa: S608
    connection.close()
    return "\n".join(texts)


def test_a_clean_return_is_kept_as_it_came(study, returned, folder):
    path = returned()
    taken = take(path, folder, study[1])
    assert taken.kept
    assert [kept.name for kept in folder.received.iterdir()] == [f"{sha256_of_file(path)}.xlsx"]
    assert not folder.quarantine.exists()


def test_what_identifies_is_in_quarantine_and_nowhere_else(returned, folder, capsys, tmp_path):
    path = returned(identify, name="S01_王芳.xlsx")
    (ingested,) = ingest(folder, [path], reason="first")
    assert ingested.receipt.status == "accepted"
    assert ingested.receipt.file_name == "S01_*.xlsx"
    assert {"file-name-identifies", "file-identifies", "file-names-author-clean"} <= names(ingested)
    (kept,) = folder.quarantine.iterdir()
    assert kept.read_bytes() == path.read_bytes()
    assert (folder.quarantine.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o700, 0o600)
    assert not folder.received.exists()
    assert folder.as_it_came(sha256_of_file(path)) == kept
    assert not [secret for secret in SECRETS if secret in stored(folder)]

    capsys.readouterr()
    output = tmp_path / "found.csv"
    for files in ([], [str(path)]):
        with pytest.raises(SystemExit) as stop:
            main(["--lang", "en", "phi", *files, "--study", str(folder.root), "--csv", str(output)])
        said = capsys.readouterr().out + output.read_text("utf-8")
        assert stop.value.code == 4
        assert "phone number" in said
        assert "1 files looked through; 1 may" in said
        assert not [secret for secret in SECRETS if secret in said]


def test_who_wrote_a_file_is_not_in_the_copy_that_is_kept(study, returned, folder):
    def write(workbook):
        workbook["F04"]["H3"].comment = Comment("see chart", "Wang Fang")

    path = returned(write)
    assert "file-names-author-clean" in names(take(path, folder, study[1]).returns[0])
    sha256 = sha256_of_file(path)
    assert [kept.name for kept in folder.received.iterdir()] == [f"{sha256}.cleaned.xlsx"]
    assert [kept.name for kept in folder.quarantine.iterdir()] == [f"{sha256}.xlsx"]


def test_a_protocol_that_refuses_takes_nothing(study, returned, folder):
    refuses = study[1].model_copy(update={"privacy": Privacy(identifying="refuse")})
    (found,) = take(returned(identify), folder, refuses).returns
    assert (found.refused, found.forms) == (True, ())
    assert names(found) == {"file-identifies-refused", "file-names-author-clean"}
    assert len(list(folder.quarantine.iterdir())) == 1


def test_a_file_that_cannot_be_looked_through_is_in_quarantine(study, folder, tmp_path):
    path = tmp_path / "S01.xlsx"
    path.write_bytes(b"PK\x03\x04 broken")
    assert take(path, folder, study[1]).returns[0].refused
    assert [kept.read_bytes() for kept in folder.quarantine.iterdir()] == [path.read_bytes()]
    assert not folder.received.exists()


def test_a_file_that_is_not_there_is_not_kept(study, folder, tmp_path):
    assert not take(tmp_path / "missing.xlsx", folder, study[1]).kept

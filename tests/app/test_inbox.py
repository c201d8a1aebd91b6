"""What lies in the inbox is taken in, wherever in it; what was refused stays in sight."""

import shutil
import sqlite3

from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.status import status
from clinval.study.store import StudyStore

NOON = "2026-06-01T12:00:00+00:00"


def _study(root, tmp_path):
    folder = StudyFolder(tmp_path / "study")
    folder.inbox.mkdir(parents=True)
    shutil.copy(root / "protocol.yaml", folder.protocol_path)
    return folder


def test_folders_within_the_inbox_are_looked_into(root, tmp_path):
    folder = _study(root, tmp_path)
    for name in ("S02.xlsx", "march/S01.xlsx", "march/~$S01.xlsx", ".sync/S03.xlsx", "received/x"):
        (folder.inbox / name).parent.mkdir(exist_ok=True)
        (folder.inbox / name).write_bytes(b"x")
    (folder.inbox / "gone.xlsx").symlink_to("nowhere.xlsx")
    names = [path.relative_to(folder.inbox).as_posix() for path in folder.returned_files()]
    assert names == ["S02.xlsx", "gone.xlsx", "march/S01.xlsx"]


def test_a_refused_file_is_seen_in_the_status_until_a_better_one_comes(root, tmp_path):
    folder = _study(root, tmp_path)
    whole = (root / "inbox" / "S01.xlsx").read_bytes()
    (folder.inbox / "S01.xlsx").write_bytes(whole[: len(whole) // 2])
    ingest(folder)
    (defect,) = status(folder).defects
    assert (defect.problem.kind, defect.problem.place.file) == ("file-damaged", "S01.xlsx")
    (folder.inbox / "S01.xlsx").write_bytes(whole)
    ingest(folder)
    assert status(folder).defects == ()


def _store_of(folder, **options):
    """Take everything in at one time of day; return what each file came to, and the store."""
    with StudyStore(folder.store_path, folder.protocol().study.id, clock=lambda: NOON) as store:
        receipts = [taken.receipt for taken in ingest(folder, actor="x", store=store, **options)]
    connection = sqlite3.connect(folder.store_path)
    try:
        return receipts, list(connection.iterdump())
    finally:
        connection.close()


def test_two_readers_at_once_make_the_same_store(root, tmp_path):
    made = []
    for workers in (1, 2):
        folder = _study(root, tmp_path / str(workers))
        returned = sorted((root / "inbox").glob("*.xlsx"))
        for path in returned:
            shutil.copy(path, folder.inbox)
        (folder.inbox / "S00.xlsx").write_bytes(returned[0].read_bytes()[:5000])
        made.append(_store_of(folder, workers=workers))
    assert made[0] == made[1]
    assert [receipt.status for receipt in made[1][0]] == ["refused"] + len(returned) * ["accepted"]

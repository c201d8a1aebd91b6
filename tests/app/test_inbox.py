"""What lies in the inbox is taken in, wherever in it; what was refused stays in sight."""

import shutil

from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.status import status


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

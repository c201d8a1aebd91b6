"""What comes in is counted: cells given are those stored and those not; a file counts once.

Rules: ICH E6(R3) 4.2.5
Where: capture/workbook.py, study/receive.py, app/ingest.py
"""

import json

import proof_kit as k

from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.capture.template import write_template
from clinval.core.files import sha256_of_file


def test_cells_in_are_cells_stored_and_cells_not(tmp_path):
    folder = k.empty(tmp_path / "study")
    protocol, rows = folder.protocol(), k.rows()
    content = {
        form: table[table["site_id"] == "S01"].head(12).to_dict("records")
        for form, table in rows.items()
    }
    content["F07"][0]["image_quality"] = "five?"
    path = folder.inbox / "S01.xlsx"
    sha256 = folder.protocol_sha256()
    write_template(protocol, "S01", path, protocol_sha256=sha256, content=content)
    (taken,) = ingest(folder, actor="ann")
    assert taken.receipt.status == "accepted"
    from compliance_kit import opened

    with opened(folder) as store:
        said = json.loads(next(store.audit_entries()).detail)
        head = store.audit_head()
    assert said["sha256"] == sha256_of_file(path)
    cells = said["cells"]
    given = cells.pop("given")
    assert given == sum(cells.values()) > 0
    assert cells["stored"] < given  # the word is counted, and not stored
    (again,) = ingest(StudyFolder(folder.root), actor="ann")
    assert again.receipt.status == "unchanged"
    with opened(folder) as store:
        assert store.version == 1
        assert store.audit_head()[0] == head[0]

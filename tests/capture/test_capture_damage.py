"""An archive that was damaged on the way is refused by name, whichever way its parts are packed."""

import io
import zipfile

import numpy as np
import pytest

from clinval.capture.phi_gate import screen
from clinval.capture.query_answers import read_answers
from clinval.capture.query_opening import is_query_workbook
from clinval.capture.returned import read_returned

TYPES = '<?xml version="1.0"?><Types>' + "<Default/>" * 200 + "</Types>"
SHEETS = '<workbook><sheets><sheet name="_queries"/>' + "<sheet/>" * 200 + "</sheets></workbook>"
WORKBOOK = {"[Content_Types].xml": TYPES, "xl/workbook.xml": SHEETS}
TEXTS = {"F05.csv": "site_id,subject_id,arm\n" + "S01,S01-001,TEST\n" * 100}
COUNT = 25  # damaged files of each kind


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("parts", [WORKBOOK, TEXTS], ids=["workbook", "texts"])
def test_a_damaged_archive_never_raises(protocol, tmp_path, parts, packing):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", packing) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    refused = 0
    for seed in range(COUNT):
        draw, content = np.random.default_rng(seed), bytearray(whole.getvalue())
        for at in draw.integers(4, len(content), size=(1, 3, 20)[seed % 3]):
            content[at] = draw.integers(256)
        path = tmp_path / f"{seed}.xlsx"
        path.write_bytes(content)
        screen(path, protocol)
        is_query_workbook(path)
        assert read_answers(path, protocol).refused
        refused += all(part.refused for part in read_returned(path, protocol))
    assert refused >= COUNT // 2  # a byte of no weight may have been changed

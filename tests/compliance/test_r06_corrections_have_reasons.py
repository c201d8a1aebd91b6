"""A correction after the first save has a reason; blanks are none.

Rules: ICH E6(R3) 4.2.4
Where: study/corrections.py, study/receive.py, app/locking.py
Also: tests/study/test_corrections.py
"""

import kit
import proof_kit as k
import pytest
from compliance_kit import opened

from clinval.app.acting import take
from clinval.app.locking import lock, unlock
from clinval.core.errors import UsageError
from clinval.study.receive import receive


@pytest.mark.parametrize("blank", [" ", "\t", "　 "])
def test_a_blank_reason_is_refused_wherever_one_is_needed(life, blank):
    folder, declared = life.folder, life.folder.protocol()
    before = folder.store_path.read_bytes()
    rows = {"F04": k.rows()["F04"].query("site_id == 'S01'")}

    def correct():
        with opened(folder) as store:
            receive(store, kit.returned(declared, "S01", rows), actor="Ann", reason=blank)

    for act in (
        correct,
        lambda: lock(folder, actor="Ann", waive=["Q1"], reason=blank),
        lambda: unlock(life.locked, by=["Ann", "Sam"], reason=blank),
        lambda: take(folder.root, "Mo", "reader", site="", actor="Ann", reason=blank),
    ):
        with pytest.raises(UsageError) as error:
            act()
        assert [problem.kind for problem in error.value.problems] == ["reason-missing"]
    assert folder.store_path.read_bytes() == before

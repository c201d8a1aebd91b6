"""The trail is altered only to take out what identifies a person; the act is an entry itself.

Rules: ICH E6(R3) 4.2.2(b)
Where: study/redaction.py, study/schema.py; `clinval audit redact`
Also: tests/study/test_redaction.py
"""

import json

import pytest
from compliance_kit import WHY

from clinval.app.auditing import redact, verify_trail
from clinval.core.errors import UsageError


def test_a_redacted_trail_holds_and_says_so(life):
    assert verify_trail(life.folder).problem is None
    (act,) = life.entries("redact")
    number = int(act.subject.removeprefix("entry "))
    entry = life.entries()[number - 1]
    assert set(json.loads(entry.detail)) == {"redacted"}
    assert (act.actor, act.reason) == ("Ann", "a name in the words")


@pytest.mark.parametrize(("who", "why"), [("Ann", " "), ("Ann", ""), ("Mo", WHY), ("Eve", WHY)])
def test_it_takes_a_role_and_a_reason(life, who, why):
    before = life.folder.store_path.read_bytes()
    number = life.entries("change")[0].seq
    with pytest.raises(UsageError):
        redact(life.folder, number, actor=who, reason=why)
    assert life.folder.store_path.read_bytes() == before

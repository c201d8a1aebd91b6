"""The audit trail: proving a million entries beside hashing the same bytes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator

from ratio import Ratio, against

_ENTRIES, _AT_ONCE = 1_000_000, 10_000


def measure() -> Iterator[Ratio]:
    """Compare the proof of a trail, chain and data, with `hashlib` on each entry's own bytes."""
    from clinval.study import audit, schema, seals

    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("BEGIN")
    schema.create(connection, "X")
    events = [
        ("change", f"S01 F05 S01-{n % 500:03d} | TEST", {"field": "t", "old": n, "new": n + 1})
        for n in range(_AT_ONCE)
    ]
    for _ in range(_ENTRIES // _AT_ONCE):
        audit.append(connection, events, actor="monitor", reason="typing error at the console")
    connection.execute("COMMIT")
    texts = [text for (text,) in connection.execute(f"SELECT {audit.CONTENT} FROM audit")]  # noqa: S608

    def proved() -> None:
        if seals.fault(connection) is not None:
            raise RuntimeError("the trail does not hold")

    def hashed() -> None:
        for text in texts:
            hashlib.sha256(text).hexdigest()

    taken, peer_taken = against(proved, hashed, times=3)
    yield Ratio(
        task="audit verify: 1,000,000 entries",
        peer="hashlib.sha256 of each entry",
        taken=taken,
        peer_taken=peer_taken,
        limit=6,
    )

"""Studies of any size for the benchmarks: a protocol file, and a store filled with reads."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import kit

from clinval.app.folder import StudyFolder

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CALLS", "fill", "read_columns", "write_protocol"]

CALLS = ("positive", "negative")

_ENDPOINT = {
    "id": "P1",
    "kind": "proportion_comparison",
    "form": "F07",
    "measure": 'call == "positive"',
    "combine": "majority",
    "method": "tango",
    "centers": "stratified",
    "direction": "higher_is_better",
    "comparison": "non_inferiority",
    "margin": {"value": 0.1, **kit.MARGIN},
}
_PLAN = {"endpoint": "P1", "alpha": 0.025, "power": 0.8, "assumptions": "of size", "source": "none"}


def write_protocol(
    folder: StudyFolder, *, sites: int, subjects: int, readers: int, forms: Sequence[str]
) -> None:
    """Write the protocol of a paired study; ``subjects`` are those of each site."""
    content = kit.content(
        sites={f"S{number:02d}": {"planned_subjects": subjects} for number in range(1, sites + 1)},
        readers=[f"R{number}" for number in range(1, readers + 1)],
        endpoints=[_ENDPOINT],
        sample_size=[_PLAN | {"subjects": sites * subjects}],
        forms=["F04", *(form for form in forms if form != "F04")],
    )
    folder.root.mkdir(parents=True, exist_ok=True)
    folder.protocol_path.write_text(kit.text(content), encoding="utf-8")


def fill(folder: StudyFolder) -> None:
    """Put every read that the protocol plans into the store, without the way through Excel."""
    from clinval.study.receive import receive
    from clinval.study.returns import FormReturn, WorkbookReturn
    from clinval.study.store import StudyStore

    protocol = folder.protocol()
    with StudyStore(folder.store_path, protocol.study.id) as store:
        for number, site in enumerate(protocol.sites):
            frames = {"F04": _enrolled(protocol, site.id), "F07": _reads(protocol, site.id, number)}
            returned = WorkbookReturn(
                file_name=f"{site.id}.xlsx",
                sha256=hashlib.sha256(site.id.encode()).hexdigest(),
                size=1,
                site=site.id,
                template="benchmark",
                refused=False,
                forms=tuple(
                    FormReturn(form=form, sheet=form, frame=_typed(protocol, form, frame))
                    for form, frame in frames.items()
                ),
            )
            receive(store, returned, actor="benchmark")


def read_columns(folder: StudyFolder) -> Iterator[pd.DataFrame]:
    """Yield the reads of each site, as :func:`fill` stored them."""
    protocol = folder.protocol()
    for number, site in enumerate(protocol.sites):
        yield _reads(protocol, site.id, number)


def _enrolled(protocol: Any, site: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {"site_id": site, "subject_id": protocol.subjects_of(site), "enrolled": "yes"}
    )


def _reads(protocol: Any, site: str, seed: int) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    keys = pd.MultiIndex.from_product(
        [
            [site],
            list(protocol.subjects_of(site)),
            [arm.id for arm in protocol.arms],
            [reader.id for reader in protocol.readers],
        ],
        names=["site_id", "subject_id", "arm", "reader_id"],
    )
    frame = keys.to_frame(index=False)
    draw = np.random.default_rng(seed)
    rows = len(frame)
    return frame.assign(
        session=draw.integers(1, 3, rows),
        read_date=pd.Timestamp("2026-03-01") + pd.to_timedelta(draw.integers(0, 90, rows), "D"),
        image_quality=draw.integers(1, 6, rows),
        call=np.array(CALLS)[(draw.random(rows) < 0.4).astype(int)],
        reading_time_s=np.round(draw.uniform(5, 900, rows), 1),
    )


def _typed(protocol: Any, form_id: str, given: pd.DataFrame) -> pd.DataFrame:
    """Return a frame as capture returns it."""
    import numpy as np
    import pandas as pd

    from clinval.study.returns import HELD, KEY, MISSING, SHEET_ROW

    form, rows = protocol.form(form_id), len(given)
    columns: dict[str, Any] = {}
    for field in form.fields:
        dtype = "float64" if field.numeric else "datetime64[s]" if field.temporal else "object"
        empty = {"float64": np.nan, "datetime64[s]": pd.NaT, "object": None}[dtype]
        columns[field.id] = given[field.id] if field.id in given else pd.Series([empty] * rows)
        columns[field.id] = columns[field.id].astype(dtype)
    frame = pd.DataFrame(columns)
    keys = [frame[name].astype(str) for name in form.keys]
    frame[KEY] = keys[0].str.cat(keys[1:], sep=" | ") if len(keys) > 1 else keys[0]
    frame[SHEET_ROW] = np.arange(rows) + 5
    frame[MISSING] = np.array([None] * rows, dtype=object)
    frame[HELD] = np.array([None] * rows, dtype=object)
    return frame

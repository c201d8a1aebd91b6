"""Small studies from a few lines: a protocol from a mapping, a store filled with rows.

Nothing here knows what an analysis should give; it only gets data in and records out, and holds
what every record has to hold.
"""

import atexit
import contextlib
import functools
import hashlib
import json
import math
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from clinval.endpoints import KINDS
from clinval.endpoints.kind import Context
from clinval.endpoints.recorder import Recorder
from clinval.protocol.reading import read_protocol
from clinval.study.analysis_sets import memberships
from clinval.study.data import StudyData
from clinval.study.receive import receive
from clinval.study.returns import HELD, KEY, MISSING, SHEET_ROW, FormReturn, WorkbookReturn
from clinval.study.store import StudyStore

MARGIN = {"source": "a paper", "justification": "because"}
DATE = "2026-01-01"
NOW = "2026-01-01T00:00:00+00:00"
STUDY = "KIT"

# ---------------------------------------------------------------------- protocols


def content(
    *, design="paired", sites=("S01", "S02"), readers=("R1", "R2"), sets=None, endpoints=(), **more
):
    """Return what a protocol file says; ``sites``, ``sets``, ``design`` may be mappings."""
    arms = [{"id": "TEST", "role": "test", "label": "new"}]
    if design != "single_arm":
        arms.append({"id": "REF", "role": "reference", "label": "old"})
    site = {
        "country": "DE",
        "language": "en",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "planned_subjects": 30,
    }
    changes = sites if isinstance(sites, dict) else {name: {} for name in sites}
    screened = {"exclude": [{"when": 'enrolled == "no"', "reason": "screen failure"}]}
    return {
        "clinval": 1,
        "study": {
            "id": STUDY,
            "title": "A study",
            "version": "1",
            "date": DATE,
            "sponsor": "X",
            "synthetic": True,
        },
        "product": {
            "name": "P",
            "version": "1",
            "manufacturer": "X",
            "kind": "software",
            "description": "what it is",
            "intended_use": "what it is for",
        },
        "regions": ["eu"],
        "design": {"description": "as said"}
        | (design if isinstance(design, dict) else {"type": design}),
        "arms": arms,
        "sites": [{"id": name, "name": name, **site, **own} for name, own in changes.items()],
        "readers": [{"id": name, "label": name} for name in readers],
        "forms": ["F04", "F05", "F07"],
        "analysis_sets": {
            name: {"label": name, "definition": name, **own}
            for name, own in (sets or {"FAS": screened}).items()
        },
        "endpoints": [
            {
                "role": "secondary" if index else "primary",
                "label": declared["id"],
                "set": "FAS",
                **declared,
            }
            for index, declared in enumerate(endpoints or [QUALITY])
        ],
        **({"multiplicity": _ALL} if len(endpoints) > 1 else {}),
        **more,
    }


_ALL = {"procedure": "co_primary", "justification": "all"}

QUALITY = {
    "id": "P1",
    "kind": "proportion_comparison",
    "form": "F05",
    "measure": 'repeated == "no"',
    "method": "tango",
    "centers": "stratified",
    "direction": "higher_is_better",
    "comparison": "non_inferiority",
    "margin": {"value": 0.1, **MARGIN},
}
"""An endpoint for tests that are about something else."""


def text(said):
    """Return a protocol file; JSON is YAML, but for the date, which must not be a text."""
    return json.dumps(said, ensure_ascii=False, indent=1).replace(f'"{DATE}"', DATE)


@functools.cache
def _reading(written):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "protocol.yaml"
        path.write_text(written, encoding="utf-8")
        return read_protocol(path, KINDS)


def _read(said):
    return _reading(text(said))


def protocol(**parts):
    """Return a sound protocol; see :func:`content`."""
    reading = _read(content(**parts))
    assert reading.protocol is not None, [problem.line("en") for problem in reading.problems]
    return reading.protocol


def problems(**parts):
    """Return the kinds of what is wrong with a protocol."""
    found = _read(content(**parts)).problems
    return sorted(problem.kind for problem in found if problem.kind != "sample-size-missing")


# ---------------------------------------------------------------------- data


def frame(declared, form_id, rows):
    """Return rows as capture returns them: typed columns, keys, and nothing held."""
    form, given = declared.form(form_id), pd.DataFrame(rows)
    columns = {}
    for field in form.fields:
        values = given[field.id] if field.id in given else [None] * len(given)
        dtype, nothing = object, None
        if field.numeric:
            dtype, nothing = float, np.nan
        elif field.temporal:
            dtype, nothing = "datetime64[s]", "NaT"
        columns[field.id] = np.array([nothing if pd.isna(v) else v for v in values], dtype=dtype)
    made = pd.DataFrame(columns, index=range(len(given)))
    made[KEY] = [
        " | ".join(map(str, key)) for key in zip(*(made[k] for k in form.keys), strict=True)
    ]
    made[SHEET_ROW] = np.arange(len(made)) + 5
    made[MISSING] = np.array([None] * len(made), dtype=object)
    held = given[HELD] if HELD in given else [None] * len(made)
    made[HELD] = np.array([value or None for value in held], dtype=object)
    return made


def returned(declared, site, tables, *, name=None, refused=False, defects=()):
    """Return what reading a site's file gives; its hash is that of its rows."""
    forms = tuple(
        FormReturn(form=form_id, sheet=form_id, frame=frame(declared, form_id, rows))
        for form_id, rows in tables.items()
    )
    said = repr((site, refused, [(form.form, form.frame.to_csv()) for form in forms]))
    return WorkbookReturn(
        file_name=name or f"{site}.xlsx",
        sha256=hashlib.sha256(said.encode()).hexdigest(),
        size=len(said),
        site=site,
        template="t",
        refused=refused,
        forms=() if refused else forms,
        defects=tuple(defects),
    )


def opened(path=":memory:"):
    """Return a store at a fixed time."""
    return StudyStore(Path(path), STUDY, clock=lambda: NOW)


def fill(store, declared, tables):
    """Receive tables (rows of all sites by form), one file a site."""
    tables = {form_id: pd.DataFrame(rows) for form_id, rows in tables.items()}
    for site in declared.sites:
        own = {
            form_id: rows[rows["site_id"] == site.id] if len(rows) else rows
            for form_id, rows in tables.items()
        }
        if any(len(rows) for rows in own.values()):
            receive(store, returned(declared, site.id, own), actor="kit")


@contextlib.contextmanager
def data(declared, tables):
    """Give the data of a study in memory."""
    with opened() as store:
        fill(store, declared, tables)
        yield StudyData(declared, store)


_KEPT = {}
_MOST_KEPT = 4


def _forget():
    for store in _KEPT.values():
        store.__exit__()
    _KEPT.clear()


atexit.register(_forget)


def filled(declared, tables):
    """Return a store that holds what the sites sent, to be read only.

    Most of the time of a small analysis goes into receiving; tests analyse the same returns with
    one protocol after another, so the last few stores are kept.
    """
    forms = [repr(declared.form(form_id)) for form_id in tables]
    key = pickle.dumps(([site.id for site in declared.sites], forms, tables))
    if key not in _KEPT:
        if len(_KEPT) == _MOST_KEPT:
            _forget()
        store = opened()
        fill(store, declared, tables)
        _KEPT[key] = store
    return _KEPT[key]


def enrolled(per_site, **columns):
    """Return enrolment rows: so many subjects a site, all with the same values."""
    return pd.DataFrame(
        [
            {"site_id": site, "subject_id": f"{site}-{number + 1:03d}", "enrolled": "yes"} | columns
            for site, count in per_site.items()
            for number in range(count)
        ],
        columns=["site_id", "subject_id", "enrolled", *columns],
    )


# ---------------------------------------------------------------------- analysis


def analyze(found, endpoint_id=None):
    """Return the recorder of one endpoint on its own set; every record is checked."""
    endpoint = found.protocol.endpoint(endpoint_id or found.protocol.endpoints[0].id)
    recorder = Recorder(endpoint=endpoint.id, analysis_set=endpoint.set)
    sets = memberships(found)
    context = Context(data=found, sets=sets, set_id=endpoint.set, recorder=recorder)
    KINDS[endpoint.kind].analyze(endpoint, context)
    check(recorder.records)
    return recorder


def run(declared, tables, endpoint_id=None):
    """Return the records of one endpoint by the end of their id: ``site=S01.estimate``."""
    recorder = analyze(StudyData(declared, filled(declared, tables)), endpoint_id)
    prefix = f"{recorder.endpoint}.{recorder.analysis_set}."
    return {record.id.removeprefix(prefix): record for record in recorder.records}


def values(records):
    """Return the values of records by their ids."""
    return {name: record.value for name, record in records.items()}


def check(records):
    """Assert what holds of all records, whatever they are about."""
    ids = [record.id for record in records]
    assert len(set(ids)) == len(ids)
    for record in records:
        assert type(record.value) in (float, int, str, bool, type(None)), record
        assert not isinstance(record.value, float) or math.isfinite(record.value), record
        assert record.undefined == (record.value is None), record
        assert bool(record.reason) == record.undefined, record
        assert record.n is None or type(record.n) is int, record

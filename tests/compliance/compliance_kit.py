"""A study with a whole life, and what its requirements are asked by."""

from __future__ import annotations

from dataclasses import dataclass

import kit
import proof_kit as k

from clinval.app.acting import give
from clinval.app.analysis import analyze
from clinval.app.asking import ask
from clinval.app.auditing import redact
from clinval.app.export import export
from clinval.app.folder import StudyFolder
from clinval.app.locking import lock, unlock
from clinval.core.problems import Place, Problem
from clinval.study.queries import read_queries
from clinval.study.receive import receive
from clinval.study.returns import Defect
from clinval.study.store import StudyStore

WHY = "the source document says so"


@dataclass(frozen=True, slots=True)
class Life:
    """The study at its end (opened again), and a copy of it while it was locked."""

    folder: StudyFolder
    locked: StudyFolder

    def entries(self, action=""):
        with opened(self.folder) as store:
            return [e for e in store.audit_entries() if action in ("", e.action)]


def opened(folder):
    return StudyStore(folder.store_path, kit.STUDY)


def damaged(site):
    return Defect(
        problem=Problem(
            kind="file-damaged", place=Place(file=f"{site}.xlsx"), parameters={"detail": "x"}
        )
    )


def not_a_number(key):
    place = Place(file="S02.xlsx", sheet="F07", cell="G9")
    said = {"value": "5?", "label": "Image quality", "field": "image_quality", "shown": "5?"}
    problem = Problem(kind="value-not-number", place=place, parameters=said)
    return Defect(problem=problem, form="F07", key=key, field="image_quality")


def lived(root):
    """Return the study after all that may happen to one: it was locked, analysed, opened again."""
    folder = k.empty(root / "study")
    declared, tables = folder.protocol(), k.rows()
    with opened(folder) as store:
        kit.fill(store, declared, tables)
    for name, role in (("Ann", "data_manager"), ("Sam", "statistician"), ("Mo", "reader")):
        give(folder.root, name, role, site="", actor="Ann", reason="delegation log")
    own = {form: rows[rows["site_id"] == "S02"] for form, rows in tables.items()}
    reads = own["F07"].iloc[1:].assign(noise=2.0)
    key = " | ".join(map(str, reads.iloc[0][["subject_id", "arm", "reader_id"]]))
    with opened(folder) as store:
        bad = kit.returned(declared, "S02", {}, refused=True, defects=[damaged("S02")])
        receive(store, bad, actor="Ann")
        better = kit.returned(declared, "S02", {**own, "F07": reads}, defects=[not_a_number(key)])
        receive(store, better, actor="Ann", reason=WHY, withdraw=True)
        ask(declared, store, actor="Ann")
        names = [query.name for query in read_queries(store) if query.state != "closed"]
        asked = next(entry.seq for entry in store.audit_entries() if entry.action == "query")
    redact(folder, asked, actor="Ann", reason="a name in the words")
    lock(folder, actor="Ann", waive=names, reason=WHY)
    analyze(folder, actor="Sam")
    export(folder, ["csv"], actor="Sam", reason="for the archive")
    locked = k.copied(folder, root / "locked")
    unlock(folder, by=["Ann", "Sam"], reason=WHY)
    return Life(folder, locked)

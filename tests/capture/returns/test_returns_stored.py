"""Whatever format a return comes in, the store has the same of it, and says what became of it."""

import json

import pytest
from kit import opened
from returns_kit import csv_text, odm_text, redcap_text

from clinval.app.library import filled, recipe
from clinval.app.synthetic import make_up
from clinval.capture.instrument import instrument
from clinval.capture.odm import version_oid
from clinval.capture.returned import read_returned
from clinval.capture.template import write_template
from clinval.study.receive import receive
from clinval.study.returns import SHEET_ROW, SUBMISSION

STUDY = "xray-source-detector"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of the library with what its sites would fill in, dates as texts."""
    cooking = recipe(STUDY)
    folder = filled(tmp_path_factory.mktemp("study") / "s", STUDY, cooking["protocol"])
    protocol = folder.protocol()
    made = make_up(protocol, cooking)
    contents = {
        site: {
            form: [
                {name: getattr(v, "isoformat", lambda v=v: v)() for name, v in row.items()}
                for row in rows[:20]
            ]
            for form, rows in content.items()
        }
        for site, content in list(made.items())[:2]  # of them, two say as much as all
    }
    return protocol, folder.protocol_sha256(), contents


def stored(paths, protocol):
    """Return what a store has of files: form -> site -> rows, but for where they stood."""
    found = {}
    with opened() as store:
        for path in paths:
            for returned in read_returned(path, protocol):
                assert receive(store, returned, actor="data manager").status == "accepted"
        for entry in store.manifest():
            rows = store.current(entry["form"], entry["site"])
            rows = rows.drop(columns=[SHEET_ROW, SUBMISSION]).sort_values("_key")
            found[entry["form"], entry["site"]] = rows.reset_index(drop=True)
    return found


@pytest.fixture(scope="module")
def wanted(study, tmp_path_factory):
    """What the store has when the sites send their workbooks."""
    protocol, sha256, contents = study
    inbox = tmp_path_factory.mktemp("inbox")
    for site, content in contents.items():
        write_template(
            protocol, site, inbox / f"{site}.xlsx", protocol_sha256=sha256, content=content
        )
    return stored(sorted(inbox.iterdir()), protocol)


@pytest.mark.parametrize("kind", ["csv", "redcap-raw", "redcap-label", "odm-1.3.2", "odm-2.0"])
def test_a_study_comes_back_the_same_in_every_format(kind, study, wanted, tmp_path):
    protocol, sha256, contents = study
    if kind == "csv":
        for site, content in contents.items():
            for form, rows in content.items():
                text = csv_text(protocol.form(form), rows, site=site)
                (tmp_path / f"{site}-{form}.csv").write_text(text, encoding="utf-8")
    elif kind.startswith("redcap"):
        raw = kind == "redcap-raw"
        text = redcap_text(protocol, contents, names=raw, codes=raw)
        (tmp_path / "export.csv").write_text(text, encoding="utf-8")
    else:
        oid = version_oid(instrument(protocol, protocol_sha256=sha256))
        text = odm_text(protocol, contents, version=kind[4:], metadata=oid)
        (tmp_path / "export.xml").write_text(text, encoding="utf-8")
    found = stored(sorted(tmp_path.iterdir()), protocol)
    # a template has a sheet for each form; an export has nothing of a form without rows
    assert set(found) == {about for about, rows in wanted.items() if len(rows)}
    for about, rows in found.items():
        assert rows.equals(wanted[about]), about


RECORD = (
    '<AuditRecord><UserRef UserOID="U.1"/><LocationRef LocationOID="LOC.S01"/>'
    "<DateTimeStamp>2026-04-01T10:00:00Z</DateTimeStamp>"
    "<ReasonForChange>typing error</ReasonForChange></AuditRecord>"
)


@pytest.fixture
def send(tmp_path, protocol, make_content):
    """Return a function that receives an export of two sites in ODM."""
    oid = version_oid(instrument(protocol, protocol_sha256="5" * 64))

    def receive_export(store, *, consent="yes", inside=""):
        contents = {site: make_content(site) for site in ("S01", "S02")}
        contents["S01"]["F04"][0]["consent"] = consent
        path = tmp_path / "export.xml"
        path.write_text(
            odm_text(protocol, contents, version="1.3.2", metadata=oid, inside=inside),
            encoding="utf-8",
        )
        returns = read_returned(path, protocol)
        return [receive(store, returned, actor="dm").status for returned in returns], returns

    return receive_export


def test_each_site_of_a_file_is_a_submission_and_comes_once(send):
    with opened() as store:
        statuses, returns = send(store)
        assert statuses == ["accepted", "accepted"]
        assert [part.site for part in store.submissions()] == ["S01", "S02"]
        assert send(store)[0] == ["unchanged", "unchanged"]
        entries = [entry for entry in store.audit_entries() if entry.action == "receive"]
        for entry, returned in zip(entries, returns, strict=True):
            cells = json.loads(entry.detail)["cells"]
            assert cells["given"] == returned.counts.given == 273
            assert cells["stored"] + cells["rejected"] + cells["untouched"] == 273


def test_the_reason_of_a_correction_is_that_of_the_file(send):
    with opened() as store:
        send(store)
        assert send(store, consent="no", inside=RECORD)[0] == ["accepted", "accepted"]
        (change,) = [entry for entry in store.audit_entries() if entry.action == "change"]
        assert change.subject == "S01 F04 S01-001"
        assert change.reason == "typing error"
        assert json.loads(change.detail) == {"field": "consent", "old": "yes", "new": "no"}

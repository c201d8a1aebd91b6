"""Made-up lives of components are those of the recipe, as far as anybody has followed them."""

from __future__ import annotations

import datetime
import itertools

import numpy as np
import pytest

from clinval.app.ingest import ingest
from clinval.app.library import filled, recipe
from clinval.app.synthetic import make_up
from clinval.app.synthetic_headers import made_up_headers
from clinval.app.synthetic_lives import lives
from clinval.capture.dicom.study.harvest_return import read_harvest
from clinval.capture.template import write_template
from clinval.stats.reliability import survival

NAME = "xray-source-detector"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("lives") / "study", NAME, recipe(NAME)["protocol"])


@pytest.fixture(scope="module")
def protocol(study):
    return study.protocol()


def made(protocol, **changes):
    cooking = {**recipe(NAME)["lives"]["F14"], **changes}
    return cooking, [row for rows in lives(protocol, "F14", cooking, 5).values() for row in rows]


def day(text):
    return datetime.date.fromisoformat(text)


def test_rows_are_of_the_form_and_hang_together(protocol):
    cooking, rows = made(protocol)
    fields = {field.id for field in protocol.form("F14").fields}
    assert all(set(row) <= fields for row in rows)
    serials = [row["component_serial"] for row in rows]
    assert len(set(serials)) == len(serials) > 50
    for row in rows:
        begun = str(cooking["observed_from"])
        assert row["installed_date"] < row["end_date"] <= str(cooking["until"])
        assert row["end_date"] > begun
        assert ("observed_from" in row) == (row["installed_date"] < begun)
        assert row.get("scan_seconds_from", 0) < row["scan_seconds"]
        assert (row["status"] == "in_use") == (row["end_reason"] is None)
        assert (row["downtime_hours"] is None) == (row["end_reason"] not in ("failure", "wear"))
    of_test = [row for row in rows if row["investigational"] == "yes"]
    assert min(row["installed_date"] for row in of_test) >= "2021-06-01"
    assert rows == made(protocol)[1]


def test_a_scanner_has_one_tube_at_a_time(protocol):
    _, rows = made(protocol)
    by_scanner = {}
    for row in rows:
        by_scanner.setdefault(row["scanner_serial"], []).append(row)
    assert {len({r["site_id"] for r in rows}) for rows in by_scanner.values()} == {1}
    for of_one in by_scanner.values():
        for earlier, later in itertools.pairwise(of_one):
            assert earlier["status"] == "taken_out"
            assert day(later["installed_date"]) > day(earlier["end_date"])


def test_what_is_fitted_to_many_is_what_the_recipe_says(protocol):
    cooking, rows = made(protocol, places={"S01": 500})
    for component, name in zip(cooking["components"], ("yes", "no"), strict=True):
        own = [row for row in rows if row["investigational"] == name]
        event = [int(row["end_reason"] in ("failure", "wear")) for row in own]
        fit = survival.weibull(
            [row["scan_seconds"] for row in own],
            event,
            entry=[row.get("scan_seconds_from", 0) for row in own],
        )
        assert fit.shape == pytest.approx(component["shape"], rel=0.06)
        assert fit.scale == pytest.approx(component["scale"], rel=0.03)
    ended = [row["end_reason"] for row in rows if row["end_reason"] in ("failure", "wear")]
    assert np.mean(np.array(ended) == "wear") == pytest.approx(cooking["worn"], abs=0.03)


def test_returns_have_the_mistakes_of_the_recipe_and_no_other(study, protocol):
    rows = make_up(protocol, recipe(NAME))
    for site in protocol.sites:
        path = study.inbox / f"{site.id}.xlsx"
        sha256 = study.protocol_sha256()
        write_template(protocol, site.id, path, protocol_sha256=sha256, content=rows[site.id])
    found = [
        (taken.receipt.site, defect.problem.place.sheet)
        for taken in ingest(study, actor="test")
        for defect in taken.defects
    ]
    mistakes = [(m["site"], m["form"]) for m in recipe(NAME)["mistakes"]]
    # of a wrong date two checks ask
    assert sorted(found) == sorted([*mistakes, mistakes[-1]])
    measured = [row for of_site in rows.values() for row in of_site["F15"]]
    assert len(measured) == 3 * 2 * 2 * 2 * 2
    specified = {(row["scan_protocol"], row["ctdivol_specified_mgy"]) for row in measured}
    assert len(specified) == 2  # settings are the same on every scanner
    days = {
        arm: [
            row["acquisition_date"]
            for of_site in rows.values()
            for row in of_site["F05"]
            if row["arm"] == arm
        ]
        for arm in ("TEST", "REF")
    }
    assert 0.55 * len(days["TEST"]) < len(days["REF"]) < 0.85 * len(days["TEST"])
    assert max(days["REF"]) < min(days["TEST"])


def test_headers_say_what_the_form_had_before_its_mistakes(study, protocol):
    files = made_up_headers(protocol, recipe(NAME), "5" * 64)
    assert files == made_up_headers(protocol, recipe(NAME), "5" * 64)
    typed = {
        (row["subject_id"], row["arm"]): row
        for of_site in make_up(protocol, recipe(NAME)).values()
        for row in of_site["F05"]
    }
    differing = []
    for site, text in files.items():
        (returned,) = read_harvest(f"{site}_dicom.jsonl", text.encode(), protocol)
        assert returned.defects == ()
        (form,) = returned.forms
        for row in form.frame.to_dict("records"):
            entry = typed.pop((row["subject_id"], row["arm"]))
            assert row["dlp_mgy_cm"] == entry["dlp_mgy_cm"]
            assert row["ctdi_phantom_cm"] == 32
            if row["ctdivol_mgy"] != entry["ctdivol_mgy"]:
                differing.append((row["subject_id"], row["arm"]))
    assert typed == {}
    assert differing == [("S03-009", "TEST")]

"""clinval phantom: both components side by side, pages with pictures, and rows of a study."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import phantom_scans as scans
import pytest
from openpyxl import load_workbook
from pydicom.uid import DeflatedExplicitVRLittleEndian

from clinval.app.dicom_study import policy_of
from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.library import filled, recipe
from clinval.app.phantom import measure_phantom
from clinval.app.phantom_results import pictures_of, results_of
from clinval.app.phantom_study import rows_of
from clinval.capture.phantom.finding import block_of, pixels_inside
from clinval.capture.phantom.plan_reading import plan_path
from clinval.cli.main import main
from clinval.core.errors import SubmissionError
from clinval.core.problems import Problems
from clinval.core.records import Results
from clinval.study.data import StudyData
from clinval.study.store import StudyStore

SETTINGS = "WATER-200-120kV-200mA-5mm-FC01"
HALF = {"slices": 24, "step": 5.0}
SHORT = """
id: SHORT
name: One region
called: [QA]
find: {diameter_mm: 200}
regions: [{id: center, size_mm: 40}]
measures: [{id: noise, kind: noise, region: center}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two scans with the component under test, one with that before it, noise 5 and 4 HU."""
    home = tmp_path_factory.mktemp("phantom")
    for number, seed in ((1, 11), (2, 12)):
        made = scans.scan(series=f"new {number}", seed=seed, SeriesNumber=str(number + 1),
                          AcquisitionTime=f"1{number}0000", **HALF)  # fmt: skip
        scans.write(made, home / "new" / str(number))
    scans.write(scans.scan(series="old", sd=4.0, seed=13, **HALF), home / "old")
    return home


@pytest.fixture(scope="module")
def report(folder):
    return measure_phantom(folder / "new", "water-cylinder", against=folder / "old")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    name = "xray-source-detector"
    return filled(tmp_path_factory.mktemp("study") / "study", name, recipe(name)["protocol"])


def two_slices(folder, **header):
    return scans.write(scans.scan(slices=2, **header), folder)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A plan with which little is measured."""
    path = tmp_path_factory.mktemp("plan") / "short.yaml"
    path.write_text(SHORT, encoding="utf-8")
    return path


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main(["--lang", "en", "phantom", *map(str, arguments)])
    said = capsys.readouterr()
    return stop.value.code, said.out, said.err


def test_repeats_are_numbered_in_the_order_in_which_they_were_made(report):
    assert report.problems == ()
    assert [(one.role, one.scanner, one.settings, one.number) for one in report.measurements] == [
        ("test", "CT-1", SETTINGS, 1), ("test", "CT-1", SETTINGS, 2),
        ("reference", "CT-1", SETTINGS, 1),
    ]  # fmt: skip
    assert [one.date for one in report.measurements] == ["2026-04-01"] * 3
    assert all(len(set(one.slices)) == 24 for one in report.measurements)


def test_both_components_are_compared_by_the_means_of_their_repeats(report):
    found = {(one.measure, one.quantity): one for one in report.comparisons}
    first, second, before = report.measurements
    noise = found["noise", "noise"]
    values = [one.value("noise").value for one in (first, second, before)]
    assert noise.test == pytest.approx((values[0] + values[1]) / 2)
    assert (noise.reference, noise.repeats) == (values[2], (2, 1))
    assert noise.difference == pytest.approx(noise.test - noise.reference)
    assert noise.ratio == pytest.approx(5 / 4, rel=0.03)
    # of CT numbers, whose 0 is a convention, there is no ratio
    assert found["water", "ct_number"].ratio is None
    assert found["mtf", "mtf50"].ratio == pytest.approx(1.0, abs=0.03)
    assert found["cnr", "cnr"].ratio == pytest.approx(4 / 5, rel=0.05)
    assert found["disk-5mm", "detectability"].ratio == pytest.approx(4 / 5, rel=0.05)


def test_another_scanner_or_settings_are_not_compared(tmp_path, short):
    for name, header in (
        ("new", {"DeviceSerialNumber": "CT-2"}), ("old", {}), ("thin", {"SliceThickness": "1"}),
    ):  # fmt: skip
        two_slices(tmp_path / name, **header)
    found = measure_phantom(tmp_path / "new", str(short), against=tmp_path / "old")
    assert [one.scanner for one in found.measurements] == ["CT-2", "CT-1"]
    assert found.comparisons == ()
    found = measure_phantom(tmp_path / "thin", str(short), against=tmp_path / "old")
    assert [one.settings for one in found.measurements] == [
        "SHORT-120kV-200mA-1mm-FC01", "SHORT-120kV-200mA-5mm-FC01",
    ]  # fmt: skip
    assert found.comparisons == ()


def test_settings_may_be_named_and_others_are_left_out(tmp_path):
    two_slices(tmp_path / "scans")
    for kvp, names in (("120", ["HEAD-120"]), ("140", [])):
        plan = tmp_path / f"{kvp}.yaml"
        named = f"settings: [{{name: HEAD-120, series: {{KVP: '{kvp}', ProtocolName: h*}}}}]\n"
        plan.write_text(SHORT + named, encoding="utf-8")
        found = measure_phantom(tmp_path / "scans", str(plan))
        assert [one.settings for one in found.measurements] == names
        kinds = [one.kind for one in found.problems]
        assert kinds == ["phantom-settings-unknown"] * (1 - len(names))


# ---------------------------------------------------------------------- the command


def test_the_command_prints_both_components_and_writes_the_pages(folder, tmp_path, capsys):
    code, out, err = run(
        capsys, folder / "new", "--against", folder / "old", "--plan", "water-cylinder",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert f"Scanner CT-1, {SETTINGS}" in out
    [noise] = [line for line in out.splitlines() if line.startswith("noise ")]
    assert noise.split()[-1].startswith("1.2")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"measures.csv", "phantom.json", "phantom.en.pdf", "phantom.zh.pdf"}
    with (tmp_path / "out" / "measures.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3 * 10
    assert {row["method"].partition(".")[0] for row in rows} == {"image_quality"}
    results = Results.load(tmp_path / "out" / "phantom.json")
    record = results["phantom.scan=1.noise.noise"]
    [row] = [r for r in rows if (r["role"], r["number"], r["quantity"]) == ("test", "1", "noise")]
    assert float(row["value"]) == record.value
    assert (record.unit, record.n, record.method) == ("HU", 10, "image_quality.snr_region")
    assert results["phantom.place=1.noise.noise.ratio"].unit == "ratio"


def test_a_plan_of_the_library_is_written_to_be_changed(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "--write-plan", "my.yaml")[0] == 0
    assert (tmp_path / "my.yaml").read_bytes() == plan_path("water-cylinder").read_bytes()
    code, _, err = run(capsys, "--write-plan", "my.yaml")
    assert code == 2
    assert "S513" in err


def test_mistakes_of_the_command_are_named(folder, tmp_path, capsys):
    assert run(capsys)[0] == 2
    code, _, err = run(capsys, tmp_path, "--plan", "water-cylinder")
    assert code == 4
    assert "S496" in err
    code, _, err = run(capsys, tmp_path / "none", "--plan", "water-cylinder")
    assert code == 4
    code, _, err = run(capsys, folder / "new", "--plan", "watter")
    assert code == 2
    assert "S486" in err


def test_files_that_are_none_are_counted_and_the_others_measured(short, tmp_path, capsys):
    old = two_slices(tmp_path / "old")
    (old / "notes.txt").write_text("nothing")
    whole = next(old.glob("*.dcm")).read_bytes()
    (old / "cut.dcm").write_bytes(whole[:5000])
    code, out, err = run(capsys, old, "--plan", short)
    assert "noise" in out
    assert "S516" in err
    assert "not a DICOM file" in err
    assert "cut.dcm" not in err
    assert code == 4  # a slice whose pixels are cut off


def test_what_would_be_inflated_without_a_bound_is_not_read(short, tmp_path, capsys):
    made = scans.scan(slices=2)
    for one in made:
        one.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    code, _, err = run(capsys, scans.write(made, tmp_path / "deflated"), "--plan", short)
    assert code == 4
    assert err.count("S481") == 2
    assert "Deflated" in err


# ---------------------------------------------------------------------- the pages


def test_pictures_show_where_was_measured(report):
    """Outlines lie on the pixels that were measured."""
    shown = list(pictures_of(report))
    assert [(one.scan, one.layer) for one in shown] == [
        (scan, layer) for scan in (1, 2, 3) for layer in ("insert", "water")
    ]
    drawn = shown[1].picture
    part = report.measurements[0].parts[1]
    image = part.slices[0]
    across = drawn.width / drawn.columns
    assert len(drawn.grey) == drawn.rows * drawn.columns
    for outline in drawn.outlines:
        region = report.plan.region(outline.label.partition(":")[0])
        rows, columns = pixels_inside(region, part.found, image).nonzero()
        # edges of pixels, from the upper left corner of the picture
        ends = columns.min() * across, (columns.max() + 1) * across
        assert ends[0] == pytest.approx(outline.x - outline.size / 2, abs=across)
        assert ends[1] == pytest.approx(outline.x + outline.size / 2, abs=across)
        assert (rows.min() + rows.max() + 1) / 2 * across == pytest.approx(outline.y, abs=across)
        if not outline.round:
            block, _ = block_of(region, part.found, image)
            assert abs(block.start - rows.min()) <= 1
    noisy = [outline.label for outline in drawn.outlines]
    assert "center: water, noise, uniformity" in noisy


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_has_every_number_of_the_comparison(report, language):
    from clinval.report.blocks import numbers
    from clinval.report.phantom_page import compose

    results = results_of(report)
    document = compose(results, tuple(pictures_of(report)), language)
    printed = {number.record for number in numbers(document.blocks)}
    assert printed == {record.id for record in results.records if record.value is not None}
    figures = [block for block in document.blocks if type(block).__name__ == "Figure"]
    assert len(figures) == 2 + 6
    assert all(figure.alternative for figure in figures)


def test_results_say_what_they_rest_on_and_no_name(report):
    text = json.dumps(results_of(report).provenance)
    assert "QA" not in text
    assert "Phantom" not in text
    assert report.measurements[0].slices[0] in text
    assert report.plan_sha256 in text


# ---------------------------------------------------------------------- a study


def test_a_study_gets_rows_of_its_form_that_can_be_taken_in(folder, study, report, capsys):
    code, out, err = run(
        capsys, folder / "new", "--against", folder / "old", "--plan", "water-cylinder",
        "--study", study.root, "--site", "S02",
    )  # fmt: skip
    assert (code, err) == (0, "")
    workbook = study.phantom / "S02" / "S02_phantom.xlsx"
    assert str(workbook) in out
    [taken] = ingest(study, [workbook], actor="test")
    assert taken.receipt.status == "accepted"
    with StudyStore(study.store_path, study.protocol().study.id) as store:
        data = StudyData(study.protocol(), store)
        assert data.rows("F15") == 3
        noise, mtf = data.column("F15", "noise_hu"), data.column("F15", "mtf50_per_cm")
    found = report.measurements
    assert sorted(noise) == pytest.approx(sorted(m.value("noise").value for m in found), abs=1e-4)
    # the form is in line pairs a centimeter
    expected = sorted(10 * m.value("mtf50").value for m in found)
    assert sorted(mtf) == pytest.approx(expected, abs=1e-4)
    sheet = load_workbook(workbook)["F15"]
    assert "CT-1" in {cell.value for row in sheet.iter_rows(min_row=3) for cell in row}


def test_a_study_uses_no_file_that_may_identify_somebody(study, short, tmp_path, capsys):
    arguments = (two_slices(tmp_path / "scans", PatientName="Doe^Jane"), "--plan", short)
    code, out, err = run(capsys, *arguments, "--study", study.root, "--site", "S01")
    assert code == 4
    assert "S515" in err
    assert "2 file(s): an attribute that names somebody is filled" in err
    assert "Doe" not in out + err
    # on the screen of those who have the files it is measured, and they are told
    code, out, err = run(capsys, *arguments)
    assert code == 0
    assert "noise" in out
    assert "2 file(s)" in err


def test_what_the_plan_calls_the_phantom_may_stand_for_a_patient(study, tmp_path):
    two_slices(tmp_path / "scans", PatientID="MW-77")
    plan = tmp_path / "plan.yaml"
    policy = policy_of(study.protocol())
    for known in ("QA", "MW-77"):
        plan.write_text(SHORT.replace("[QA]", f"[{known}]"), encoding="utf-8")
        if known == "QA":
            with pytest.raises(SubmissionError):
                measure_phantom(tmp_path / "scans", str(plan), policy=policy)
        else:
            found = measure_phantom(tmp_path / "scans", str(plan), policy=policy)
            assert len(found.measurements) == 1


def test_mistakes_about_the_study_are_named(folder, study, tmp_path, capsys):
    arguments = (folder / "new", "--plan", "water-cylinder", "--study", study.root)
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert "S512" in err
    assert run(capsys, *arguments, "--site", "S09")[0] == 2
    other = filled(tmp_path / "other", "dl-mri-fast", recipe("dl-mri-fast")["protocol"])
    code, _, err = run(capsys, *arguments[:3], "--study", other.root, "--site", "S01")
    assert code == 2
    assert "S507" in err


def test_what_a_header_lacks_is_to_be_written_by_hand(study, short, tmp_path):
    two_slices(tmp_path / "scans", DeviceSerialNumber="")
    found = measure_phantom(tmp_path / "scans", str(short))
    problems = Problems()
    [row] = rows_of(found, study.protocol(), "S03", problems)
    assert row["scanner_serial"] is None
    assert row["noise_hu"] == round(found.measurements[0].value("noise").value, 4)
    assert [dict(one.parameters) for one in problems] == [{"attribute": "DeviceSerialNumber"}]


def test_an_image_of_a_detector_is_measured_and_has_no_row_of_ct(study, tmp_path):
    draw = np.random.default_rng(4)
    made = scans.slice_of(
        scans.noisy(np.full((200, 200), 500.0), 3.0, draw), 0.0, series="dx", number=1,
        Modality="DX", PixelIntensityRelationship="LIN",
    )  # fmt: skip
    scans.write([made], tmp_path / "dx")
    plan = tmp_path / "flat.yaml"
    plan.write_text(SHORT.replace("{diameter_mm: 200}", "{by: image}"), encoding="utf-8")
    found = measure_phantom(tmp_path / "dx", str(plan))
    noise = found.measurements[0].value("noise")
    assert noise.value == pytest.approx(math.sqrt(9 + 1 / 12), rel=0.05)
    assert noise.unit == ""
    assert list(rows_of(found, study.protocol(), "S01", Problems())) == []


def test_slices_of_nothing_are_no_scan(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(SubmissionError) as caught:
        measure_phantom(tmp_path, "water-cylinder")
    assert [one.kind for one in caught.value.problems][-1] == "phantom-no-slices"
    assert not StudyFolder(tmp_path).phantom.exists()

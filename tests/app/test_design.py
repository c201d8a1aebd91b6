"""The plan of a study: records, files and pages, from sound protocols and from drafts."""

from __future__ import annotations

import csv
import io

import pypdfium2
import pytest

from clinval.app.design import design_study, where_to_write
from clinval.app.library import entries, entry, filled, recipe
from clinval.core.errors import ProtocolError, UsageError
from clinval.core.records import Results
from clinval.core.resources import folder
from clinval.report.design import compose
from clinval.report.texts import Texts
from clinval.stats.planning import sample_size

ENTRIES = [found.name for found in entries()]


def pages(path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    return [page.get_textpage().get_text_range() for page in document]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Return the plan of the demonstration, whose protocol says everything."""
    root = tmp_path_factory.mktemp("design") / "study"
    study = filled(root, "dl-mri-fast", recipe("dl-mri-fast")["protocol"])
    return design_study(study.protocol_path, study.design)


@pytest.fixture(scope="module")
def drafts(tmp_path_factory):
    """Return the plan of each entry of the library as it is."""
    root = tmp_path_factory.mktemp("drafts")
    return {name: design_study(entry(name).path / "protocol.yaml", root / name) for name in ENTRIES}


def value(made, *names):
    return made.results[".".join(("design", *names))].value


# ---------------------------------------------------------------------- the demonstration


def test_the_demonstration_is_sized_throughout(demo):
    status = {e.id: value(demo, f"endpoint={e.id}", "status") for e in demo.protocol.endpoints}
    assert status == {
        "P1": "sized", "P2": "sized", "S1": "sized", "S2": "estimated", "S3": "estimated",
        "S4": "estimated", "T1": "estimated", "V1": "estimated",
    }  # fmt: skip
    assert demo.questions == ()


def test_its_numbers_are_those_of_the_statistics(demo):
    nam = sample_size.nam(0.015, 0.015, margin=-0.05)
    assert value(demo, "endpoint=P1", "n") == pytest.approx(nam.n_pairs)
    assert value(demo, "endpoint=P1", "subjects") == nam.sample_size
    assert value(demo, "endpoint=P1", "to_enrol") == -(-nam.n_pairs // 0.9)
    assert value(demo, "endpoint=P1", "planned_with_result") == 230  # of 256
    power = sample_size.nam_power([230, 220], 0.015, 0.015, margin=-0.05).power
    assert value(demo, "endpoint=P1", "power_planned") == pytest.approx(power[0])
    assert value(demo, "endpoint=P1", "power_declared") == pytest.approx(power[1])
    planned = [site.planned_subjects for site in demo.protocol.sites]
    size, variation = sample_size.allocation(sum(planned), planned), None
    variation = size.cluster_size_cv
    effect = sample_size.design_effect(
        0.02, size.cluster_size * 0.9, cluster_size_cv=variation
    ).design_effect
    assert value(demo, "endpoint=S1", "design_effect") == pytest.approx(effect)
    assert value(demo, "endpoint=S1+icc=0.02", "to_enrol") == value(demo, "endpoint=S1", "to_enrol")


def test_the_study_needs_its_most_demanding_primary_endpoint(demo):
    assert value(demo, "all", "most_demanding") == "P1"
    total = value(demo, "all", "to_enrol")
    assert total == value(demo, "endpoint=P1", "to_enrol")
    by_site = [value(demo, f"site={site.id}", "to_enrol") for site in demo.protocol.sites]
    assert sum(by_site) == total
    powers = [value(demo, f"endpoint={name}", "power_planned") for name in ("P1", "P2")]
    assert value(demo, "all", "power_together") == pytest.approx(sum(powers) - 1)


def test_an_estimate_has_the_interval_to_be_expected(demo):
    low, high = (value(demo, "endpoint=S4", f"expected_{end}") for end in ("low", "high"))
    assert low < 0.03 < high
    assert demo.results["design.endpoint=S4.expected_low"].n == 220


def test_the_curve_passes_through_what_is_planned_and_needed(demo):
    points = demo.results.points("design.endpoint=P1.power").columns
    assert points["power"] == sorted(points["power"])
    below = [p for n, p in zip(*points.values(), strict=True) if n < value(demo, "all", "to_enrol")]
    assert max(below) < 0.905


def test_the_files_hold_the_records(demo):
    names = [path.name for path in demo.files]
    assert names == ["design.json", "sizes.csv", "design_en.pdf", "design_zh.pdf"]
    assert Results.load(demo.files[0]).records == demo.results.records
    text = demo.files[1].read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["endpoint"] for row in rows] == [e.id for e in demo.protocol.endpoints]
    assert int(rows[0]["to_enrol"]) == value(demo, "endpoint=P1", "to_enrol")


def test_the_same_protocol_gives_the_same_bytes(demo, tmp_path):
    again = design_study(demo.files[0].parents[1] / "protocol.yaml", tmp_path)
    for first, second in zip(demo.files, again.files, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


@pytest.mark.parametrize(("language", "words"), [("en", "SYNTHETIC DATA"), ("zh", "虚构数据")])
def test_the_pdf_is_short_and_says_what_it_is(demo, language, words):
    found = pages(demo.files[0].parent / f"design_{language}.pdf")
    assert len(found) <= 3
    assert all(words in text for text in found)
    whole = "".join(found)
    assert demo.results.sha256[:16] in whole
    for record in ("P1", "P2", "S1"):
        printed = f"{value(demo, f'endpoint={record}', 'to_enrol'):,}"
        assert printed in whole
    assert "Nam 1997" in whole


def test_every_number_in_the_document_is_a_record(demo):
    from clinval.report.blocks import numbers

    for language in ("en", "zh"):
        document = compose(demo.protocol, demo.results, language)
        printed = {number.record for number in numbers(document.blocks)}
        assert len(printed) > 80
        assert all(demo.results.get(record) is not None for record in printed)


# ---------------------------------------------------------------------- drafts


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_of_the_library_is_a_draft_that_can_be_looked_at(name, drafts):
    made = drafts[name]
    for endpoint in made.protocol.endpoints:
        group = f"endpoint={endpoint.id}"
        status = value(made, group, "status")
        if status == "estimated":
            continue
        if endpoint.kind in ("failure_rate", "phantom_comparison"):  # subjects are not their unit
            assert status == "no_formula"
            continue
        # a number, or a table of other ones, or what has to be written first
        said = [made.results.get(f"design.{group}.{name}") for name in ("otherwise", "missing")]
        assert any(record is not None for record in said), endpoint.id
    to_come = made.results.provenance["protocol"]["to_come"]
    for path in made.files[2:]:
        words = Texts(path.stem.removeprefix("design_"))("plan.mark.draft")
        assert all((words in text) == bool(to_come) for text in pages(path))


def test_a_missing_margin_gives_a_range_of_margins(drafts):
    made = drafts["dl-mri-fast"]
    assert value(made, "endpoint=P1", "status") == "open_both"
    assert value(made, "endpoint=P1", "missing") == "p10, p01 / p_test, p_reference, discordance"
    assert value(made, "endpoint=P2", "missing") == "true_ratio, cv_within"
    by_hand = sample_size.nam(0.05, 0.05, margin=-0.05).sample_size
    assert value(made, "endpoint=P1+discordance=0.1+margin=0.05", "to_enrol") == by_hand
    goal = drafts["pet-fast"]
    assert value(goal, "endpoint=P2", "status") == "open_margin"
    by_hand = sample_size.exact_binomial(0.94, goal=0.89).sample_size_stable
    assert value(goal, "endpoint=P2+power=0.9+goal=0.89", "to_enrol") == by_hand


def test_what_was_published_is_not_enough_for_its_own_goal(drafts):
    made = drafts["autonomous-pg"]
    assert value(made, "endpoint=P1", "power_planned") < 0.5
    kinds = [problem.kind for problem in made.questions]
    assert kinds == ["subjects-not-declared", "enrolment-too-small", "subjects-not-declared"]


# ---------------------------------------------------------------------- what is refused


def test_a_protocol_with_a_slip_is_not_sized(tmp_path):
    text = (entry("dl-mri-fast").path / "protocol.yaml").read_text(encoding="utf-8")
    path = tmp_path / "protocol.yaml"
    path.write_text(text.replace("method: tango", "method: tanga"), encoding="utf-8")
    with pytest.raises(ProtocolError) as refused:
        design_study(path, tmp_path / "out")
    assert "method-unknown" in [problem.kind for problem in refused.value.problems]
    assert not (tmp_path / "out").exists()


def test_the_library_is_not_written_to(tmp_path, monkeypatch):
    library = folder("protocols") / "xray-source-detector" / "protocol.yaml"
    monkeypatch.chdir(tmp_path)
    assert where_to_write(library).resolve() == tmp_path / "design"
    study = filled(tmp_path / "study", "xray-source-detector", {})
    assert where_to_write(study.protocol_path) == study.design
    (tmp_path / "plan.yaml").touch()
    assert where_to_write(tmp_path / "plan.yaml").resolve() == tmp_path / "design"
    monkeypatch.chdir(library.parent)
    with pytest.raises(UsageError) as refused:
        where_to_write(library)
    assert [problem.kind for problem in refused.value.problems] == ["output-in-library"]

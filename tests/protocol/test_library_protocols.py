"""The entries of the protocol library: what each leaves to the sponsor, and what it rests on."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
from ruamel.yaml import YAML

from clinval.app.library import entries, entry, filled, recipe
from clinval.app.templates import write_templates
from clinval.core.problems import Problems, Severity
from clinval.endpoints import KINDS
from clinval.protocol.reading import read_protocol
from clinval.protocol.source import read

YAML_ = YAML(typ="safe", pure=True)
ENTRIES = [found.name for found in entries()]
EVIDENCE = YAML_.load((Path(__file__).parent / "evidence.yaml").read_text(encoding="utf-8"))
COMMON = "every entry"
RESTING = sorted(set(EVIDENCE) - {COMMON})
SHARED = Path(__file__).resolve().parents[3] / "shared"
NOTES = [SHARED / name for name in ("protocols.md", "knowledge/studies.md", "knowledge/mrmc.md")]

NO_VALUE, NO_SIZE, NO_ECONOMICS = "margin-without-value", "sample-size-missing", "economics-missing"
NO_NUMBER, TOO_FEW = "subjects-not-declared", "enrolment-too-small"
OPEN = {
    "acq-guidance": {
        *((NO_VALUE, f"endpoints.{name}.goal") for name in ("P1", "P2", "P3")),
        *((NO_SIZE, f"sample_size.{name}") for name in ("P1", "P2", "P3")),
    },
    "autonomous-pg": {
        (NO_NUMBER, "sample_size.P1"),
        (NO_NUMBER, "sample_size.P2"),
        # by what was published, the lower limit of the sensitivity hardly lies above its goal
        (TOO_FEW, "sample_size.P1.planning"),
    },
    "cad-mrmc": {(NO_NUMBER, "sample_size.P1"), (NO_NUMBER, "sample_size.P2")},
    "cadt-triage": {
        (NO_VALUE, "endpoints.P1.goal"),
        (NO_VALUE, "endpoints.P2.goal"),
        (NO_VALUE, "endpoints.S3.margin"),
        (NO_SIZE, "endpoints.P1"),
        (NO_SIZE, "endpoints.P2"),
    },
    "dl-mri-fast": {
        (NO_VALUE, "endpoints.P1.margin"),
        (NO_VALUE, "endpoints.S1.margin"),
        (NO_SIZE, "endpoints.P1"),
        (NO_SIZE, "endpoints.P2"),
        (NO_ECONOMICS, "endpoints.T1.kind"),
        (NO_ECONOMICS, "endpoints.V1.kind"),
    },
    "pet-fast": {
        (NO_VALUE, "endpoints.P1.margin"),
        (NO_VALUE, "endpoints.P2.goal"),
        (NO_SIZE, "endpoints.P1"),
        (NO_SIZE, "sample_size.P2"),
    },
    "xray-source-detector": {
        (NO_VALUE, "endpoints.P1.goal"),
        (NO_SIZE, "endpoints.P1"),
        *((NO_VALUE, f"endpoints.{name}.margin") for name in ("Q1", "Q2", "Q3", "L2")),
        (NO_ECONOMICS, "endpoints.L3.kind"),
    },
}
"""What only the sponsor can supply: kind of problem and where it is, endpoints by their ids."""

PLANNED = {
    "acq-guidance": {
        "P1": {"p_expected": 0.988}, "P2": {"p_expected": 0.925}, "P3": {"p_expected": 0.988},
    },
    "autonomous-pg": {
        "P1": {"p_expected": 173 / 198, "prevalence": 198 / (198 + 621)},
        "P2": {"p_expected": 556 / 621, "prevalence": 621 / (198 + 621)},
    },
    "cad-mrmc": {
        "P1": {
            "difference": 0.940837359098229 - 0.897037037037037, "accuracy": 0.897037037037037,
            "diseased_share": 0.5, "n_cases_pilot": 114, "var_reader": 0.00153499934513392,
            "var_reader_modality":
                0.000551030621744 - 0.000802288265572
                + 0.000346613709441 + 0.000344074828861 - 0.000239028370892,
            "var_error": 0.000802288265572, "cov1": 0.000346613709441,
            "cov2": 0.000344074828861, "cov3": 0.000239028370892,
        },
        "P2": {
            "difference": (5504 - 5217) / 5760, "accuracy": 5217 / 5760, "diseased_share": 0.5,
            "structure": "HL",
        },
    },
    "pet-fast": {"P2": {"p_expected": 0.94}},
}  # fmt: skip
"""Planning assumptions, worked out from the results that were published."""


def path_of(name):
    return entry(name).path / "protocol.yaml"


def margins(name):
    """Yield the goals and margins of an entry, with the path at which one is filled in."""
    for endpoint in entry(name).content["endpoints"]:
        for key in ("goal", "margin"):
            if key in endpoint:
                yield endpoint, f"endpoints.{endpoint['id']}.{key}", endpoint[key]


def supplied(name):
    """Return what a sponsor writes where an entry leaves a goal or a margin open."""
    if (entry(name).path / "synthetic.yaml").is_file():
        return recipe(name)["protocol"]
    words = {"source": "a paper", "justification": {"en": "because", "zh": "因为"}}
    return {
        path: {"value": 1.2 if endpoint.get("estimate") == "ratio" else 0.2, **words}
        for endpoint, path, margin in margins(name)
        if "value" not in margin
    }


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Return the folder of an entry with its gaps filled."""
    made = {}

    def study(name):
        if name not in made:
            made[name] = filled(tmp_path_factory.mktemp(name) / "study", name, supplied(name))
        return made[name]

    return study


def test_the_guide_names_every_entry_and_no_other():
    guide = (Path(__file__).parents[2] / "docs" / "guide.md").read_text(encoding="utf-8")
    section = guide.split("## The library\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE) == ENTRIES


# ---------------------------------------------------------------------- what is left open


def test_every_entry_is_looked_at():
    assert set(OPEN) == set(ENTRIES)
    assert {*RESTING, "dl-mri-fast"} == set(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_lacks_what_only_the_sponsor_can_know_and_nothing_else(name):
    path = path_of(name)
    source = read(path.read_text(encoding="utf-8"), path.name, Problems())
    keys = {"endpoints": "id", "sample_size": "endpoint"}

    def place(dotted):
        section, endpoint, *rest = dotted.split(".")
        ids = [item[keys[section]] for item in source.content[section]]
        return source.place((section, ids.index(endpoint), *rest))

    found = sorted((problem.kind, problem.place) for problem in read_protocol(path, KINDS).problems)
    assert found == sorted((kind, place(dotted)) for kind, dotted in OPEN[name])


@pytest.mark.parametrize("name", ENTRIES)
def test_a_margin_has_a_published_source_or_no_value(name):
    for _, path, margin in margins(name):
        if margin.get("value") is None:
            assert margin == {"status": "none_found"}, path
        else:
            assert margin.get("status", "sponsor") in ("published", "analogue", "sponsor"), path
            assert margin["source"], path
            assert set(margin["justification"]) == {"en", "zh"}, path


@pytest.mark.parametrize("name", ENTRIES)
def test_planning_assumptions_are_those_that_were_published(name):
    sizes = entry(name).content.get("sample_size", [])
    found = {size["endpoint"]: size["planning"] for size in sizes}
    expected = PLANNED.get(name, {})
    assert found == {
        endpoint: {
            key: pytest.approx(value, abs=5e-4 if abs(value) > 0.01 else 1e-6)
            if isinstance(value, int | float)
            else value
            for key, value in planning.items()
        }
        for endpoint, planning in expected.items()
    }
    assert all(size["source"] and "subjects" not in size for size in sizes)


@pytest.mark.parametrize("name", ENTRIES)
def test_with_its_gaps_filled_an_entry_has_no_error(name, studies):
    reading = read_protocol(studies(name).protocol_path, KINDS)
    assert [p.line("en") for p in reading.problems if p.severity is Severity.ERROR] == []
    assert {problem.kind for problem in reading.problems} <= {NO_SIZE, NO_NUMBER, TOO_FEW}
    assert reading.protocol is not None


@pytest.mark.parametrize("name", ENTRIES)
def test_sites_get_a_workbook_with_every_form(name, studies):
    study = studies(name)
    protocol = study.protocol()
    sites = list({site.language: site.id for site in protocol.sites}.values())
    for path in write_templates(study, sites):
        sheets = openpyxl.load_workbook(path, read_only=True).sheetnames
        assert {form.id for form in protocol.asked_forms} <= set(sheets)


@pytest.mark.parametrize("name", RESTING)
def test_a_missing_result_counts_as_a_failure_in_what_is_decided(name):
    """Unless it has no failures: a mean, or reads that readers have to answer by yes or no."""
    for endpoint in entry(name).content["endpoints"]:
        if endpoint["role"] == "primary":
            assert endpoint["set"].startswith("FAS")
            assert [also[:3] for also in endpoint["also_sets"]] == ["PPS"]
            without = endpoint["kind"] in ("mean_comparison", "mrmc")
            expected = None if without else "failure"
            assert endpoint.get("missing") == expected


# ---------------------------------------------------------------------- what it rests on


@pytest.mark.parametrize("name", ENTRIES)
def test_the_readme_names_every_endpoint_and_every_form(name):
    text = entry(name).readme
    for endpoint in entry(name).content["endpoints"]:
        assert re.search(rf"^\|[^|]*\b{endpoint['id']}\b[^|]*\|", text, re.MULTILINE), endpoint
    assert text.startswith(f"# {name}: ")
    assert "clinval check" in text
    assert "none found" in text or not any("value" not in margin for *_, margin in margins(name))


@pytest.mark.parametrize("name", RESTING)
def test_the_readme_says_what_is_left_out_and_what_was_published(name):
    text = entry(name).readme
    for heading in ("## Design", "## Endpoints", "## What is left out", "## What only you can"):
        assert heading in text
    assert re.search(r"^## .*: what the literature gives$", text, re.MULTILINE)


def numbers(text):
    """Return the numbers of a text and the registry numbers in it; names such as P1 are none."""
    words = re.findall(r"[A-Za-z_]*\d+(?:,\d{3})*(?:\.\d+)?", text)
    return {word for word in words if not re.fullmatch(r"[A-Z]\d{1,2}", word)}


def quoted(name):
    return numbers(" ".join(EVIDENCE[COMMON] + EVIDENCE[name]))


@pytest.mark.parametrize("name", RESTING)
def test_a_readme_names_no_number_that_was_not_published(name):
    assert numbers(entry(name).readme) - quoted(name) == set()


@pytest.mark.parametrize("name", RESTING)
def test_a_protocol_names_no_number_that_was_not_published(name):
    """Comments, sentences and margins; sites, forms, dates and rules are placeholders or counts."""
    text = path_of(name).read_text(encoding="utf-8")
    comments = "\n".join(line for line in text.splitlines() if line.lstrip().startswith("#"))
    assert numbers(comments) - quoted(name) == set()

    def sentences(part):
        if isinstance(part, dict):
            for key, inner in part.items():
                if isinstance(inner, str) and key in ("en", "zh", "source"):
                    yield inner
                elif key not in ("sites", "readers", "forms"):
                    yield from sentences(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from sentences(inner)

    for sentence in sentences(entry(name).content):
        assert numbers(sentence) - quoted(name) == set(), sentence
    for _, path, margin in margins(name):
        if "value" in margin:
            written = {f"{margin['value']:.1%}".removesuffix("%"), f"{margin['value']:g}"}
            assert written & quoted(name), path


@pytest.mark.parametrize("name", EVIDENCE)
def test_the_quotes_stand_in_the_notes(name):
    if not all(path.is_file() for path in NOTES):
        pytest.skip("the notes on the study types (../shared) are not on this machine")
    notes = "\n".join(path.read_text(encoding="utf-8") for path in NOTES)
    assert [quote for quote in EVIDENCE[name] if quote not in notes] == []

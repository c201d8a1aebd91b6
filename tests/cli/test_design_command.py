"""`clinval design`: what it prints, writes and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinval.app.library import filled, recipe
from clinval.cli.blocks import print_blocks
from clinval.core.problems import kinds
from clinval.report.blocks import Column, Number, Row, Strong, Table

REPOSITORY = Path(__file__).resolve().parents[2]
TOO_FEW = kinds()["subjects-too-few"]["code"]
ENTRY = REPOSITORY / "protocols" / "dl-mri-fast" / "protocol.yaml"


@pytest.fixture
def study(tmp_path):
    return filled(tmp_path / "study", "dl-mri-fast", recipe("dl-mri-fast")["protocol"])


def test_a_draft_of_the_library_is_shown_here(clinval, tmp_path):
    answer = clinval("design", str(ENTRY), cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert {path.name for path in (tmp_path / "design").iterdir()} == {
        "design.json", "sizes.csv", "design_en.pdf", "design_zh.pdf",
    }  # fmt: skip
    assert not (ENTRY.parent / "design").exists()
    assert "The protocol is a draft" in answer.stdout
    assert "P1: subjects to enrol by discordance and margin" in answer.stdout
    assert "P103" in answer.stdout
    assert "p10, p01" in " ".join(answer.stdout.split())


def test_a_study_has_its_plan_beside_its_protocol(clinval, study):
    answer = clinval("design", "--no-report", cwd=study.root)
    assert answer.returncode == 0, answer.stderr
    assert {path.name for path in study.design.iterdir()} == {"design.json", "sizes.csv"}
    lines = [line.split() for line in answer.stdout.splitlines()]
    assert ["S01", "Example", "University", "Hospital", "A", "48", "43"] in lines
    assert "About the sizes:" not in answer.stdout


def test_a_plan_that_is_too_small_is_asked_about(clinval, study):
    text = study.protocol_path.read_text(encoding="utf-8")
    at = text.index("sample_size:")
    text = text[:at] + text[at:].replace("subjects: 220", "subjects: 150", 1)
    study.protocol_path.write_text(text, encoding="utf-8")
    for command in ("check", "design"):
        answer = clinval(command, cwd=study.root)
        assert answer.returncode == 0
        [asked] = [line for line in answer.stdout.splitlines() if f" {TOO_FEW} " in line]
        line = text[: text.index("subjects: 150")].count("\n") + 1
        assert asked.startswith(f"protocol.yaml:{line}:")
        assert "150 subjects with a result give P1 a power of " in asked


def test_the_folder_may_be_named(clinval, study, tmp_path):
    target = tmp_path / "a plan"
    answer = clinval("design", str(study.root), "--output", str(target), "--no-report")
    assert answer.returncode == 0
    assert (target / "design.json").is_file()
    assert not study.design.exists()


def test_in_chinese(clinval, study):
    answer = clinval("--lang", "zh", "design", "--no-report", cwd=study.root)
    assert answer.returncode == 0
    for words in ("样本量与检验效能", "所需例数及按计划的检验效能", "已写出："):
        assert words in answer.stdout
    assert "95% 置信区间" in "".join(answer.stdout.split("\n"))


def test_what_is_no_protocol_is_met_as_in_a_check(clinval, tmp_path):
    assert clinval("design", cwd=tmp_path).returncode == 2
    bad = REPOSITORY / "tests" / "data" / "bad_protocol.yaml"
    answer = clinval("design", str(bad), cwd=tmp_path)
    assert answer.returncode == 3
    assert "bad_protocol.yaml:8:12 P121" in answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("columns", [80, 160])
def test_a_wide_table_is_listed_on_a_narrow_terminal(columns, capsys, monkeypatch):
    names = ("a", "b", "c", "d", "e", "f")
    rows = [
        Row(cells=((Strong("P1"), " first"), *((Number(name * 3, "r"),) for name in names))),
        Row(cells=("P2", "1", *("–" for _ in names[1:]))),
    ]
    header = (Column(header="what"), *(Column(header=name, align="right") for name in names))
    table = Table(caption="Sizes", columns=header, rows=tuple(rows), notes=("a note",))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    print_blocks([table])
    said = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert "Sizes" in said[0]
    assert "a note" in said[-1]
    assert all(len(line) <= columns for line in said)
    text = "\n".join(said)
    assert "P1 first" in text
    assert all(name * 3 in text for name in names)
    assert (len(said) > 6) == (columns == 80)

"""The plan of a reader study with simulated studies: records, pages, the command."""

import math
import re

import pytest
from click.testing import CliRunner

from clinval.app.design import design_study
from clinval.app.library import entry
from clinval.cli.design import design
from clinval.core.errors import UsageError
from clinval.core.records import Results
from clinval.report.blocks import Figure, Table
from clinval.report.design import compose

PROTOCOL = entry("cad-mrmc").path / "protocol.yaml"


def words(blocks):
    """Return the captions of tables and figures, and all cells."""
    tables = [block for block in blocks if isinstance(block, Table)]
    figures = [block for block in blocks if isinstance(block, Figure)]
    captions = [str(block.caption) for block in (*tables, *figures)]
    return captions, repr([table.rows for table in tables]) + repr([t.notes for t in tables])


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """Return a plan whose first endpoint has a pilot; the second has no assumptions any more."""
    root = tmp_path_factory.mktemp("planned")
    text = PROTOCOL.read_text(encoding="utf-8")
    for old, new in (
        (r"(cov3: 0\.000239)\n", r"\1\n      categories: 6\n"),
        (r"(\n  - endpoint: P1\n    alpha: 0\.025)\n", r"\1\n    dropout: 0.05\n"),
        (r"\n  - endpoint: P2\n    alpha.*?\n\n(?=#)", "\n\n"),
    ):
        text, times = re.subn(old, new, text, flags=re.DOTALL)
        assert times == 1, old
    (root / "protocol.yaml").write_text(text, encoding="utf-8")
    return design_study(root / "protocol.yaml", root / "plan", (), studies=12, workers=1)


def test_what_is_planned_and_what_is_for_orientation_stand_side_by_side(planned):
    status = [planned.results[f"design.endpoint={name}.simulated.status"].value
              for name in ("P1", "P2")]  # fmt: skip
    assert status == ["assumed", "orientation"]
    assert planned.results["design.endpoint=P1.status"].value == "sized"
    subjects = sum(site.planned_subjects for site in planned.protocol.sites)
    cases = planned.results["design.endpoint=P1.simulated.cases"].value
    assert cases == math.floor(0.95 * subjects)
    assert Results.load(planned.files[0]).sha256 == planned.results.sha256


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("type I error, level ", "power, wanted ", "cases of the pilot", "; seed ",
                "20260302", "structures of Roe and Metz")),
        ("zh", ("I 类错误", "检验效能，要求", "预试验病例数", "随机种子 ", "20260302", "仅供参考")),
    ],
)  # fmt: skip
def test_pages_show_the_design_the_shares_and_the_curves(planned, language, said):
    captions, cells = words(compose(planned.protocol, planned.results, language).blocks)
    about = {"en": "imulated studies", "zh": "模拟研究"}[language]
    assert sum(about in caption for caption in captions) == 5  # design, two shares, two curves
    for text in said:
        assert text in cells, text
    assert "e-16" not in cells


def test_every_simulated_number_on_a_page_is_a_record(planned):
    [table] = [
        block
        for block in compose(planned.protocol, planned.results, "en").blocks
        if isinstance(block, Table) and str(block.caption).startswith("P1 Area")
    ]
    assert len(table.rows) == 3
    ids = {record.id for record in planned.results.records}
    for row in table.rows:
        numbers = [run for cell in row.cells if isinstance(cell, tuple) for run in cell]
        records = [run.record for run in numbers if hasattr(run, "record")]
        assert len(records) >= 7
        assert set(records) <= ids


def test_a_study_without_readers_has_nothing_to_simulate(tmp_path):
    path = entry("dl-mri-fast").path / "protocol.yaml"
    with pytest.raises(UsageError) as raised:
        design_study(path, tmp_path, (), studies=10)
    assert [problem.kind for problem in raised.value.problems] == ["nothing-to-simulate"]
    assert not list(tmp_path.iterdir())


def test_the_command_simulates(tmp_path):
    arguments = [str(PROTOCOL), "--simulate", "3", "--workers", "1", "--no-report"]
    ran = CliRunner().invoke(design, [*arguments, "--output", str(tmp_path / "plan")])
    assert ran.exit_code == 0, ran.output
    assert "P2 Specificity of readers: simulated studies" in ran.output
    assert CliRunner().invoke(design, [str(PROTOCOL), "--simulate", "0"]).exit_code == 2

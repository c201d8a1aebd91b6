"""clinval reads: the tables of a file, all numbers as JSON, and mistakes that are named."""

import json

import click
import pytest

from clinval.cli.reads import reads


def test_a_file_is_analysed_and_mistakes_are_named(clinval, tmp_path):
    lines = ["reader,modality,case,truth,rating"]
    lines += [
        f"R{reader},{modality},{case},{case % 2},"
        f"{case * reader * len(modality) % 7 + 2 * (case % 2)}"
        for reader in (1, 2, 3)
        for modality in ("old", "newer")
        for case in range(1, 13)
    ]
    (tmp_path / "s.csv").write_text("\n".join(lines), encoding="utf-8")
    arguments = ("s.csv", "--test", "newer", "--reference", "old", "--column", "score=rating")
    answer = clinval("reads", *arguments, "--margin", "0.1", "--json", "o.json", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    content = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert f"{content['decision']['p_value']:.4f} one-sided" in answer.stdout
    assert f"{content['targets'][0]['estimate']:.4f}" in answer.stdout
    (tmp_path / "s.csv").write_text("\n".join([*lines, "R1,old,1,1,x"]), encoding="utf-8")
    bad = clinval("--lang", "zh", "reads", "s.csv", cwd=tmp_path)
    assert bad.returncode == 4
    assert "s.csv:74:5 S132" in bad.stderr
    assert "应为数值" in bad.stderr
    assert "Traceback" not in bad.stderr


@pytest.mark.parametrize("column", ["score", "score=", "rating=score"])
def test_a_column_is_named_with_what_it_is_for(column):
    with pytest.raises(click.BadParameter, match="reader, modality, case, truth, score"):
        reads.main(["s.csv", "--column", column], standalone_mode=False)

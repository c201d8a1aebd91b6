"""clinval overlap: a table, a file, and a line for each mask that cannot be compared."""

import csv

import numpy as np


def test_masks_of_two_folders_are_compared(clinval, tmp_path):
    for folder, width in (("t", 3), ("r", 4)):
        (tmp_path / folder).mkdir()
        mask = np.zeros((6, 6), dtype=np.uint8)
        mask[:width, :3] = 1
        np.save(tmp_path / folder / "c1.npy", mask)
    np.save(tmp_path / "t" / "c2.npy", mask)
    answer = clinval("overlap", "t", "r", "--spacing", "1,2", "--output", "o.csv", cwd=tmp_path)
    assert answer.returncode == 4
    assert "c2.npy S125" in answer.stderr
    assert "1 compared, 1 problems" in answer.stdout
    with (tmp_path / "o.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["case"] == "c1"
    assert float(row["dice"]) == 2 * 9 / (9 + 12)
    assert float(row["hausdorff"]) == 1
    assert row["surface_dice"] == ""


def test_mistakes_are_named(clinval, tmp_path):
    assert clinval("overlap", "a.nii", "b.nii", cwd=tmp_path).returncode == 4
    wrong = clinval("overlap", ".", ".", "--spacing", "1;2", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "1,1,3" in wrong.stderr
    empty = clinval("--lang", "zh", "overlap", ".", ".", cwd=tmp_path)
    assert empty.returncode == 2
    assert "U051" in empty.stderr
    assert "Traceback" not in empty.stderr + wrong.stderr

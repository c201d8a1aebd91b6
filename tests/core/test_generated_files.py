"""Files made from the code are what the code would make now."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
generate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generate)


@pytest.mark.parametrize("path", generate.FILES, ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path):
    text = path.read_text(encoding="utf-8")
    assert text == generate.FILES[path](), "run: python docs/generate.py"


def test_the_list_of_problems_names_every_problem_once():
    page = generate.problems_page()
    for texts in generate.kinds().values():
        assert page.count(f"| {texts['code']} |") == 1
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert all(line.replace(r"\|", "").count("|") == 7 for line in rows)

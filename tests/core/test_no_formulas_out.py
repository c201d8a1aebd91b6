"""Every writer of a table goes by the one helper that makes formulas texts; none goes around it."""

import ast
from pathlib import Path

import clinval

PACKAGE = Path(clinval.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# REDCap reads a dictionary itself: an apostrophe would stand in the label, a blank does not
OWN_CSV = {"core/csv_tables.py", "capture/redcap.py"}
OTHERS = {"to_csv", "to_excel", "write_row", "write_column", "write_formula"}


def calls(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func, node


def test_no_module_writes_a_table_by_itself():
    around = []
    for path in FILES:
        name = path.relative_to(PACKAGE).as_posix()
        for function, call in calls(path):
            of = ast.unparse(function.value)
            own = function.attr in ("writer", "DictWriter") and of == "csv"
            guesses = function.attr == "write" and of.endswith("sheet")  # what a text is
            if name not in OWN_CSV and (own or guesses or function.attr in OTHERS):
                around.append(f"{name}:{call.lineno} {of}.{function.attr}")
    assert around == []


def test_a_label_of_the_redcap_dictionary_is_no_formula():
    from clinval.capture.redcap import _safe
    from clinval.core.csv_tables import starts_formula

    for text in ("=1+1", "+1", "-1", "@A1", "\t=1", "＝1", "＠A1"):
        assert not starts_formula(_safe(text))
        assert _safe(text).strip() == text.strip()

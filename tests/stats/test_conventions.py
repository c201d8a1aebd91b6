"""What holds for every statistical function and result."""

import dataclasses
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from clinval import stats
from clinval.core.i18n import LANGUAGES, catalogue
from clinval.core.resources import folder
from clinval.core.results import Result

ROOT = Path(__file__).resolve().parents[2]
METHODS = [f"{module}.{name}" for module in sorted(stats.MODULES) for name in stats.methods(module)]


@pytest.mark.parametrize("call", METHODS)
def test_docstring_has_the_sections_of_numpydoc(call):
    text = inspect.getdoc(stats.find(call))
    assert "\n\n" in text
    for section in ("Parameters", "Returns", "Notes", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text, section
    assert ">>> " in text
    for name in inspect.signature(stats.find(call)).parameters:
        assert name in text.partition("Returns\n")[0], name


@pytest.mark.parametrize("call", METHODS)
def test_arguments_can_be_given_by_name(call):
    kinds = {
        parameter.kind for parameter in inspect.signature(stats.find(call)).parameters.values()
    }
    assert kinds <= {
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    }


@pytest.mark.parametrize("module", sorted(stats.MODULES))
def test_public_names_are_declared_and_results_are_frozen(module):
    imported = importlib.import_module(stats.MODULES[module])
    assert imported.__all__ == sorted(imported.__all__)
    for name in imported.__all__:
        value = getattr(imported, name)
        if inspect.isclass(value):
            assert issubclass(value, Result)
            assert value.__dataclass_params__.frozen
            assert "__slots__" in vars(value)
            assert all(field.kw_only for field in dataclasses.fields(value))


def test_find_knows_only_public_methods():
    assert stats.find("paired_difference.tango").__name__ == "tango"
    for call in (
        "paired_difference.nothing",
        "nothing.tango",
        "tango",
        "paired_difference._tables",
        "paired_difference.McNemar",
        "cash_flow.npv_draws",
        "",
    ):
        with pytest.raises(KeyError):
            stats.find(call)


def test_every_method_has_its_words_in_every_language():
    words = catalogue(folder("reports") / "text" / "methods.yaml")
    assert set(METHODS) - words.keys() == set()
    for call in METHODS:
        assert set(words[call]) - {"sas", "r"} == {*LANGUAGES, "reference"}, call
        for language in LANGUAGES:
            assert set(words[call][language]) == {"name", "variant"}, call
            assert all(words[call][language].values()), call
        assert words[call]["reference"], call


def test_statistics_do_not_import_pandas():
    code = (
        "import importlib, sys; from clinval import stats\n"
        "[importlib.import_module(name) for name in stats.MODULES.values()]\n"
        "heavy = {'pandas', 'statsmodels', 'pingouin', 'matplotlib', 'scipy.stats'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr


WITH_A_LEVEL = [
    call for call in METHODS if "level" in inspect.signature(stats.find(call)).parameters
]
NOT_NUMBERS = {
    "text": "x",
    "none": None,
    "list": [0.5, 0.6],
    "dict": {},
    "huge": 10**400,
    "nan": float("nan"),
}


@pytest.mark.parametrize("call", WITH_A_LEVEL)
@pytest.mark.parametrize("value", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_a_level_that_is_no_number_is_a_value_error(call, value):
    function = stats.find(call)
    parameters = inspect.signature(function).parameters
    with pytest.raises(ValueError, match="level must"):
        function(**_any_arguments(parameters), level=value)


def _any_arguments(parameters):
    """Return arguments that every method with a level takes."""
    lists = {
        "Counts": {"x": [1, 2], "n10": [1, 0], "n01": [0, 1]},
        "Numbers": {"arm": [0, 1], "status": [1, 0], "standard_errors": [1, 1]},
        "Gappy": {},
        "Labels": {},
    }
    given = {}
    for name, parameter in parameters.items():
        kind = str(parameter.annotation)
        if name in {"level", "weights", "categories", "table"}:
            continue
        if name == "ratings":
            given[name] = [[1, 2], [2, 2]]
        elif name == "margin":
            given[name] = 0.5
        elif name == "ai":
            given[name] = 3
        elif kind in lists:
            given[name] = lists[kind].get(name, [3, 4])
        elif kind in {"int", "float"} and parameter.default is parameter.empty:
            given[name] = 1 if name.startswith("x") else 2
    return given

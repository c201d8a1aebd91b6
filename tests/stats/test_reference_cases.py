"""Every reference case passes, and every method has one."""

import dataclasses
import math
from pathlib import Path

import pytest

from clinval import stats
from clinval.core.results import Result
from clinval.qualify import cases

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "tests" / "reference"
SHARED = ROOT.parent / "shared" / "reference"


def _implemented(call):
    module, _, function = call.partition(".")
    return module in stats.MODULES and function in stats.methods(module)


def _cases_of(folder):
    return [
        pytest.param(case, id=f"{file.stem}:{case.id}")
        for file in sorted(folder.glob("*.json"))
        for case in cases.load(file)
        if _implemented(case.call)
    ]


def _why(outcome):
    return outcome.message or "\n".join(map(str, outcome.differences))


@pytest.mark.parametrize("case", _cases_of(OWN))
def test_own_case(case):
    outcome = cases.run(case, OWN)
    assert outcome.passed, _why(outcome)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"there is no folder {SHARED}")
@pytest.mark.parametrize("case", _cases_of(SHARED))
def test_shared_case(case):
    outcome = cases.run(case, SHARED)
    assert outcome.passed, _why(outcome)


@pytest.mark.parametrize("module", sorted(stats.MODULES))
def test_every_method_has_a_case(module):
    called = {case.call for file in OWN.glob("*.json") for case in cases.load(file)}
    missing = {f"{module}.{name}" for name in stats.methods(module)} - called
    assert not missing


def test_ids_are_unique():
    ids = [case.id for file in OWN.glob("*.json") for case in cases.load(file)]
    assert len(ids) == len(set(ids))


def _numbers(value):
    if isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("case", _cases_of(OWN))
def test_results_are_plain_finite_and_say_when_undefined(case):
    if "raises" in case.expect:
        return
    result = stats.find(case.call)(**case.args)
    assert isinstance(result, Result)
    assert result.method == case.call
    assert result.undefined == bool(result.reason)
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        assert isinstance(value, bool | int | float | str | tuple | None), field.name
        assert type(value).__module__ == "builtins", field.name
        assert all(map(math.isfinite, _numbers(value))), field.name
    if getattr(result, "estimate", 0) is None or getattr(result, "p_value", 0) is None:
        assert result.undefined

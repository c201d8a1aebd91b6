"""Reference cases: a call, its arguments and the numbers it must return.

A case file is JSON, ``{"title": ..., "cases": [...]}``; each case names a function as
``<module>.<function>``, its keyword arguments, the attributes expected of its result, a
tolerance and the source of the numbers. Nothing is printed here.
"""

from __future__ import annotations

import csv
import dataclasses
import inspect
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from clinval import stats
from clinval.core.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from clinval.core.progress import Progress

__all__ = [
    "Case",
    "CaseFileError",
    "CaseOutcome",
    "Difference",
    "load",
    "run",
    "run_files",
]

_RTOL, _ATOL = 1e-6, 1e-9  # when a case says nothing
_NEEDED = frozenset({"id", "call", "args", "expect"})
_MISSING_ATTRIBUTE = "(no such attribute)"
# Parameters that take labels, where the annotation of the function does not say so.
_LABEL_NAMES = frozenset(
    {
        "case",
        "cluster",
        "mark_case",
        "mark_lesion",
        "mark_modality",
        "mark_reader",
        "mark_type",
        "method",
        "modality",
        "reader",
        "site",
        "strata",
        "strategy",
        "subject",
    }
)


class CaseFileError(Exception):
    """A case file cannot be read, or what is in it is not a list of cases."""

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(f"{file}: {what}")
        self.file = file
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One reference case, as it stands in its file."""

    id: str
    call: str
    args: Mapping[str, object]
    expect: Mapping[str, object]
    rtol: float = _RTOL
    atol: float = _ATOL
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An attribute that is not what it should be.

    ``tolerance`` is the largest difference allowed, None where values must be the same.
    """

    attribute: str
    wanted: object
    got: object
    tolerance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutcome:
    """What became of a case.

    ``message`` says why a case failed that could not be compared: an unknown call, an
    exception, a table that could not be read.
    """

    id: str
    call: str
    passed: bool
    source: str
    differences: tuple[Difference, ...] = ()
    message: str = ""
    note: str = ""
    file: str = ""


def load(path: str | Path) -> tuple[Case, ...]:
    """Return the cases of a file.

    Raises
    ------
    CaseFileError
        When the file cannot be read, is not JSON or does not hold well-formed cases. Fields
        that are not known are passed over.
    """
    file = Path(path)
    return tuple(
        _case(file, position, entry) for position, entry in enumerate(_entries(file), start=1)
    )


def _entries(file: Path) -> list[object]:
    """Return what stands in the list of cases of a file."""
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CaseFileError(file, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CaseFileError(file, "is not text in UTF-8") from error
    except json.JSONDecodeError as error:
        what = f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        raise CaseFileError(file, what) from error
    except (ValueError, RecursionError) as error:  # a number, or a nesting, beyond all bounds
        raise CaseFileError(file, f"cannot be read: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("cases"), list):
        raise CaseFileError(file, 'must be an object with a list "cases"')
    entries: list[object] = content["cases"]
    return entries


def _case(file: Path, position: int, entry: object) -> Case:
    where = f"case {position}"
    if not isinstance(entry, dict):
        raise CaseFileError(file, f"{where} is not an object")
    if not _is_unicode(entry):
        raise CaseFileError(file, f"{where} holds half a character")
    if isinstance(entry.get("id"), str):
        where = f"case {position} ({entry['id']})"
    # what may be left out may also be null
    entry = {name: value for name, value in entry.items() if value is not None or name in _NEEDED}
    wanted: dict[str, type | tuple[type, ...]] = {
        "id": str,
        "call": str,
        "args": dict,
        "expect": dict,
        "rtol": (int, float),
        "atol": (int, float),
        "source": str,
        "note": str,
    }
    for name, kind in wanted.items():
        if name not in entry:
            if name in _NEEDED:
                raise CaseFileError(file, f"{where} lacks {name!r}")
        elif not isinstance(entry[name], kind) or isinstance(entry[name], bool):
            raise CaseFileError(file, f"{where}: {name!r} is of the wrong type")
    for name in ("rtol", "atol"):
        if not 0 <= _float(entry.get(name, 0)) < math.inf:
            raise CaseFileError(file, f"{where}: {name!r} must be 0 or a positive number")
    if not entry["expect"]:
        raise CaseFileError(file, f"{where} expects nothing")
    return Case(**{name: entry[name] for name in wanted if name in entry})


def run(case: Case, folder: str | Path) -> CaseOutcome:
    """Return the outcome of one case; tables are looked for from ``folder``.

    No exception of the function under test leaves: it is a failure with its message.
    """
    try:
        function = stats.find(case.call)
    except KeyError:
        return _failed(case, _differs("call", "a function", f"there is no function {case.call!r}"))
    except Exception as error:  # noqa: BLE001 - a module that cannot be imported
        return _failed(case, _differs("call", "a function", f"{type(error).__name__}: {error}"))
    try:
        arguments = {
            name: _resolved(value, function, name, Path(folder))
            for name, value in case.args.items()
        }
    except _TableError as error:
        return _failed(case, _differs("args", "a table", str(error)))
    wanted_error = case.expect.get("raises")
    try:
        result = function(**arguments)
    except Exception as error:  # noqa: BLE001 - whatever a function raises is the case's outcome
        if wanted_error in [kind.__name__ for kind in type(error).__mro__]:
            return CaseOutcome(
                id=case.id, call=case.call, passed=True, source=case.source, note=case.note
            )
        return _failed(case, _differs("raises", wanted_error, f"{type(error).__name__}: {error}"))
    if wanted_error is not None:
        return _failed(case, Difference(attribute="raises", wanted=wanted_error, got=None))
    differences = tuple(
        difference
        for attribute, wanted in case.expect.items()
        for difference in _differences(
            attribute, wanted, getattr(result, attribute, _MISSING_ATTRIBUTE), case
        )
    )
    return CaseOutcome(
        id=case.id,
        call=case.call,
        passed=not differences,
        source=case.source,
        differences=differences,
        note=case.note,
    )


def run_files(paths: Iterable[str | Path], progress: Progress | None = None) -> list[CaseOutcome]:
    """Return the outcomes of all cases of some files, in order.

    All files are read before the first case runs. A file that cannot be read, and a case that is
    not well formed, is one failure; the other cases run.
    """
    todo = [(Path(path), case) for path in paths for case in _readable(Path(path))]
    outcomes = []
    for file, case in (progress or SILENT).steps(todo, "qualify", len(todo)):
        outcome = run(case, file.parent) if isinstance(case, Case) else case
        outcomes.append(dataclasses.replace(outcome, file=_printable(str(file))))
    return outcomes


def _readable(file: Path) -> list[Case | CaseOutcome]:
    """Return the cases of a file, and a failure for each that cannot be read."""
    try:
        entries = _entries(file)
    except CaseFileError as error:
        return [_unreadable(file.name, error)]
    found: list[Case | CaseOutcome] = []
    for position, entry in enumerate(entries, start=1):
        try:
            found.append(_case(file, position, entry))
        except CaseFileError as error:
            found.append(_unreadable(f"{file.name}, case {position}", error))
    return found


def _unreadable(name: str, error: CaseFileError) -> CaseOutcome:
    return CaseOutcome(
        id=_printable(name),
        call="",
        passed=False,
        source="",
        differences=(_differs("case", "a case", _printable(error.what)),),
        message=_printable(str(error)),
    )


def _differs(attribute: str, wanted: object, got: str) -> Difference:
    return Difference(attribute=attribute, wanted=wanted, got=got)


def _failed(case: Case, *differences: Difference) -> CaseOutcome:
    """Return a failure that could not be compared, its only difference being its message."""
    (difference,) = differences
    return CaseOutcome(
        id=case.id,
        call=case.call,
        passed=False,
        source=case.source,
        differences=differences,
        message="" if difference.got is None else str(difference.got),
        note=case.note,
    )


class _TableError(Exception):
    """A table beside the case file cannot be used."""


def _resolved(value: object, function: Callable[..., object], name: str, folder: Path) -> object:
    """Return an argument, a reference to a column replaced by the column."""
    if not isinstance(value, dict) or "$csv" not in value:
        return value
    table, column = value["$csv"], value.get("column")
    try:
        with (folder / str(table)).open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, restval="")
            if column not in (rows.fieldnames or ()):
                raise _TableError(f"{table} has no column {column!r}")
            cells = [row[str(column)] for row in rows]
    except OSError as error:
        raise _TableError(f"{table} cannot be read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:  # a name with NUL, bytes that are no text, no table
        raise _TableError(f"{table} cannot be read: {error}") from error
    if _takes_labels(function, name):
        return [cell or None for cell in cells]
    try:
        return [None if cell in {"", "NA"} else _number(cell) for cell in cells]
    except ValueError as error:
        raise _TableError(f"{table}, column {column}: {error}") from error


def _takes_labels(function: Callable[..., object], name: str) -> bool:
    parameter = inspect.signature(function).parameters.get(name)
    annotation = "" if parameter is None else str(parameter.annotation)
    return "Labels" in annotation or name in _LABEL_NAMES


def _number(cell: str) -> float:
    number = float(cell)
    return int(number) if number.is_integer() else number


def _differences(attribute: str, wanted: object, got: object, case: Case) -> list[Difference]:
    """Return what differs between a wanted value and the one that was returned."""
    plain = got.tolist() if hasattr(got, "tolist") else got
    if isinstance(wanted, list):
        if not _is_sequence(plain) or len(plain) != len(wanted):
            return [Difference(attribute=attribute, wanted=wanted, got=plain)]
        return [
            difference
            for position, (one, other) in enumerate(zip(wanted, plain, strict=True))
            for difference in _differences(f"{attribute}[{position}]", one, other, case)
        ]
    if _is_number(wanted) and _is_number(plain):
        target, value = _float(wanted), _float(plain)
        tolerance = _float(case.atol) + _float(case.rtol) * abs(target)
        # nothing is near what is not finite
        if math.isfinite(target) and abs(value - target) <= tolerance:
            return []
        return [Difference(attribute=attribute, wanted=wanted, got=plain, tolerance=tolerance)]
    if type(wanted) is type(plain) and wanted == plain:
        return []
    return [Difference(attribute=attribute, wanted=wanted, got=plain)]


def _float(value: float) -> float:
    """Return a number as floating point, infinite where an integer is too large for it."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _is_unicode(content: object) -> bool:
    """Tell whether no text in a JSON value holds half of a surrogate pair: it cannot be printed."""
    text = json.dumps(content, ensure_ascii=False)
    return _printable(text) == text


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)

"""Turn a protocol file into a :class:`Protocol`, with every problem at once."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PureWindowsPath
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from clinval.core.errors import ProtocolError
from clinval.core.files import sha256_of_bytes
from clinval.core.problems import Place, Problem, Problems
from clinval.protocol.draft import Draft
from clinval.protocol.endpoint import Endpoint, Kinds
from clinval.protocol.form_library import adapt
from clinval.protocol.forms import FormUse, form_files
from clinval.protocol.lint import lint
from clinval.protocol.model import Protocol
from clinval.protocol.parts import PartReader
from clinval.protocol.source import Path as Location, Source, read

__all__ = ["Reading", "load", "read_protocol"]

_LARGEST = 1_000_000  # bytes; a protocol is a few hundred lines
_SURE = 0.75  # how close a misspelt form has to be to one of the library: F5, f05
_WORKED_OUT = {"read_codes", "subject_ids"}  # of the model, not of the file

# What a draft may still lack, though no study can be analysed without it.
_TO_COME = {
    "economics-missing", "exchange-rate-missing", "input-room-time-missing", "margin-illustrative",
    "margin-missing", "margin-without-justification", "margin-without-source",
    "margin-without-value", "multiplicity-missing", "underpowered",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of reading a protocol file: the model if it is sound, and every problem.

    ``draft`` is the model too where all that is wrong is that margins, sources or economics are
    still to come.
    """

    protocol: Protocol | None
    draft: Protocol | None
    problems: tuple[Problem, ...]
    sha256: str


def load(path: Path, kinds: Kinds) -> Protocol:
    """Return the protocol of a file.

    Raises
    ------
    ProtocolError
        With every problem of the file, when one of them is an error.
    """
    reading = read_protocol(path, kinds)
    if reading.protocol is None:
        raise ProtocolError(reading.problems)
    return reading.protocol


def read_protocol(path: Path, kinds: Kinds) -> Reading:
    """Read a protocol file; see :class:`Reading`.

    Parameters
    ----------
    path
        The file.
    kinds
        The endpoint kinds that exist, by name.
    """
    problems = Problems()
    content = _content(path, problems)
    protocol = None
    if content is not None:
        source = read(content.decode("utf-8-sig"), path.name, problems)
        if source.content is not None:
            protocol = _Reader(source, path.parent, kinds, problems).protocol()
    return Reading(
        protocol=None if problems.errors else protocol,
        draft=protocol,
        problems=tuple(problems),
        sha256="" if content is None else sha256_of_bytes(content),
    )


def _content(path: Path, problems: Problems) -> bytes | None:
    """Return the bytes of a file if they can be those of a protocol."""
    start = Place(file=path.name, line=1, column=1)
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        problems.report("protocol-unreadable", start, detail=error.strerror or str(error))
        return None
    if len(content) > _LARGEST:
        problems.report("yaml-too-large", start)
        return None
    end = content.find(0)  # of what is text: UTF-16 and workbooks hold zeros
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        end = error.start if end < 0 else min(end, error.start)
    if end >= 0:
        *lines, last = content[:end].decode("utf-8-sig").split("\n")
        place = Place(file=path.name, line=len(lines) + 1, column=len(last) + 1)
        problems.report("not-utf8", place)
        return None
    return content


class _Reader:
    """Validates part by part, so that one unsound part does not hide the others."""

    def __init__(self, source: Source, beside: Path, kinds: Kinds, problems: Problems) -> None:
        self._source = source
        self._beside = beside
        self._kinds = kinds
        self._problems = problems
        self._parts = PartReader(source, problems)
        self._draft = Draft(source=source)
        self._values: dict[str, Any] = {}

    def protocol(self) -> Protocol | None:
        content = self._source.content
        if not isinstance(content, dict):
            self._report("yaml-not-mapping", ())
            return None
        known = [name for name in Protocol.model_fields if name not in _WORKED_OUT]
        for key in [key for key in content if key not in known]:
            self._parts.unknown_key(content, key, known, ())
        for name in known:
            field = Protocol.model_fields[name]
            if content.get(name) is not None:
                self._part(name, field, content[name])
            elif not field.is_required():
                content.pop(name, None)  # a key with nothing under it is as good as not written
            elif name in content:
                self._report("value-missing", (name,))
            else:
                self._report("key-missing", (), key=name)
        self._read_subjects()
        self._look_for_logo()
        lint(self._draft, self._kinds, self._cross_report)
        if any(problem.kind not in _TO_COME for problem in self._problems.errors):
            return None
        return Protocol(**self._values, subject_ids=self._draft.subject_ids)

    def _part(self, name: str, field: FieldInfo, content: Any) -> None:
        if get_origin(field.annotation) is tuple and isinstance(content, list) and content:
            items = self._items(name, get_args(field.annotation)[0], content)
            self._values[name] = tuple(item for _, item in items)
            if name == "forms":
                self._draft.forms = {form.id: form for _, form in items}
            elif name in ("regions", "truth_panel"):
                setattr(self._draft, name, self._values[name])
            else:
                setattr(self._draft, name, items)
            return
        annotation: Any = field.annotation
        if field.metadata:
            annotation = Annotated[(annotation, *field.metadata)]
        value = self._parts.read(annotation, content, (name,))
        if value is not None:
            self._values[name] = value
            if hasattr(self._draft, name):
                setattr(self._draft, name, value)

    def _items(self, name: str, item_type: Any, content: list[Any]) -> list[tuple[int, Any]]:
        items = []
        for index, item in enumerate(content):
            place = (name, index)
            if name == "forms":
                value = self._form(item, place)
            elif name == "endpoints":
                value = self._endpoint(item, place)
            else:
                value = self._parts.read(item_type, item, place)
            if value is not None:
                items.append((index, value))
        return items

    def _form(self, item: Any, place: Location) -> Any:
        use = {"use": item} if isinstance(item, str) else item
        named = use.get("use") if isinstance(use, dict) else None
        if isinstance(named, str) and named not in form_files():
            self._report("form-unknown", (*place, "use"), form=named, forms=", ".join(form_files()))
            close = get_close_matches(named.upper(), form_files(), cutoff=_SURE)
            if len(close) != 1:
                self._parts.unsound.add(named)
                return None
            self._source.content["forms"][place[-1]] = use = {**use, "use": close[0]}
        used = self._parts.read(FormUse, use, place)
        if used is None:
            return None

        def report(kind: str, path: Location, **parameters: Any) -> None:
            self._cross_report(kind, (*place, *path), **parameters)

        self._draft.form_uses[used.use] = (int(place[-1]), used)
        return adapt(used, self._values.get("codelists", {}), report)

    def _endpoint(self, item: Any, place: Location) -> Any:
        if not isinstance(item, dict):
            return self._parts.read(Endpoint, item, place)
        if item.get("kind") is None:
            self._report("key-missing", place, key="kind")
            return None
        kind = str(item["kind"])
        if kind not in self._kinds:
            close = get_close_matches(kind, self._kinds, n=1)
            names = ", ".join(close or self._kinds)
            self._report("endpoint-kind-unknown", (*place, "kind"), name=kind, kinds=names)
            if not close:
                return None
            item["kind"] = kind = close[0]
        return self._parts.read(self._kinds[kind].Spec, item, place)

    def _report(self, kind: str, path: Location, offset: int = 0, **parameters: Any) -> None:
        self._problems.report(kind, self._source.place(path, offset=offset), **parameters)

    def _cross_report(self, kind: str, path: Location, offset: int = 0, **parameters: Any) -> None:
        """Report what does not fit together, unless it is for want of what is not sound itself."""
        if self._is_reported(path):
            return
        wanting = kind.endswith(("-unknown", "-missing"))
        if not (wanting and self._parts.unsound.intersection(map(str, parameters.values()))):
            self._report(kind, path, offset, **parameters)

    def _is_reported(self, path: Location) -> bool:
        """Whether it has been said of a value, or of an item of a list, that it is wrong."""
        wrong = self._parts.wrong
        if path in self._source.scalars and self._source.place(path) in wrong.values():
            return True
        return any(other[:-1] == path and isinstance(other[-1], int) for other in wrong)

    def _read_subjects(self) -> None:
        """Read the list of subjects beside the protocol, when there is one."""
        subjects = self._draft.subjects
        if subjects is None or subjects.file is None:
            return
        here = ("subjects", "file")
        path = self._beside / subjects.file
        if Path(subjects.file).name != subjects.file:
            self._report("subjects-file-elsewhere", here, file=subjects.file)
            return
        try:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                rows = list(csv.DictReader(stream))
        except (OSError, UnicodeDecodeError, csv.Error):
            self._report("subjects-file-unreadable", here, file=subjects.file)
            return
        if not rows or not {"site", "subject_id"} <= set(rows[0]):
            self._report("subjects-file-columns", here, file=subjects.file)
            return
        ids: dict[str, list[str]] = {}
        for number, row in enumerate(rows, start=2):  # the first row holds the names
            site, subject = ((row[column] or "").strip() for column in ("site", "subject_id"))
            if not site or not subject:
                self._report("subjects-file-gap", here, file=subjects.file, row=number)
            ids.setdefault(site, []).append(subject)
        self._draft.subject_ids = {site: tuple(subjects) for site, subjects in ids.items() if site}

    def _look_for_logo(self) -> None:
        """Look whether the logo lies beside the protocol, when there is one."""
        study = self._draft.study
        if study is None or study.logo is None:
            return
        here = ("study", "logo")
        if PureWindowsPath(study.logo).name != study.logo:  # it parts at both slashes
            self._report("logo-elsewhere", here, file=study.logo)
        elif not (self._beside / study.logo).is_file():
            self._report("logo-missing", here, file=study.logo)

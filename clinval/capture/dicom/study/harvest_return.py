"""Read the file of values from headers that a site sends: on the road of every other return.

It comes from outside like any other file. What its lines claim is worked out again: that a value is
made of its parts, and that the hash over the files is that of the files which it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinval.capture.dicom.study.harvest_file import FORMAT, KIND
from clinval.capture.dicom.study.harvest_lines import BrokenError, head_of, is_founded, row_of
from clinval.capture.layout import SITE_ID, columns_of
from clinval.capture.reading.headers import Header, Headings
from clinval.capture.reading.package import RefusedError
from clinval.capture.reading.sheets import Row, Rows
from clinval.capture.reading.text_tables import TextFile, TextTable
from clinval.protocol.forms import HEADERS

if TYPE_CHECKING:
    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol
    from clinval.study.returns import WorkbookReturn

__all__ = ["is_harvest", "origins_of", "read_harvest", "without_hashes"]

_FIRST = re.compile(rb'\A\s*\{[^\n]{0,3000}?"kind":\s?"' + KIND.encode() + rb'"')
_HASHES = re.compile(rb'"[0-9a-f]{32}"')


def is_harvest(head: bytes) -> bool:
    """Return whether a file that begins like this is a file of values from headers."""
    return _FIRST.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


def without_hashes(content: bytes) -> bytes:
    """Return a file without the hashes of images, in which nobody's name can be."""
    return _HASHES.sub(b'""', content)


def read_harvest(name: str, content: bytes, protocol: Protocol) -> list[WorkbookReturn]:
    """Return what is in a file of values from headers: one return.

    Parameters
    ----------
    name
        Name of the file, as it may be shown.
    content
        Its bytes.
    protocol
        The study.
    """
    reading = _Reading(name, content, protocol)
    try:
        return reading.returns()
    except RefusedError as refusal:
        return reading.file.refused(refusal)


def origins_of(line: str) -> dict[str, dict[str, Any]]:
    """Return where the values of a line come from: by field, the hashes of files written out.

    Parameters
    ----------
    line
        A line of a file that was taken.

    Returns
    -------
    dict
        Unit, source, confidence, flags and parts of each field that has them; nothing for a line
        that is not one of ours.
    """
    try:
        row = row_of(line)
    except BrokenError:
        return {}
    found = {}
    for field, value in row["values"].items():
        about = {name: said for name, said in value.items() if name != "value"}
        if "parts" in about:
            about["parts"] = [
                {**part, "instances": [row["instances"][at] for at in part.get("instances", ())]}
                for part in about["parts"]
            ]
        found[field] = about
    return {field: about for field, about in found.items() if about}


class _Reading:
    """Reads one file."""

    def __init__(self, name: str, content: bytes, protocol: Protocol) -> None:
        self.file = TextFile(name, content, protocol, self._cell)
        self._content = content
        self._protocol = protocol
        forms = [form for form in protocol.forms if form.filled_by == HEADERS]
        self._form: Form | None = forms[0] if forms else None
        self._columns = columns_of(forms[0]) if forms else ()

    def returns(self) -> list[WorkbookReturn]:
        if self._form is None:
            raise RefusedError("harvest-not-asked")
        try:
            lines = self._content.decode("utf-8-sig").rstrip("\n").split("\n")
        except UnicodeDecodeError as error:
            raise RefusedError("text-not-decoded") from error
        head = self._head(lines[0])
        if len(lines) - 1 != head["rows"]:
            raise RefusedError("harvest-cut-off", rows=head["rows"], found=len(lines) - 1)
        numbers: list[int] = []
        cells: list[Row] = []
        for number, line in enumerate(lines[1:], start=2):
            try:
                row = row_of(line)
            except BrokenError as broken:
                about = {"line": number, "detail": broken.detail}
                self.file.lose(1)
                self._tell("harvest-line-broken", about)
                continue
            numbers.append(number)
            cells.append(self._cells(head["site"], row, number))
        if not cells:
            raise RefusedError("harvest-without-rows")
        table = TextTable(
            form=self._form,
            name="",
            order=0,
            header=Header(
                score=1.0, row=1, first=2,
                positions={field.id: at for at, field in enumerate(self._columns, start=1)},
            ),
            headings=Headings(self._form, [site.id for site in self._protocol.sites]),
            top=Rows([], []),
            rows=Rows(numbers, cells),
            asked=frozenset(field.id for field in self._columns),
        )  # fmt: skip
        names = ("study", "protocol_version", "protocol_sha256")
        return self.file.returns([table], stamp={name: head[name] for name in names})

    def _head(self, line: str) -> dict[str, Any]:
        """Return what the first line says, where it is of this study and can be read."""
        try:
            head = head_of(line)
        except BrokenError as broken:
            raise RefusedError("harvest-head-broken", detail=broken.detail) from broken
        study, sites = self._protocol.study, [site.id for site in self._protocol.sites]
        if head["format"] > FORMAT:
            raise RefusedError("stamp-of-newer-clinval", clinval=head["clinval"])
        if head["study"] != study.id:
            raise RefusedError("stamp-of-other-study", study=head["study"], own=study.id)
        if head["site"] not in sites:
            raise RefusedError("stamp-of-unknown-site", site=head["site"], sites=", ".join(sites))
        versions = {"version": head["protocol_version"], "own": study.version}
        if _numbers(versions["version"]) > _numbers(study.version):
            raise RefusedError("template-newer", **versions)
        if _numbers(versions["version"]) < _numbers(study.version):
            self._tell("harvest-older", versions)
        refused = head["counts"].get("refused", 0)
        if refused:
            self._tell("harvest-files-refused", {"count": refused})
        return head

    def _cells(self, site: str, row: dict[str, Any], number: int) -> Row:
        """Return the cells of a row by column; what cannot be gone by is said and left empty."""
        cells: dict[str, object] = {
            SITE_ID: site, "subject_id": row["subject_id"], "arm": row["arm"],
            "instances": float(len(row["instances"])), "instances_sha256": row["instances_sha256"],
        }  # fmt: skip
        known = {field.id: field for field in self._columns if field.id not in cells}
        for name, said in row["values"].items():
            field = known.get(name)
            if field is None:
                about = {"line": number, "field": name}
                self._tell("harvest-field-unknown", about)
            elif said.get("unit", field.unit or "") != (field.unit or ""):
                about = {"unit": said["unit"], "wanted": field.unit or "-"}
                self._say("odm-unit-differs", number, field, about)
            elif not is_founded(name, said):
                self._say("harvest-value-unfounded", number, field, {"value": said["value"]})
            else:
                cells[name] = said["value"]
                continue
            self.file.lose(said["value"] is not None)
        return tuple(cells.get(field.id) for field in self._columns)

    def _say(self, kind: str, number: int, field: Field, about: dict[str, object]) -> None:
        column = next(at for at, each in enumerate(self._columns, start=1) if each.id == field.id)
        self._tell(kind, about, order=0, row=number, column=column, field=field)

    def _tell(self, kind: str, about: Mapping[str, object], **where: Any) -> None:
        """Say something of the form: it stands until a file with values from headers comes.

        A workbook of the same site says nothing about what is wrong here.
        """
        form = "" if self._form is None else self._form.id
        self.file.say(kind, form=form, parameters=about, **where)

    def _cell(self, order: int, row: int, column: int) -> str:
        """Return the place of a value: its line and the name of its field."""
        del order
        if not row:
            return ""
        return f"{row}:{self._columns[column - 1].id}" if column else f"{row}:1"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())

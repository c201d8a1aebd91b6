"""The template of a site: one workbook that asks for everything the protocol asks for."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.capture.layout import META
from clinval.capture.stamp import Stamp, stamp_of, template_hash
from clinval.capture.writing.code_lists import CodeLists
from clinval.capture.writing.form_sheet import FormSheet
from clinval.capture.writing.readme import write_readme
from clinval.capture.writing.spoken import shown, speaking
from clinval.capture.writing.styles import Styles
from clinval.core.files import write

if TYPE_CHECKING:
    from clinval.capture.instrument import Catalogues
    from clinval.protocol.model import Protocol

__all__ = ["template_hash", "write_template"]

_CELL = 30_000  # characters; a cell holds 32,767


def write_template(
    protocol: Protocol,
    site_id: str,
    path: Path,
    *,
    protocol_sha256: str,
    content: Mapping[str, Sequence[Mapping[str, object]]] | None = None,
    languages: Sequence[str] = (),
    catalogues: Catalogues | None = None,
) -> None:
    """Write the workbook of a site; the same arguments give the same bytes.

    Parameters
    ----------
    protocol
        The study.
    site_id
        The site.
    path
        Where the workbook goes; it is written whole or not at all.
    protocol_sha256
        Hash of the protocol file, for the stamp.
    content
        What to fill in, as a site would: form id -> rows of field -> value. Values are numbers,
        ISO 8601 dates, codes, ``None``, or any other text, which is written as it is. A row goes
        where its keys are, or is appended.
    languages
        One or two languages; English and Chinese, that of the site first, where none are named.
    catalogues
        Translations for languages other than the two. What they do not have stays English.
    """
    with speaking(languages, catalogues or {}):
        write(path, _workbook(protocol, site_id, protocol_sha256, content or {}))


def _workbook(
    protocol: Protocol,
    site_id: str,
    protocol_sha256: str,
    content: Mapping[str, Sequence[Mapping[str, object]]],
) -> bytes:
    import xlsxwriter

    stamp = stamp_of(protocol, site_id, protocol_sha256)  # of what the values mean, not of words
    protocol = shown(protocol)
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True})
    styles = Styles(workbook)
    lists = CodeLists(protocol, site_id)
    _set_properties(workbook, protocol, stamp)
    write_readme(workbook, styles, protocol, site_id, stamp)
    for form in protocol.asked_forms:
        rows = content.get(form.id, ())
        FormSheet(protocol, form, site_id, lists).write(workbook, styles, rows)
    lists.write_copy(workbook, styles)
    lists.write_ranges(workbook)
    _write_stamp(workbook, stamp)
    workbook.close()
    return buffer.getvalue()


def _set_properties(workbook: Any, protocol: Protocol, stamp: Stamp) -> None:
    study = protocol.study
    workbook.set_properties(
        {
            "title": f"{study.id} {stamp.site}",
            "subject": study.title.en[:255],
            "company": study.sponsor[:255],
            # the clock would make every run another file
            "created": datetime.datetime.combine(study.date, datetime.time()),
        }
    )
    for name, value in stamp.properties.items():
        workbook.set_custom_property(name, value, "text")


def _write_stamp(workbook: Any, stamp: Stamp) -> None:
    sheet = workbook.add_worksheet(META)
    text = stamp.json()
    for row, start in enumerate(range(0, len(text), _CELL)):
        sheet.write_string(row, 0, text[start : start + _CELL])
    sheet.protect()
    sheet.very_hidden()

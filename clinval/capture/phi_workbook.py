"""Look through a workbook for what may identify somebody: in cells, beside them, about the file.

Only bytes are looked at; nothing is parsed, followed or run. Cells of shared texts are looked up
only when one of the texts holds something.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence

from clinval.capture.layout import OWN_SHEETS
from clinval.capture.phi_found import Found, Look
from clinval.capture.reading.sheets import shown_name

__all__ = ["cleaned", "look_through_workbook"]

# No pattern looks further than the next tag of its kind: the time grows with the file, not faster.
# Only single letters repeat possessively: groups that do are misread by Python before 3.11.5.
_TAGGED = r"<(?:\w+:)?{0}(?:\s[^<>]*)?>([^<]*)</(?:\w+:)?{0}>"
_INSIDE = r"([^<]*+(?:<(?!/?(?:\w+:)?{0}[\s/>])[^<]*+)*)</(?:\w+:)?{0}>"
_TEXTS = re.compile(_TAGGED.format("t"))
_PIECE = re.compile(r"<(?:\w+:)?si(?:\s[^<>]*)?(?:/>|>" + _INSIDE.format("si") + ")")
_CELL = re.compile(
    r"""<(?:\w+:)?c\s(?=[^<>]*\br="([A-Z]{1,3}\d{1,7})")(?=[^<>]*\bt="(s|str|inlineStr)")[^<>]*>"""
    + _INSIDE.format("c")
)
_VALUE = re.compile(_TAGGED.format("v"))
_COMMENT = re.compile(
    r"<(?:\w+:)?(?:threadedC|c)omment\s" + _INSIDE.format("(?:threadedC|c)omment")
)
_SAID = re.compile(r"<(?:\w+:)?(?:t|text)(?:\s[^<>]*)?>([^<]*)(?=<)")
_MARGINS = re.compile(r"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)>([^<]*)<")
_MARGIN_CODE = re.compile(r"&amp;(?:[A-Z]|&quot;.*?&quot;|\d+)")  # left, bold, size of letters
_SHEET = re.compile(r"<(?:\w+:)?sheet\s([^<>]*)>")
_ATTRIBUTE = re.compile(r"""(?<![\w:])([\w:]++)\s*+=\s*+"([^"]*+)\"""")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s([^<>]*)>")
_PATH = re.compile(r"""<x15ac:absPath\s[^<>]*\burl="([^"<>]*)"[^<>]*/>""")
_USER_PATH = re.compile(r"(?:Users|Documents and Settings|home)[\\/]\w", re.IGNORECASE)

# where a part names who wrote the file
_PEOPLE = {
    "docProps/core.xml": ("creator", "lastModifiedBy"),
    "docProps/app.xml": ("Manager", "Company"),
}
_AUTHOR = re.compile(_TAGGED.format("author"))
_PERSON = re.compile(r"""(<(?:\w+:)?person\s[^<>]*?displayName=")([^"<>]*)(")""")
_PROGRAM = re.compile(  # what stands there where nobody is named
    r"\W*|openpyxl|xlsxwriter|apache poi|microsoft.*|libreoffice.*|wps.*|users?|admin(istrator)?"
    r"|unknown|author|owner|pc|lenovo|dell|hp|微软用户|用户|作者|管理员",
    re.IGNORECASE,
)
_FORM = re.compile(r"F\d\d")  # hidden or not, the sheet of a form is read
_OWN = (*OWN_SHEETS, "_answers", "_queries")  # the last two of query workbooks
_PICTURES = ("xl/media/", "xl/embeddings/", "xl/activeX/")


def look_through_workbook(content: bytes, look: Look) -> Iterator[Found]:
    """Yield what was found in a workbook that may be opened.

    Parameters
    ----------
    content
        The archive; see `clinval.capture.reading.package.look_through`.
    look
        Says what a text holds.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        sheets = _sheets(archive)
        yield from _in_cells(archive, sheets, look)
        yield from _beside_cells(archive, names, look)
        for part in _PEOPLE:
            if part in names:
                yield from _people(part, _text(archive, part), look)
        for name, is_hidden, _ in sheets:
            if is_hidden and name not in _OWN and not _FORM.fullmatch(name):
                yield Found(kind="hidden_sheet", place="workbook")
        pictures = sum(name.startswith(_PICTURES) for name in names)
        if pictures:
            yield Found(kind="picture", place="workbook", count=pictures)


def _text(archive: zipfile.ZipFile, part: str) -> str:
    return archive.read(part).decode("utf-8-sig", "replace")


def _sheets(archive: zipfile.ZipFile) -> list[tuple[str, bool, str]]:
    """Return name, whether hidden, and part of each sheet."""
    parts = {}
    relations = "xl/_rels/workbook.xml.rels"
    if relations in archive.namelist():
        for found in _RELATION.finditer(_text(archive, relations)):
            given = dict(_ATTRIBUTE.findall(found[1]))
            target = given.get("Target", "").lstrip("/")
            parts[given.get("Id", "")] = target if target.startswith("xl/") else f"xl/{target}"
    sheets = []
    for found in _SHEET.finditer(_text(archive, "xl/workbook.xml")):
        given = dict(_ATTRIBUTE.findall(found[1]))
        name = html.unescape(given.get("name", ""))
        part = parts.get(given.get("r:id", ""), "")
        sheets.append((name, given.get("state", "visible") != "visible", part))
    return sheets


def _in_cells(
    archive: zipfile.ZipFile, sheets: Sequence[tuple[str, bool, str]], look: Look
) -> Iterator[Found]:
    names = set(archive.namelist())
    shared: dict[str, tuple[str, ...]] = {}
    if "xl/sharedStrings.xml" in names:
        for index, piece in enumerate(_PIECE.finditer(_text(archive, "xl/sharedStrings.xml"))):
            kinds = look("".join(_TEXTS.findall(piece[1] or "")))
            if kinds:
                shared[str(index)] = kinds
    for order, (name, _, part) in enumerate(sheets):
        if name not in _OWN:
            yield from Found.all_of(look(name), f"sheet {order + 1}")
        if part not in names:
            continue
        content = _text(archive, part)
        place = shown_name(name, order)
        for margin in _MARGINS.findall(content):
            yield from Found.all_of(look(_MARGIN_CODE.sub(" ", margin)), f"{place} header")
        if not shared and 't="str"' not in content and 't="inlineStr"' not in content:
            continue
        for cell, kind, inner in _CELL.findall(content):
            if kind == "inlineStr":
                kinds = look("".join(_TEXTS.findall(inner)))
            else:
                value = _VALUE.search(inner)
                text = value[1] if value else ""
                kinds = shared.get(text, ()) if kind == "s" else look(text)
            yield from Found.all_of(kinds, f"{place}!{cell}")


def _beside_cells(archive: zipfile.ZipFile, names: Sequence[str], look: Look) -> Iterator[Found]:
    """Yield what comments, text boxes, properties of the user's own and paths hold."""
    for name in names:
        lower = name.lower()
        if "comments" in lower and lower.endswith(".xml"):
            text = _text(archive, name)
            for comment in _COMMENT.findall(text):
                yield from Found.all_of(look(" ".join(_SAID.findall(comment))), "comment")
            yield from _authors(_AUTHOR.findall(text), "comment author", look)
        elif lower.startswith("xl/persons/"):
            people = [found[2] for found in _PERSON.finditer(_text(archive, name))]
            yield from _authors(people, "comment author", look)
        elif lower.startswith(("xl/drawings/", "xl/charts/")) and lower.endswith(".xml"):
            text = " ".join(_TEXTS.findall(_text(archive, name)))
            yield from Found.all_of(look(text), "text box")
        elif lower == "docprops/custom.xml":
            for value in re.findall(r">([^<]+)</(?:vt:)?lpwstr>", _text(archive, name)):
                yield from Found.all_of(look(value), "property")
        elif lower == "xl/workbook.xml":
            for path in _PATH.findall(_text(archive, name)):
                if _USER_PATH.search(path):
                    yield Found(kind="author", place="path")


def _people(part: str, text: str, look: Look) -> Iterator[Found]:
    for tag in _PEOPLE[part]:
        yield from _authors(re.findall(_TAGGED.format(tag), text), tag, look)


def _authors(names: Sequence[str], place: str, look: Look) -> Iterator[Found]:
    count = sum(_PROGRAM.fullmatch(look.unknown(name)) is None for name in names)
    if count:
        yield Found(kind="author", place=place, count=count)


def cleaned(content: bytes) -> bytes:
    """Return a workbook without the names of who wrote it and its comments; cells stay as they are.

    The same workbook gives the same bytes.
    """
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as archive,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as clean,
    ):
        for part in archive.infolist():
            data = archive.read(part)
            remove = _REMOVE.get(part.filename) or _remover(part.filename)
            if remove is not None:
                data = remove(data.decode("utf-8-sig", "replace")).encode()
            clean.writestr(zipfile.ZipInfo(part.filename, (1980, 1, 1, 0, 0, 0)), data)
    return target.getvalue()


def _emptied(*tags: str) -> Callable[[str], str]:
    patterns = [re.compile(rf"(<(?:\w+:)?{tag}(?:\s[^<>]*)?>)[^<]*(</)") for tag in tags]

    def empty(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub(r"\1\2", text)
        return text

    return empty


_REMOVE: dict[str, Callable[[str], str]] = {
    **{part: _emptied(*tags) for part, tags in _PEOPLE.items()},
    "xl/workbook.xml": lambda text: _PATH.sub("", text),
}


def _remover(name: str) -> Callable[[str], str] | None:
    lower = name.lower()
    if lower.startswith("xl/persons/"):
        return lambda text: _PERSON.sub(r"\1\3", text)
    if "comments" in lower and lower.endswith(".xml"):
        return _emptied("author")
    return None

"""Mistakes in the file that is sent: another format, another version, a part of it missing."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from clinval.capture.corruption.mistake import FileMistake, Hand
from clinval.capture.layout import META, SITE_ID
from clinval.capture.template import write_template
from clinval.protocol.base import Text
from clinval.protocol.forms import Form

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = ["FILES", "VERSIONS"]

_OLE2 = bytes.fromhex("D0CF11E0A1B11AE1")
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"


def _mistake(family: str) -> Any:
    """Return a maker of the mistakes of a family, one line a mistake in the tables below."""

    def made(name: str, spoil: Any, says: str, en: str, zh: str, **more: Any) -> FileMistake:
        return FileMistake(
            id=name, family=family, what=Text(en=en, zh=zh), says=tuple(says.split()),
            spoil=spoil, **more,
        )  # fmt: skip

    return made


def _packed(
    content: bytes,
    change: Callable[[str, bytes], bytes] = lambda _, part: part,
    more: dict[str, bytes] | None = None,
) -> bytes:
    """Return an archive with its parts changed, and with further parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, change(name, source.read(name)), zipfile.ZIP_DEFLATED)
        for name, part in (more or {}).items():
            archive.writestr(name, part, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _zipped(hand: Hand, _: random.Random) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("return/data.bin", hand.clean)
    return target.getvalue()


def _opendocument(hand: Hand, _: random.Random) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", hand.site)
    return target.getvalue()


def _binary(hand: Hand, _: random.Random) -> bytes:
    return _packed(hand.clean, more={"xl/workbook.bin": b"\x83\x01\x00"})


def _macros(hand: Hand, _: random.Random) -> bytes:
    return _packed(hand.clean, more={"xl/vbaProject.bin": _OLE2})


def _links(hand: Hand, _: random.Random) -> bytes:
    return _packed(hand.clean, more={"xl/externalLinks/externalLink1.xml": b"<externalLink/>"})


def _picture(hand: Hand, _: random.Random) -> bytes:
    return _packed(hand.clean, more={"xl/media/image1.png": b"\x89PNG\r\n\x1a\n"})


def _strict(hand: Hand, _: random.Random) -> bytes:
    return _packed(hand.clean, lambda _, part: part.replace(_MAIN, _STRICT))


def _rotten(hand: Hand, draw: random.Random) -> bytes:
    """Change bytes within a packed sheet, as a bad disk or a bad line does."""
    with zipfile.ZipFile(io.BytesIO(hand.clean)) as archive:
        part = max(archive.infolist(), key=lambda part: part.compress_size)
    middle = part.header_offset + 100 + part.compress_size // 2 + draw.randrange(50)
    return hand.clean[:middle] + b"\0\xff\0\xff\0\xff" + hand.clean[middle + 6 :]


def _half(hand: Hand, draw: random.Random) -> bytes:
    return hand.clean[: int(len(hand.clean) * draw.uniform(0.2, 0.9))]


def _saved(hand: Hand) -> bytes:
    buffer = io.BytesIO()
    hand.book.save(buffer)
    return buffer.getvalue()


def _since_1904(hand: Hand, _: random.Random) -> bytes:
    import datetime

    hand.book.epoch = datetime.datetime(1904, 1, 1)  # noqa: DTZ001 - the first day of old Macs
    return _saved(hand)


def _saved_elsewhere(hand: Hand, _: random.Random) -> bytes:
    return _saved(hand)


def _without_properties(hand: Hand, _: random.Random) -> bytes:
    hand.book.custom_doc_props.props.clear()
    return _saved(hand)


def _without_stamp(hand: Hand, _: random.Random) -> bytes:
    hand.book.custom_doc_props.props.clear()
    del hand.book[META]
    return _saved(hand)


def _of_newer_program(hand: Hand, _: random.Random) -> bytes:
    sheet = hand.book[META]
    sheet["A1"] = str(sheet["A1"].value).replace('"format":1', '"format":9')
    return _saved(hand)


def _texts_only(hand: Hand, draw: random.Random) -> bytes:
    """Make every number of a form a text, as an import without types does."""
    counted = [
        form.id
        for form in hand.protocol.asked_forms
        if any(
            field.type in ("number", "integer") and hand.frames[form.id][field.id].notna().any()
            for field in form.fields
        )
    ]
    form = draw.choice(counted)
    for row in hand.rows(form):
        for cell in hand.book[form][row]:
            if isinstance(cell.value, int | float):
                cell.value, cell.number_format = str(cell.value), "@"
    return _saved(hand)


# ------------------------------------------------------------------------------------ versions


def _written(hand: Hand, protocol: Protocol, site: str = "", *, filled: bool = True) -> bytes:
    """Return the workbook as the template of another protocol, filled with the same values."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "return.xlsx"
        content = hand.content if filled else None
        write_template(
            protocol, site or hand.site, path, protocol_sha256="0" * 64, content=content
        )  # fmt: skip
        return path.read_bytes()


def _version(hand: Hand, version: str, forms: tuple[Form, ...] | None = None) -> Protocol:
    study = hand.protocol.study.model_copy(update={"version": version})
    return hand.protocol.model_copy(
        update={"study": study, "forms": hand.protocol.asked_forms if forms is None else forms}
    )


def _older(hand: Hand, _: random.Random) -> bytes:
    """Fill the template of a version that did not ask for one of the optional fields yet."""
    *others, last = sorted(hand.protocol.asked_forms, key=lambda form: len(form.fields))
    spare = next(
        field.id
        for field in reversed(last.fields)
        if not field.required and field.id not in (SITE_ID, *last.keys)
    )
    fewer = last.model_copy(update={"fields": tuple(f for f in last.fields if f.id != spare)})
    return _written(hand, _version(hand, "0.1", (*others, fewer)))


def _with_another_unit(hand: Hand) -> tuple[Form, ...]:
    forms = []
    for form in hand.protocol.asked_forms:
        fields = tuple(
            field.model_copy(update={"unit": "furlong"}) if field.unit else field
            for field in form.fields
        )
        forms.append(form.model_copy(update={"fields": fields}))
    return tuple(forms)


def _outdated(hand: Hand, _: random.Random) -> bytes:
    return _written(hand, _version(hand, "0.1", _with_another_unit(hand)))


def _of_the_future(hand: Hand, _: random.Random) -> bytes:
    return _written(hand, _version(hand, "999.1", _with_another_unit(hand)))


def _of_other_study(hand: Hand, _: random.Random) -> bytes:
    study = hand.protocol.study.model_copy(update={"id": "OTHER-STUDY"})
    return _written(hand, hand.protocol.model_copy(update={"study": study}))


def _of_unknown_site(hand: Hand, _: random.Random) -> bytes:
    site = hand.protocol.site(hand.site).model_copy(update={"id": "S999"})
    protocol = hand.protocol.model_copy(update={"sites": (*hand.protocol.sites, site)})
    return _written(hand, protocol, "S999", filled=False)


def _in_other_sites_workbook(hand: Hand, _: random.Random) -> bytes:
    """Paste the rows of one site into the template that was made for another."""
    other = next(site.id for site in hand.protocol.sites if site.id != hand.site)
    return _written(hand, hand.protocol, other)


_file, _version_of = _mistake("file"), _mistake("version")
_program = _mistake("program")

FILES: tuple[FileMistake, ...] = (
    _file("password", lambda *_: _OLE2 + "EncryptedPackage".encode("utf-16-le"), "file-encrypted",
          "protected by a password", "设有密码"),
    _file("old-excel", lambda *_: _OLE2 + b"\0" * 2000, "file-old-excel", "saved as .xls",
          "另存为 .xls"),
    _file("truncated", _half, "file-damaged", "cut off on the way", "传输中被截断"),
    _file("rotten", _rotten, "file-damaged", "damaged bytes", "字节损坏"),
    _file("empty", lambda *_: b"", "file-empty", "empty file", "空文件"),
    _file("page-for-workbook", lambda *_: b"<html><table><tr><td>1</td></tr></table></html>",
          "file-not-a-workbook", "web page with the name of a workbook", "网页改名为工作簿"),
    _file("scan-for-workbook", lambda *_: b"%PDF-1.7\n", "file-not-a-workbook",
          "PDF with the name of a workbook", "PDF 改名为工作簿"),
    _file("packed-again", _zipped, "file-without-workbook", "zipped once more", "再次压缩打包"),
    _file("opendocument", _opendocument, "file-other-format", "saved as OpenDocument (.ods)",
          "另存为 OpenDocument（.ods）"),
    _file("binary-workbook", _binary, "file-other-format", "saved as .xlsb", "另存为 .xlsb"),
    _file("strict-format", _strict, "file-other-format", "saved as Strict Open XML",
          "另存为 Strict Open XML"),
    _file("macros", _macros, "file-has-macros", "saved with macros", "含宏"),
    _file("links-to-others", _links, "links-not-followed", "links to other workbooks",
          "链接到其他工作簿"),
    _file("picture", _picture, "file-identifies file-identifies-refused",
          "picture pasted into a sheet, such as a screen with a name", "粘贴图片，如含姓名的截屏"),
    _program("saved-elsewhere", _saved_elsewhere, "", "saved by another program (harmless)",
             "由其他软件保存（无害）"),
    _program("since-1904", _since_1904, "", "days counted from 1904 (harmless)",
             "1904 日期系统（无害）"),
    _program("properties-lost", _without_properties, "", "document properties lost (harmless)",
             "文档属性丢失（无害）"),
    _program("texts-only", _texts_only, "read-number-from-text", "every number became a text",
             "全部数值变为文本", also=("read-text-from-number",)),
)  # fmt: skip

VERSIONS: tuple[FileMistake, ...] = (
    _version_of("older-template", _older, "template-older", "template of an earlier version",
                "旧版模板"),
    _version_of("outdated-template", _outdated, "template-outdated",
                "template of an earlier version with other units", "单位不同的旧版模板"),
    _version_of("future-template", _of_the_future, "template-newer", "template of a later version",
                "更新版本的模板"),
    _version_of("newer-program", _of_newer_program, "stamp-of-newer-clinval",
                "template of a newer clinval", "更新版 clinval 的模板"),
    _version_of("other-study", _of_other_study, "stamp-of-other-study",
                "template of another study", "其他试验的模板"),
    _version_of("unknown-site", _of_unknown_site, "stamp-of-unknown-site",
                "template of a site that the protocol does not have", "方案外中心的模板"),
    _version_of("no-stamp", _without_stamp, "stamp-missing",
                "copied into a workbook of the site's own", "复制到自建工作簿"),
    _version_of("workbook-of-other-site", _in_other_sites_workbook,
                "subject-of-other-site row-of-other-site rows-contradict",
                "rows pasted into another hospital's template", "数据粘贴到其他中心的模板",
                also=("required-is-empty", "read-not-planned")),
)  # fmt: skip

"""The archive: everything a study consists of as CSV and JSON, to be read without clinval.

Made for the one who opens it in twenty years: plain tables, a codebook that says what each column
and code means, what the columns meant when they were filled in, the audit trail with the recipe to
verify it by hand, and a checksum of every file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.core.csv_tables import write_columns, write_rows
from clinval.core.files import sha256_of_file, write
from clinval.exports.datasets import OPEN, Blinded

if TYPE_CHECKING:
    from clinval.exports.datasets import About, Column, Dataset
    from clinval.study.audit import Entry
    from clinval.study.history import Earlier
    from clinval.study.store import Submission

__all__ = ["BLIND", "CHECKSUMS", "Contents", "write_archive"]

CHECKSUMS = "SHA256SUMS.txt"
BLIND = "[blind]"  # in place of what would tell the arm of a read
_CODEBOOK = ("table", "column", "label", "label_zh", "type", "unit", "key", "codes", "codes_zh")
_AUDIT = ("seq", "at_utc", "actor", "action", "subject", "detail", "reason", "previous", "hash")

_BLIND = """
The key of this study is closed: reads have codes in place of arms, entries of the audit trail about
reads are hidden, and audit.jsonl comes with the archive that is made once the key is open.
本研究尚未揭盲：阅片以盲码代替组别，涉及阅片的稽查条目已隐去，揭盲后生成的档案才含 audit.jsonl。

"""

_README = """\
{study}: archive of the data
============================

Made {created} by clinval {software}; data version {data_version} of {data_time},
protocol version {protocol_version}. No program but a text editor or a spreadsheet is needed.

tables/        one CSV a form: a row is a row that a site returned, in its current state
codebook.csv   what each column is: label, type, unit, place among the keys, codes
codebook.json  the same
meanings.json  what the columns meant when they were filled in, by form and data version
audit.csv      who did what, when (UTC) and why, with the hash of each entry
audit.jsonl    the same, one JSON array a line: exactly what the hashes are of
submissions.csv  the files that the sites returned
{more}{blind}{checksums}  SHA-256 of every file: sha256sum -c {checksums}

Reading the tables
------------------
UTF-8, comma, one row of headings. Dates are 2026-03-31, times of a day 2026-03-31T09:30:00.
An empty cell has no value; the column missing_codes says why where the site said so
(ND not done, NA not applicable, UNK unknown). A text that begins with = + - @ has an apostrophe
put before it, so that no spreadsheet runs it; take the first apostrophe away to have the text.

Verifying the audit trail
-------------------------
Each line of audit.jsonl is [[seq, at_utc, actor, action, subject, detail, reason, previous], hash].
The hash of a line is the SHA-256 of its inner array as JSON in UTF-8: no spaces, keys sorted,
nothing escaped that need not be. Its "previous" is the hash of the line before it, 64 zeros in the
first line. The last hash is printed in every report of the study. An entry whose detail is
{{"redacted": ...}} had its text taken out by an act that is itself in the trail (action redact; see
redactions.csv): its hash is that of the text that was there, and the chain goes on through it.

{study}：数据档案
=================

由 clinval {software} 于 {created} 生成；数据版本 {data_version}（{data_time}），
方案版本 {protocol_version}。仅需文本编辑器或电子表格即可阅读。

tables/ 每个表单一个 CSV，每行为中心返回的一行（当前状态）；
codebook 说明各列含义、类型、单位、代码；meanings.json 为填写当时各列的含义；
audit 为稽查轨迹及各条目的哈希；submissions.csv 为各中心返回的文件；
{checksums} 为各文件的 SHA-256。

空单元格表示无值；中心注明原因时见 missing_codes 列（ND 未做，NA 不适用，UNK 不详）。
以 = + - @ 开头的文本前加了一个撇号，以免被电子表格当作公式执行。
audit.jsonl 每行的哈希为内层数组 JSON（UTF-8、无空格、键排序）的 SHA-256，
previous 为上一行的哈希，首行为 64 个零。
detail 为 {{"redacted": ...}} 的条目，其文字已依轨迹中的操作（redact，见 redactions.csv）移除，
其哈希为原文字的哈希，链条不断。
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes into an archive.

    ``beside`` are tables of other parts of the study (queries, people) by name: a heading and rows;
    ``files`` are files that are taken as they are, by the name that they get. Where something is
    ``blinded`` the audit trail hides which reads its entries are about.
    """

    datasets: Sequence[Dataset]
    meanings: Iterable[Earlier]
    entries: Iterable[Entry]
    submissions: Sequence[Submission]
    beside: Mapping[str, tuple[Sequence[str], Sequence[Sequence[object]]]]
    files: Mapping[str, Path]
    blinded: Blinded = OPEN


def write_archive(folder: Path, contents: Contents, about: About) -> list[Path]:
    """Write the archive into a folder and return its files.

    Parameters
    ----------
    folder
        A folder; the files of an earlier archive in it are replaced, others are left.
    contents
        What goes into it.
    about
        What it says about itself.
    """
    _clear(folder)
    written = [folder / "tables" / f"{dataset.name}.csv" for dataset in contents.datasets]
    for dataset, path in zip(contents.datasets, written, strict=True):
        write_columns(path, {c.name: _cells(dataset, c) for c in dataset.columns})
    book = [_described(d.name, column) for d in contents.datasets for column in d.columns]
    written.append(_json(folder / "codebook.json", book))
    written.append(
        _csv(
            folder / "codebook.csv", _CODEBOOK, [[_cell(row[n]) for n in _CODEBOOK] for row in book]
        )
    )
    meanings = [
        {"source": source, "form": form, "columns": dict(columns)}
        for source, form, columns in contents.meanings
    ]
    written.append(_json(folder / "meanings.json", meanings))
    written += _write_audit(folder, contents.entries, contents.blinded)
    rows = [(s.id, s.received_utc, s.site, s.file_name, s.sha256, s.outcome)
            for s in contents.submissions]  # fmt: skip
    header = ("submission", "received_utc", "site", "file_name", "sha256", "outcome")
    written.append(_csv(folder / "submissions.csv", header, rows))
    for name, (heading, lines) in contents.beside.items():
        written.append(_csv(folder / f"{name}.csv", heading, lines))
    for name, source in contents.files.items():
        write(folder / name, source.read_bytes())
        written.append(folder / name)
    written.append(_readme(folder, contents, about))
    sums = "".join(f"{sha256_of_file(p)}  {p.relative_to(folder).as_posix()}\n" for p in written)
    write(folder / CHECKSUMS, sums)
    return [*written, folder / CHECKSUMS]


def _clear(folder: Path) -> None:
    """Remove the files of an earlier archive: those that it lists, and no others."""
    sums = folder / CHECKSUMS
    for line in sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else ():
        path = folder / line.partition("  ")[2]
        if path.is_file() and folder.resolve() in path.resolve().parents:
            path.unlink()


def _cells(dataset: Dataset, column: Column) -> Any:
    """Return a column as it is written: numbers as they are, everything else as text."""
    import pandas as pd

    if column.kind == "number":
        return dataset.frame[column.name].to_numpy(dtype=float)
    if column.kind == "integer":
        return pd.array(dataset.values(column), dtype="Int64")
    return pd.Categorical(dataset.values(column))


def _described(table: str, column: Column) -> dict[str, Any]:
    return {
        "table": table,
        "column": column.name,
        "label": column.label.en,
        "label_zh": column.label.zh or "",
        "type": column.kind,
        "unit": column.unit,
        "key": column.key,
        "codes": {code: text.en for code, text in column.codes.items()},
        "codes_zh": {code: text.in_("zh") for code, text in column.codes.items()},
    }


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return "; ".join(f"{code} = {label}" for code, label in value.items())
    return value


def _write_audit(folder: Path, entries: Iterable[Entry], blinded: Blinded) -> list[Path]:
    rows = [[getattr(entry, name) for name in _AUDIT] for entry in entries]
    if blinded.forms:  # the trail as it is would tell the arms, so its proof has to wait
        hidden = [_hidden(row, blinded) for row in rows]
        return [_csv(folder / "audit.csv", _AUDIT, hidden)]
    lines = [
        json.dumps([row[:-1], row[-1]], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        for row in rows
    ]
    write(folder / "audit.jsonl", "".join(line + "\n" for line in lines))
    return [_csv(folder / "audit.csv", _AUDIT, rows), folder / "audit.jsonl"]


def _hidden(row: list[Any], blinded: Blinded) -> list[Any]:
    """Return an entry without what it says of single reads."""
    subject = str(row[_AUDIT.index("subject")])
    site, _, rest = subject.partition(" ")
    form = rest.partition(" ")[0]
    if form not in blinded.forms:
        return row
    shown = {"subject": f"{site} {form} {BLIND}", "detail": BLIND}
    return [shown.get(name, value) for name, value in zip(_AUDIT, row, strict=True)]


def _readme(folder: Path, contents: Contents, about: About) -> Path:
    more = "".join(f"{name}.csv\n" for name in contents.beside)
    more += "".join(f"{name}\n" for name in contents.files)
    values = {name: getattr(about, name) for name in about.__slots__}
    text = _README.format(
        **values, more=more, checksums=CHECKSUMS, blind=_BLIND if contents.blinded.forms else ""
    )
    write(folder / "README.txt", text)
    return folder / "README.txt"


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    write_rows(path, header, rows)
    return path


def _json(path: Path, content: object) -> Path:
    write(path, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    return path

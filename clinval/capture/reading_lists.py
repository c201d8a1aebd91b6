"""The reading list of a reader: one workbook with the cases of each session in order."""

from __future__ import annotations

import datetime
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval import __version__
from clinval.capture.layout import README, both
from clinval.capture.writing.styles import Styles
from clinval.capture.writing.words import word
from clinval.core.files import write
from clinval.protocol.base import Text
from clinval.protocol.reading_plan import Read

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol
    from clinval.protocol.reading_order import PlacedRead

__all__ = ["write_key", "write_reading_list"]

_WIDTHS = {"place": 8, "code": 14, "case": 22, "arm": 34, "date": 16, "remark": 40}
_ENTRIES = {"date": "date", "remark": "text"}  # what the reader fills, and as what
_ARM = ("arm",)
_ALLOWED = {"format_columns": True, "format_rows": True}


def write_reading_list(
    protocol: Protocol,
    reader_id: str,
    reads: Sequence[PlacedRead],
    path: Path,
    *,
    protocol_sha256: str,
) -> None:
    """Write the list of a reader; the same arguments give the same bytes.

    Parameters
    ----------
    protocol
        The study.
    reader_id
        The reader, whose code is all that stands of him or her.
    reads
        The reads in order; see `clinval.protocol.reading_order`.
    path
        Where the workbook goes; it is written whole or not at all.
    protocol_sha256
        Hash of the protocol file, as on the templates of the sites.
    """
    shown = protocol.reading is None or protocol.reading.show_arms
    codes = {Read(*read): code for code, read in protocol.read_codes.items()}
    book = _Book(protocol, word("reading_list.title"), protocol_sha256)
    label = next(reader.label for reader in protocol.readers if reader.id == reader_id)
    book.front({"reader": f"{reader_id} · {book.both(label, ' ')}", "reads": str(len(reads))})
    names = ("place", "code") if codes and not shown else ("place", "case", *_ARM[:shown])
    book.how_to_read(arms=shown)
    book.stamp()
    for session in sorted({read.session for read in reads}):
        title = word("reading_list.session", number=session)
        own = [read for read in reads if read.session == session]
        sheet = f"{title.en} {title.zh}"
        book.session(sheet, own, reader_id, codes, names=names)
    book.close(path)


def write_key(
    protocol: Protocol,
    reads: Mapping[str, Sequence[PlacedRead]],
    path: Path,
    *,
    protocol_sha256: str,
) -> None:
    """Write which arm each read of each reader is, for whoever puts up the images.

    Parameters are as those of `write_reading_list`; ``reads`` are those of every reader.
    """
    codes = {Read(*read): code for code, read in protocol.read_codes.items()}
    book = _Book(protocol, word("reading_list.key"), protocol_sha256)
    book.front({"reads": str(sum(map(len, reads.values())))})
    book.stamp()
    for reader, own in reads.items():
        for session in sorted({read.session for read in own}):
            title = f"{reader} · {word('reading_list.session', number=session).en}"
            listed = [read for read in own if read.session == session]
            names = ("place", *(("code",) if codes else ()), "case", "arm")
            book.session(title[-31:], listed, reader, codes, names=names)
    book.close(path)


class _Book:
    """A workbook of reads."""

    def __init__(self, protocol: Protocol, title: Text, protocol_sha256: str) -> None:
        import xlsxwriter

        self._protocol = protocol
        self._title = title
        self._language = Counter(site.language for site in protocol.sites).most_common(1)[0][0]
        self._buffer = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._buffer, {"in_memory": True})
        self._styles = Styles(self._book)
        self._front: Any = self._book.add_worksheet(README)
        self._row = 0
        self._stamps = {
            "study": protocol.study.id,
            "protocol_version": protocol.study.version,
            "protocol_sha256": protocol_sha256,
            "seed": str(protocol.seed),
            "clinval": __version__,
        }

    def both(self, text: Text, between: str) -> str:
        """Return a text in both languages, that of most sites first."""
        return both(text, self._language, between)

    def front(self, facts: Mapping[str, str]) -> None:
        """Write the first sheet: what the list is, of which study, for whom."""
        study, sheet, styles = self._protocol.study, self._front, self._styles
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 40)
        sheet.set_column(1, 1, 96)
        self._line(self.both(study.title, "\n"), "title", 48)
        self._line(self.both(self._title, " "), "subtitle", 18)
        if study.synthetic:
            self._line(self.both(word("synthetic"), " "), "alarm", 22)
        self._row += 1
        washout = self._protocol.design.washout_days
        named = {
            "facts.study": study.id,
            "facts.version": f"{study.version} ({study.date.isoformat()})",
            **{f"reading_list.{name}": value for name, value in facts.items()},
            **({"reading_list.washout": str(washout)} if washout else {}),
        }
        for name, value in named.items():
            sheet.write_string(self._row, 0, self.both(word(name), " "), styles["fact"])
            sheet.write_string(self._row, 1, value, styles["fact_value"])
            self._row += 1

    def how_to_read(self, *, arms: bool) -> None:
        """Write how to read."""
        self._row += 1
        title = self.both(word("reading_list.steps_title"), " ")
        self._front.merge_range(self._row, 0, self._row, 1, title, self._styles["section"])
        self._row += 1
        plan, days = self._protocol.reading, self._protocol.design.washout_days
        parted = plan is not None and plan.sessions > 1 and bool(days)
        names = ["order", *(["washout"] if parted else []), "arms" if arms else "blind"]
        for name in (*names, "record", "never"):
            text = self.both(word(f"reading_list.steps.{name}", days=days), "\n")
            self._front.merge_range(self._row, 0, self._row, 1, text, self._styles["words"])
            self._front.set_row(self._row, 34)
            self._row += 1

    def stamp(self) -> None:
        """Write which protocol the list was made from."""
        self._row += 1
        label = self.both(word("stamp"), " ")
        text = f"{label}: " + " · ".join(f"{name} {value}" for name, value in self._stamps.items())
        self._line(text, "stamp", 28)
        self._front.set_landscape()
        self._front.set_paper(9)
        self._front.fit_to_pages(1, 0)
        self._front.protect("", _ALLOWED)
        self._front.activate()

    def session(
        self,
        name: str,
        reads: Sequence[PlacedRead],
        reader: str,
        codes: Mapping[Read, str],
        *,
        names: Sequence[str],
    ) -> None:
        """Add the sheet of a session; ``names`` says what it tells of a read."""
        sheet, styles = self._book.add_worksheet(name), self._styles
        labels = {arm.id: f"{arm.id} | {self.both(arm.label, ' ')}" for arm in self._protocol.arms}
        columns = [*names, *_ENTRIES]
        for column, title in enumerate(columns):
            heading = self.both(word(f"reading_list.{title}"), "\n")
            sheet.write_string(0, column, heading, styles["label"])
            sheet.set_column(column, column, _WIDTHS[title])
        sheet.set_row(0, 32)
        for row, read in enumerate(reads, start=1):
            code = codes.get(Read(read.subject, read.arm, reader), "")
            given = {"code": code, "case": read.subject, "arm": labels[read.arm]}
            for column, title in enumerate(columns):
                if title == "place":
                    sheet.write_number(row, column, read.place, styles["patch_key"])
                elif title in given:
                    sheet.write_string(row, column, given[title], styles["key"])
                else:
                    sheet.write_blank(row, column, None, styles.entry(_ENTRIES[title]))
        sheet.freeze_panes(1, 2)
        sheet.repeat_rows(0)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{self._protocol.study.id} · {name}&R&P / &N")
        sheet.protect("", _ALLOWED)

    def close(self, path: Path) -> None:
        """Write the workbook."""
        study = self._protocol.study
        self._book.set_properties(
            {
                "title": f"{study.id} {self._title.en}",
                "subject": study.title.en[:255],
                "company": study.sponsor[:255],
                # the clock would make every run another file
                "created": datetime.datetime.combine(study.date, datetime.time()),
            }
        )
        for name, value in self._stamps.items():
            self._book.set_custom_property(f"clinval {name}", value, "text")
        self._book.close()
        write(path, self._buffer.getvalue())

    def _line(self, text: str, style: str, height: float) -> None:
        self._front.merge_range(self._row, 0, self._row, 1, text, self._styles[style])
        self._front.set_row(self._row, height)
        self._row += 1

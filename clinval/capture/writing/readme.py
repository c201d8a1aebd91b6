"""The first sheet: what the workbook is, how to fill it, when and to whom to return it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.capture.layout import README, both, is_planned, planned_keys
from clinval.capture.stamp import Stamp
from clinval.capture.writing.spoken import say
from clinval.capture.writing.styles import Styles
from clinval.capture.writing.words import word, words
from clinval.protocol.base import Text

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = ["write_readme"]

_NARROW, _ENGLISH, _CHINESE = 12, 64, 50  # widths of the three columns


def write_readme(
    workbook: Any, styles: Styles, protocol: Protocol, site_id: str, stamp: Stamp
) -> None:
    """Add the sheet to a workbook."""
    _Readme(workbook.add_worksheet(README), styles).write(protocol, site_id, stamp)


class _Readme:
    def __init__(self, sheet: Any, styles: Styles) -> None:
        self._sheet = sheet
        self._styles = styles
        self._row = 0

    def write(self, protocol: Protocol, site_id: str, stamp: Stamp) -> None:
        sheet = self._sheet
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, _NARROW)
        sheet.set_column(1, 1, _ENGLISH)
        sheet.set_column(2, 2, _CHINESE)
        self._title(protocol)
        self._facts(protocol, site_id)
        self._section("steps_title")
        for number, step in enumerate(words("steps"), start=1):
            text = say(Text(**step))
            self._line(text.en, text.zh or "", str(number), "number_of_step")
        self._section("never_title")
        never = word("never")
        self._line(never.en, never.zh or "", style="strong")
        self._section("colours_title")
        for name in words("colours"):
            text = word(f"colours.{name}")
            self._line(text.en, text.zh or "", "", f"patch_{name}")
        self._forms(protocol, site_id)
        self._stamp(stamp)
        sheet.set_portrait()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.5, 0.5, 0.6, 0.6)
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.activate()

    def _title(self, protocol: Protocol) -> None:
        study, styles = protocol.study, self._styles
        title = study.title.en if not study.title.zh else f"{study.title.en}\n{study.title.zh}"
        height = sum(21 * -(-_wide(line) // 88) for line in title.split("\n"))
        self._merged(title, styles["title"], height + 4)
        name = word("workbook")
        self._merged(both(name, "en", " "), styles["subtitle"], 18)
        if study.synthetic:
            alarm = word("synthetic")
            self._merged(both(alarm, "en", " "), styles["alarm"], 22)

    def _facts(self, protocol: Protocol, site_id: str) -> None:
        study, site = protocol.study, protocol.site(site_id)
        facts = [
            ("study", study.id),
            (
                "site",
                f"{site.id} · {site.name.en}" + (f" · {site.name.zh}" if site.name.zh else ""),
            ),
            ("return_by", study.return_by.isoformat() if study.return_by else ""),
            ("contact", study.contact or ""),
            ("sponsor", study.sponsor),
            ("version", f"{study.version} ({study.date.isoformat()})"),
        ]
        self._row += 1
        for name, value in facts:
            if value:
                label = word(f"facts.{name}")
                self._sheet.merge_range(self._row, 1, self._row, 2, "", self._styles["words"])
                self._sheet.write_rich_string(
                    self._row, 1, self._styles["fact"], both(label, "en", " ") + ":  ",
                    self._styles["fact_value"], value, self._styles["words"],
                )  # fmt: skip
                self._row += 1

    def _section(self, name: str) -> None:
        self._row += 1
        title = word(name)
        for column, text in enumerate((" ", title.en, title.zh or "")):
            self._sheet.write_string(self._row, column, text, self._styles["section"])
        self._sheet.set_row(self._row, 20)
        self._row += 1

    def _line(
        self, english: str, chinese: str, mark: str = "", mark_style: str = "words", *,
        style: str = "words",
    ) -> None:  # fmt: skip
        self._sheet.write_string(self._row, 0, mark, self._styles[mark_style])
        self._sheet.write_string(self._row, 1, english, self._styles[style])
        self._sheet.write_string(self._row, 2, chinese, self._styles[style])
        count = max(-(-_wide(english) // (_ENGLISH - 4)), -(-_wide(chinese) // (_CHINESE - 4)))
        self._sheet.set_row(self._row, 15 * count + 2)
        self._row += 1

    def _forms(self, protocol: Protocol, site_id: str) -> None:
        self._section("forms_title")
        for form in protocol.asked_forms:
            count = len(planned_keys(protocol, form, site_id)) if is_planned(form) else None
            texts = []
            languages = ("en", "zh") if form.name.zh or word("forms.rows").zh else ("en",)
            for language in languages:
                rows = str(count) if count else word("forms.open").in_(language)
                head = f"{form.name.in_(language)} ({word('forms.rows').in_(language)}: {rows}"
                if form.optional:
                    head += f", {word('forms.optional').in_(language)}"
                texts.append(f"{head})\n{form.purpose.in_(language)}")
            at = self._row
            self._line(texts[0], "".join(texts[1:]))
            breaks = [
                sum(-(-_wide(line) // (width - 4)) for line in text.split("\n"))
                for text, width in zip(texts, (_ENGLISH, _CHINESE), strict=False)
            ]
            self._sheet.set_row(at, 15 * max(breaks) + 4)
            link = f"internal:'{form.id}'!A1"
            self._sheet.write_url(at, 0, link, self._styles["link"], form.id)

    def _stamp(self, stamp: Stamp) -> None:
        self._row += 1
        label: Text = word("stamp")
        parts = [f"{name} {value}" for name, value in stamp.words.items()]
        text = f"{both(label, 'en', ' ')}: {' · '.join(parts)}"
        self._merged(text, self._styles["stamp"], 12 * -(-len(text) // 120) + 4)

    def _merged(self, text: str, style: Any, height: float) -> None:
        self._sheet.merge_range(self._row, 0, self._row, 2, text, style)
        self._sheet.set_row(self._row, height)
        self._row += 1


def _wide(text: str) -> int:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)

"""Case report forms on paper: a page or more for each form, blank, for one site."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from clinval.capture.rule_words import rule_in_words
from clinval.capture.said import Words, expected_of, limits_of, said
from clinval.report import blocks as b

if TYPE_CHECKING:
    from clinval.capture.instrument import Form, Instrument, Item, Texts

__all__ = ["paper_forms"]

_BOXES = {"date": "####-##-##", "datetime": "####-##-## ##:##", "time": "##:##"}
_LONGEST = 9  # digits that have boxes; a longer number is written on a line
_DECIMALS = 2  # boxes behind the point of a number that may have decimals
_ROWS = 2  # lines for a text


def paper_forms(made: Instrument) -> b.Document:
    """Return the forms of a site as a document to print.

    Everything in it stands in the instrument. The hash of the protocol and the site stand in the
    footer of each page. The first language is that of the document; the others stand beside it.
    """
    return _Paper(made).document()


class _Paper:
    def __init__(self, made: Instrument) -> None:
        self._made = made
        self._words = Words(made)

    def document(self) -> b.Document:
        made = self._made
        language = "zh" if made.languages[0] == "zh" else "en"
        marks = (self._said("crf.synthetic"),) if made.synthetic else ()
        return b.Document(
            language=language,
            title=f"{made.study} {made.site}: {self._said('crf.kicker')}",
            author=made.sponsor,
            header=f"{made.study} · {said(made.title)}",
            footer=f"{made.site} · {made.version} · SHA-256 {made.protocol_sha256}",
            marks=marks,
            spoken="" if made.languages[0] in ("en", "zh") else made.languages[0],
            blocks=(*self._front(), *(block for form in made.forms for block in self._form(form))),
        )

    def _said(self, name: str, **parameters: object) -> str:
        return said(self._words(name, **parameters))

    def _front(self) -> list[b.Block]:
        made = self._made
        codes = "; ".join(f"{code} ({said(text)})" for code, text in made.missing.items())
        facts = {
            "study": f"{made.study} · {said(made.title)}",
            "site": f"{made.site} · {said(made.sites[made.site])}",
            "sponsor": made.sponsor,
            "version": f"{made.version} ({made.date.isoformat()})",
            "sha256": made.protocol_sha256,
            "contact": made.contact,
        }
        steps = tuple(
            "\n".join(dict.fromkeys(self._words(f"crf.steps.{step}", codes=codes).values()))
            for step in range(7)
        )
        columns = (
            b.Column(header=self._said("crf.form"), share=1.3),
            b.Column(header=self._said("crf.when"), share=2.6),
            b.Column(header=self._said("crf.pages"), share=1.3),
        )
        rows = tuple(
            b.Row(cells=(f"{form.id} {said(form.name)}", said(form.purpose), self._often(form)))
            for form in made.forms
        )
        return [
            b.Heading(level=1, text=self._said("crf.kicker"), anchor="front"),
            b.Facts(
                rows=tuple(
                    (self._said(f"crf.{name}"), value) for name, value in facts.items() if value
                )
            ),
            b.Heading(level=2, text=self._said("crf.how"), anchor="how"),
            b.Bullets(items=steps),
            b.Table(caption=self._said("crf.forms"), columns=columns, rows=rows),
        ]

    def _often(self, form: Form) -> str:
        if not form.repeats:
            return self._said(f"crf.once_{form.record}")
        keys = [item for item in form.items if item.key and item.type != "site"]
        texts = {
            language: ("、" if language == "zh" else ", ").join(
                item.label[language] for item in keys
            )
            for language in self._made.languages
        }
        return said(
            {
                language: self._words("crf.each", keys=text)[language]
                for language, text in texts.items()
            }
        )

    def _form(self, form: Form) -> list[b.Block]:
        asked = [item for item in form.items if item.type != "site"]
        numbers = {item.field: number for number, item in enumerate(asked, start=1)}
        rows = [self._question(form, item, numbers) for item in asked]
        title = f"{form.id} {said(form.name)}"
        return [
            b.PageBreak(),
            b.Heading(level=1, text=title, anchor=form.slug),
            b.Paragraph(text=said(form.purpose), style="note"),
            b.Questions(
                title=title,
                rows=tuple(rows),
                heads=sum(item.key for item in asked),
                signed=tuple(
                    self._said(f"crf.{name}") for name in ("filled_by", "signature", "date")
                ),
            ),
        ]

    def _question(self, form: Form, item: Item, numbers: dict[str, int]) -> b.Question:
        made = self._made
        condition = ""
        if item.shown_when:
            rule = rule_in_words(item.shown_when, form, made, numbers)
            texts = rule or dict.fromkeys(made.languages, item.shown_when.text)
            condition = said(
                {
                    language: self._words("crf.only_if", rule=text)[language]
                    for language, text in texts.items()
                },
                "\n",
            )
        detail: list[Texts] = [item.help] if item.help else []
        if limits := limits_of(item):
            detail.append(self._words("limits", limits=limits))
        if expected := expected_of(item):
            detail.append(self._words("expected", limits=expected))
        return b.Question(
            number=f"{numbers[item.field]}",
            text=said(item.label, "\n") + (" *" if item.required else ""),
            condition=condition,
            detail="\n".join(said(texts, "\n") for texts in detail),
            answer=self._answer(item),
            name=item.oid,
            missing=() if item.key else tuple(made.missing),
        )

    def _answer(self, item: Item) -> b.Answer:
        made = self._made
        if item.type == "subject":
            longest = max(map(len, made.subjects[made.site]), default=12)
            return b.Answer(boxes="#" * longest)
        if item.codelist:
            return b.Answer(
                choices=tuple((code, said(text)) for code, text in made.codes_of(item).items())
            )
        if item.type in ("integer", "number"):
            return b.Answer(boxes=_digits(item), after=item.unit)
        return b.Answer(boxes=_BOXES.get(item.type, ""), lines=_ROWS, after=item.unit)


def _digits(item: Item) -> str:
    """Return the boxes of a number: as many digits as the largest has; none where that is open."""
    if item.maximum is None or isinstance(item.maximum, datetime.date):
        return ""
    digits = len(f"{max(abs(item.maximum), 1):.0f}")
    if digits > _LONGEST or (isinstance(item.minimum, float) and item.minimum < 0):
        return ""
    return "#" * digits + ("" if item.decimals == 0 else "." + "#" * _DECIMALS)

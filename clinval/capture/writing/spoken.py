"""In which languages a workbook speaks: English and Chinese, unless told otherwise.

A `Text` has room for two languages. In a workbook of other languages the first stands in the place
of the English text and the second, if there is one, in that of the Chinese.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from clinval.protocol.base import Text

if TYPE_CHECKING:
    from clinval.capture.instrument import Catalogues
    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol

__all__ = ["english_and_chinese", "say", "shown", "speaking"]

_speaking: ContextVar[tuple[Sequence[str], Catalogues]] = ContextVar("speaking", default=((), {}))


@contextmanager
def speaking(languages: Sequence[str], catalogues: Catalogues) -> Iterator[None]:
    """Speak these languages, one or two; none are English and Chinese."""
    token = _speaking.set((languages, catalogues))
    try:
        yield
    finally:
        _speaking.reset(token)


def english_and_chinese() -> bool:
    """Whether English and Chinese are spoken, in this order."""
    return tuple(_speaking.get()[0]) in ((), ("en", "zh"))


def say(text: Text) -> Text:
    """Return a text in the languages that are spoken."""
    languages, catalogues = _speaking.get()
    if not languages:
        return text
    texts = [
        text.in_(language)
        if language in ("en", "zh")
        else catalogues.get(language, {}).get(text.en) or text.en
        for language in languages
    ]
    return Text(en=texts[0], zh=texts[1] if len(texts) > 1 else None)


def shown(protocol: Protocol) -> Protocol:
    """Return a protocol with the texts that a workbook shows in the languages that are spoken.

    Identifiers, codes, limits and rules stay; so must whatever is said of their meaning, which
    is that of the protocol itself.
    """
    if not _speaking.get()[0]:
        return protocol
    return protocol.model_copy(
        update={
            "study": protocol.study.model_copy(update={"title": say(protocol.study.title)}),
            "arms": _labelled(protocol.arms, "label"),
            "readers": _labelled(protocol.readers, "label"),
            "sites": _labelled(protocol.sites, "name"),
            "forms": tuple(_form(form) for form in protocol.forms),
        }
    )


def _labelled(parts: Sequence[object], name: str) -> tuple[object, ...]:
    return tuple(
        part.model_copy(update={name: say(getattr(part, name))})  # type: ignore[attr-defined]
        for part in parts
    )


def _form(form: Form) -> Form:
    return form.model_copy(
        update={
            "name": say(form.name),
            "purpose": say(form.purpose),
            "fields": tuple(_field(field) for field in form.fields),
        }
    )


def _field(field: Field) -> Field:
    codes: Mapping[str, Text] = {code: say(label) for code, label in field.codelist.items()}
    return field.model_copy(
        update={
            "label": say(field.label),
            "help": say(field.help) if field.help else None,
            **({"codes": codes} if codes else {}),
        }
    )

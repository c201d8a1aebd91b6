"""The languages of templates: which are asked for, and the catalogues of further ones.

English and Chinese stand in the protocol and the form library. A further language is a file
``translations/<code>.yaml`` in the folder of the study: English text -> text.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.core.errors import UsageError
from clinval.core.problems import Place

if TYPE_CHECKING:
    from clinval.capture.instrument import Catalogues

__all__ = ["BUILT_IN", "catalogues_of", "languages_of"]

BUILT_IN = ("en", "zh")
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def languages_of(written: str) -> tuple[str, ...]:
    """Return the languages of one output: ``en+zh`` has both, English first.

    Raises
    ------
    UsageError
        When that is not the code of a language, or codes joined by ``+``.
    """
    codes = tuple(dict.fromkeys(written.split("+")))
    for code in codes:
        if not _CODE.fullmatch(code):
            raise UsageError.of("template-language-unknown", Place(file="--lang"), language=written)
    return codes


def catalogues_of(folder: Path, languages: Sequence[str]) -> Catalogues:
    """Return the catalogues of languages that are not built in.

    Parameters
    ----------
    folder
        The folder of the catalogues.
    languages
        Codes of languages.

    Raises
    ------
    UsageError
        When there is no catalogue of a language, or it cannot be read.
    """
    return {
        language: _read(folder / f"{language}.yaml", language)
        for language in languages
        if language not in BUILT_IN
    }


def _read(path: Path, language: str) -> dict[str, str]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    from clinval.capture.said import fixed_texts

    place = Place(file=path.name)
    try:
        content: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError.of(
            "language-without-catalogue", place, language=language, folder=path.parent.name
        ) from error
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        detail = str(error).splitlines()[0]
        raise UsageError.of("catalogue-unreadable", place, detail=detail) from error
    pairs = content.items() if isinstance(content, dict) else [(content, None)] if content else []
    for english, text in pairs:
        if not isinstance(english, str) or not isinstance(text, str):
            raise UsageError.of("catalogue-unreadable", place, detail=str(english)[:60])
    for english in fixed_texts():
        text = content.get(english) if content else None
        if text and _places(text) != _places(english):
            raise UsageError.of("catalogue-unreadable", place, detail=text)
    return dict(pairs)


def _places(text: str) -> set[str]:
    """Return the names of the places of a text that are filled later; broken ones are none."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return {"{"}

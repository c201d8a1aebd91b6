"""The words of reports: every language says the same things, with the same blanks."""

from __future__ import annotations

import string

import pytest

from clinval.core.i18n import LANGUAGES, catalogue
from clinval.core.resources import folder

WORDS = {code: catalogue(folder("reports") / "text" / f"{code}.yaml") for code in LANGUAGES}


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_a_language_has_every_text_with_its_blanks(code):
    assert set(WORDS[code]) == set(WORDS["en"])
    assert {key: blanks(text) for key, text in WORDS[code].items()} == {
        key: blanks(text) for key, text in WORDS["en"].items()
    }
    silent = [{key for key, text in WORDS[c].items() if not text.strip()} for c in (code, "en")]
    assert silent[0] == silent[1]

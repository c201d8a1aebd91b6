"""Identifiers of sites, subjects, arms and readers: known, or suggested, but never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from clinval.capture.echo import Echo
from clinval.capture.layout import SEPARATOR
from clinval.capture.reading.missing import missing_code
from clinval.capture.reading.reading import Reading, narrow, tidy

__all__ = ["Identifiers"]

_MOST_COMPARED = 2_000
_DASHES = str.maketrans("–—−_‐‑", "------")


class Identifiers:
    """The identifiers that may stand in a field.

    Parameters
    ----------
    known
        The identifiers.
    elsewhere
        Identifiers that exist at another site, each with that site.
    problem
        Kind of the problem of an identifier that is not known.
    """

    def __init__(
        self,
        known: Sequence[str],
        echo: Echo,
        *,
        elsewhere: Mapping[str, str] | None = None,
        problem: str,
    ) -> None:
        self._known = dict.fromkeys(known)
        self._folded: dict[str, str | None] = {}
        self._bare: dict[str, list[str]] = {}
        for name in known:
            folded = _folded(name)
            self._folded[folded] = None if folded in self._folded else name
            self._bare.setdefault(_bare(folded), []).append(name)
        self._elsewhere = elsewhere or {}
        self._echo = echo
        self._problem = problem

    def read(self, value: object) -> Reading:
        """Return the identifier that a cell holds."""
        if isinstance(value, str) and value in self._known:
            return Reading(value=value)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return self._unknown(str(value), value)
        if isinstance(value, float):
            value = int(value) if value.is_integer() else value
        clean, remarks = tidy(str(value))
        if not clean:
            return Reading()
        # a label after the bar may be full of wide characters: it is the template's
        code, widths = narrow(clean.partition(SEPARATOR.strip())[0].strip())
        if code in self._known:
            return Reading(value=code, remarks=remarks + widths)
        clean = narrow(clean)[0]
        missing = missing_code(clean)
        if missing:
            said = () if missing[1] else ("read-missing-word",)
            return Reading(missing=missing[0], remarks=remarks + widths + said)
        name = self._folded.get(_folded(code))
        if name is not None:
            # case, blanks and kinds of dashes; digits have to be right
            return Reading(
                value=name, remarks=(*remarks, "identifier-adjusted"), parameters={"read": name}
            )
        return self._unknown(code, value)

    def _unknown(self, text: str, value: object) -> Reading:
        shown = self._echo(value)
        parameters: dict[str, object] = {"value": shown.en, "value_zh": shown.zh}
        site = self._elsewhere.get(text)
        if site is not None:
            return Reading(problem="subject-of-other-site", parameters={**parameters, "site": site})
        return Reading(problem=self._problem, parameters={**parameters, "close": self._close(text)})

    def _close(self, text: str) -> str:
        """Return identifiers that may have been meant, or the first and last that exist."""
        bare = _bare(_folded(text))
        names = self._bare.get(bare, [])
        if not names and bare.isdecimal():
            names = [name for name in self._known if _bare(_folded(name)).endswith(f"-{bare}")]
        if not names and len(self._known) <= _MOST_COMPARED:
            names = get_close_matches(text, self._known, n=3, cutoff=0.6)
        if not names:
            every = list(self._known)
            names = every if len(every) <= 4 else [every[0], "...", every[-1]]
        return ", ".join(names[:3])


def _folded(text: str) -> str:
    return "".join(text.casefold().translate(_DASHES).split())


def _bare(folded: str) -> str:
    """Return an identifier without leading zeros, which spreadsheets eat."""
    return re.sub(r"0*(\d+)", lambda digits: str(int(digits[1])), folded)

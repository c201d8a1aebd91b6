"""What the pieces of a report look at: protocol and records, in one language, ready to print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from clinval.core.records import Record, Results
from clinval.protocol.base import Text
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.model import Protocol
from clinval.report.blocks import Number, Rich
from clinval.report.numbers import interval, printed
from clinval.report.texts import Texts

__all__ = ["View"]

# Where a long text was folded in the protocol: Chinese has no space between its characters.
_CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_SPACE_IN_CHINESE = re.compile(f"(?<={_CHINESE}) +(?={_CHINESE})")


@dataclass(frozen=True)
class View:
    """A protocol and its results in one language; every number comes out of a record.

    ``site`` is the hospital that a report is made for, empty for all of them. ``masks`` has the
    words that stand in the place of numbers of few people, by the id of their record.
    """

    protocol: Protocol
    results: Results
    language: str
    site: str = ""
    masks: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def texts(self) -> Texts:
        """The words of this language."""
        return Texts(self.language)

    def say(self, text: Text) -> str:
        """Return a text of the protocol."""
        words = text.in_(self.language)
        return _SPACE_IN_CHINESE.sub("", words) if self.language == "zh" else words

    def listed(self, words: Iterable[str], *, parts: bool = False) -> str:
        """Return words, or whole ``parts`` of a sentence, as a list in one line."""
        return self.texts("join.parts" if parts else "join.words").join(words)

    def record(
        self,
        endpoint: str,
        set_id: str,
        statistic: str,
        group: Mapping[str, str] | None = None,
    ) -> Record | None:
        """Return a record, or ``None`` where there is no such statistic."""
        place = "+".join(f"{name}={value}" for name, value in (group or {}).items()) or "all"
        parts = [part for part in (endpoint, set_id, place, statistic) if part]
        return self.results.get(".".join(parts))

    def number(self, record: Record | None, *, suffix: bool = True) -> Number | str:
        """Return a record as it is printed; an undefined one says so, and so does a masked one."""
        if record is None:
            return self.texts("value.none")
        if record.id in self.masks:
            return self.masks[record.id]
        if record.undefined:
            return Number(self.texts("value.undefined"), record.id)
        return Number(printed(record.value, record.unit, suffix=suffix), record.id)

    def statistic(
        self,
        endpoint: Endpoint | str,
        statistic: str,
        group: Mapping[str, str] | None = None,
        *,
        set_id: str | None = None,
        suffix: bool = True,
    ) -> Number | str:
        """Return a statistic of an endpoint, on its own set where none is named."""
        return self.number(self._of(endpoint, statistic, group, set_id), suffix=suffix)

    def limits(
        self,
        endpoint: Endpoint | str,
        group: Mapping[str, str] | None = None,
        *,
        set_id: str | None = None,
        names: tuple[str, str] = ("ci_low", "ci_high"),
        suffix: bool = False,
    ) -> Rich:
        """Return an interval: two numbers and the word between them; undefined is said once."""
        found = [self._of(endpoint, name, group, set_id) for name in names]
        low, high = (self.number(record, suffix=suffix) for record in found)
        if isinstance(low, str):
            return low
        if isinstance(high, str):
            return high
        if all(record is not None and record.undefined for record in found):
            return (low,)
        between = interval("", "", self.language)
        return (low, between, high)

    def value(
        self,
        endpoint: Endpoint | str,
        statistic: str,
        group: Mapping[str, str] | None = None,
        *,
        set_id: str | None = None,
    ) -> float | None:
        """Return the value of a number's record, for drawing."""
        record = self._of(endpoint, statistic, group, set_id)
        if record is None or isinstance(record.value, str | None):
            return None
        return float(record.value)

    def word(
        self,
        endpoint: Endpoint | str,
        statistic: str,
        group: Mapping[str, str] | None = None,
        *,
        set_id: str | None = None,
    ) -> str:
        """Return the word of a record (a verdict); ``undefined`` where there is none."""
        record = self._of(endpoint, statistic, group, set_id)
        return "undefined" if record is None or record.value is None else str(record.value)

    def reason(self, record: Record | None) -> str:
        """Return why a number is undefined, in the report's language."""
        return self.texts.reason(record.reason) if record is not None and record.reason else ""

    @cached_property
    def methods(self) -> Mapping[str, str]:
        """The number under which each statistical method behind a record is named."""
        calls = sorted({record.method for record in self.results.records if record.method})
        return {call: f"M{number}" for number, call in enumerate(calls, start=1)}

    def _of(
        self,
        endpoint: Endpoint | str,
        statistic: str,
        group: Mapping[str, str] | None,
        set_id: str | None,
    ) -> Record | None:
        if isinstance(endpoint, Endpoint):
            set_id = endpoint.set if set_id is None else set_id
            endpoint = endpoint.id
        return self.record(endpoint, set_id or "", statistic, group)

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Words that stand on every page."""
        found = []
        if self.results.provenance["synthetic"]:
            found.append(self.texts("mark.synthetic"))
        if self.results.provenance["data"]["state"] == "interim":
            found.append(self.texts("mark.interim"))
        return tuple(found)

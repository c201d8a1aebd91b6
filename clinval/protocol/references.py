"""Who refers to what: the fields that an endpoint is computed from, and what else it rests on.

Found by reading what an endpoint declares, not by a list kept beside it: every text in it that is
a rule, the name of a field, a subgroup or another endpoint counts. Rather one endpoint too many is
named than one too few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from clinval.core.expressions import ExpressionError, parse
from clinval.protocol.forms import ENROLMENT, FINANCE

if TYPE_CHECKING:
    from clinval.protocol.endpoint import Endpoint
    from clinval.protocol.model import Protocol

__all__ = ["ECONOMIC_KINDS", "WORDS", "References"]

ECONOMIC_KINDS = frozenset(
    ("budget_impact", "cost_effectiveness", "ownership", "return_on_investment", "throughput")
)
"""The endpoint kinds that use the section ``economics`` or what a hospital's finance says."""

WORDS = ("label", "rationale")
"""What an endpoint says about itself for people; no number depends on it."""

_ALWAYS = ("site", "subject", "arm", "reader")  # types of fields that say whose a row is
_Field = tuple[str, str]


@dataclass(frozen=True)
class References:
    """What the endpoints of a protocol refer to."""

    protocol: Protocol

    @cached_property
    def fields(self) -> Mapping[str, frozenset[_Field]]:
        """By endpoint: the fields, each with its form, that it or its analysis sets read."""
        return {e.id: frozenset(self._fields_of(e)) for e in self._endpoints}

    @cached_property
    def sets(self) -> Mapping[str, frozenset[str]]:
        """By endpoint: the analysis sets it is decided and repeated on, and those they lie in."""
        return {e.id: frozenset(self._sets_of(e)) for e in self._endpoints}

    @cached_property
    def subgroups(self) -> Mapping[str, frozenset[str]]:
        """By endpoint: the subgroups it is looked at in."""
        return {
            e.id: frozenset(getattr(e, "subgroups", ())) & set(self.protocol.subgroups)
            for e in self._endpoints
        }

    @cached_property
    def builds_on(self) -> Mapping[str, frozenset[str]]:
        """By endpoint: the endpoints that it takes numbers from, directly or through others."""
        ids = {e.id for e in self._endpoints}
        direct = {
            e.id: {text for text, _ in _texts(_declared(e), "") if text in ids} - {e.id}
            for e in self._endpoints
        }
        return {name: frozenset(_reached(name, direct)) for name in direct}

    def reading(self, form: str, field: str) -> tuple[str, ...]:
        """Return the endpoints that read a field, those that build on them included."""
        return self._with_dependents(n for n, read in self.fields.items() if (form, field) in read)

    def reading_form(self, form: str) -> tuple[str, ...]:
        """Return the endpoints that read anything of a form."""
        return self._with_dependents(
            name for name, read in self.fields.items() if any(form == f for f, _ in read)
        )

    def reading_type(self, kind: str) -> tuple[str, ...]:
        """Return the endpoints that read a form whose rows are told apart by a type of field."""
        forms = [
            form.id
            for form in self.protocol.forms
            if any(field.type == kind and field.id in form.keys for field in form.fields)
        ]
        return self._in_order(name for form in forms for name in self.reading_form(form))

    def on_set(self, set_id: str) -> tuple[str, ...]:
        """Return the endpoints that an analysis set counts for."""
        return self._with_dependents(n for n, sets in self.sets.items() if set_id in sets)

    def in_subgroup(self, name: str) -> tuple[str, ...]:
        """Return the endpoints that are looked at in a subgroup."""
        return self._in_order(e for e, names in self.subgroups.items() if name in names)

    def named_in(self, content: Any) -> tuple[str, ...]:
        """Return the endpoints whose id stands in a part of the protocol."""
        texts = {text for text, _ in _texts(content, "")}
        return self._with_dependents(e.id for e in self._endpoints if e.id in texts)

    @property
    def economic(self) -> tuple[str, ...]:
        """The endpoints that depend on the economics of the sites."""
        return self._with_dependents(e.id for e in self._endpoints if e.kind in ECONOMIC_KINDS)

    @property
    def every(self) -> tuple[str, ...]:
        """All endpoints."""
        return tuple(e.id for e in self._endpoints)

    # ------------------------------------------------------------------ how it is found

    @property
    def _endpoints(self) -> tuple[Endpoint, ...]:
        return self.protocol.endpoints

    def _with_dependents(self, names: Iterator[str]) -> tuple[str, ...]:
        direct = set(names)
        return self._in_order(
            e.id for e in self._endpoints if e.id in direct or self.builds_on[e.id] & direct
        )

    def _in_order(self, names: Iterator[str]) -> tuple[str, ...]:
        wanted = set(names)
        return tuple(e.id for e in self._endpoints if e.id in wanted)

    def _sets_of(self, endpoint: Endpoint) -> Iterator[str]:
        for name in (endpoint.set, *endpoint.also_sets):
            seen: set[str] = set()
            inner = name
            while inner in self.protocol.analysis_sets and inner not in seen:
                seen.add(inner)
                yield inner
                inner = self.protocol.analysis_sets[inner].within or ""

    def _fields_of(self, endpoint: Endpoint) -> Iterator[_Field]:
        for text, home in _texts(_declared(endpoint), ""):
            yield from self._named(text, home)
        for name in self.sets[endpoint.id]:
            for exclusion in self.protocol.analysis_sets[name].exclude:
                yield from self._named(exclusion.when, ENROLMENT)
        for name in self.subgroups[endpoint.id]:
            subgroup = self.protocol.subgroups[name]
            if subgroup.field is not None:
                yield from self._whole(subgroup.form or ENROLMENT, subgroup.field)
        if endpoint.kind in ECONOMIC_KINDS and self._form(FINANCE):
            for form in self.protocol.forms:
                if form.id == FINANCE:
                    yield from ((FINANCE, field.id) for field in form.fields)

    def _named(self, text: str, home: str) -> Iterator[_Field]:
        """Yield the fields that a text names: a rule over a form, a field, or a form by its id."""
        if self._form(text):
            yield from self._whole(text)
        try:
            expression = parse(text)
        except ExpressionError:
            return  # a word that is no rule
        for form, _ in expression.forms:
            yield from self._whole(form)
        for form, name in expression.names:
            if name:
                for place in (form,) if form else self._homes(name, home):
                    yield from self._whole(place, name)

    def _homes(self, name: str, home: str) -> Iterator[str]:
        """Yield the forms that a name without one may be of: where it stands, else wherever."""
        if self._has(home, name):
            yield home
        else:
            yield from (form.id for form in self.protocol.forms if self._has(form.id, name))

    def _whole(self, form: str, name: str = "") -> Iterator[_Field]:
        """Yield a field, and those that say whose its rows are."""
        for found in self.protocol.forms:
            if found.id == form:
                for field in found.fields:
                    if field.id == name or field.id in found.keys or field.type in _ALWAYS:
                        yield form, field.id

    def _form(self, form: str) -> bool:
        return any(found.id == form for found in self.protocol.forms)

    def _has(self, form: str, name: str) -> bool:
        return any(f.id == form and f.field(name) is not None for f in self.protocol.forms)


def _declared(endpoint: Endpoint) -> dict[str, Any]:
    """Return what an endpoint declares, but its words, its sets and its subgroups."""
    known = {*WORDS, "id", "kind", "role", "estimand", "set", "also_sets", "subgroups", "declared"}
    return {
        name: value for name, value in endpoint.model_dump(mode="json").items() if name not in known
    }


def _texts(content: Any, home: str) -> Iterator[tuple[str, str]]:
    """Yield each text, with the form that is named nearest to it."""
    if isinstance(content, dict):
        home = content["form"] if isinstance(content.get("form"), str) else home
        for value in content.values():
            yield from _texts(value, home)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _texts(value, home)
    elif isinstance(content, str):
        yield content, home


def _reached(name: str, direct: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = set(direct[name])
    while waiting:
        other = waiting.pop()
        if other not in reached:
            reached.add(other)
            waiting |= direct[other] - reached
    return reached

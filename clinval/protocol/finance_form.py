"""What a hospital's finance department returned on form F11, made into the site's economics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from clinval.protocol.economics import MONEY, Economics, LeftToForm, SiteEconomics
from clinval.protocol.economics_checks import lint_site
from clinval.protocol.model import Protocol

__all__ = ["COLUMNS", "KEPT", "Answered", "answered", "with_answers"]

COLUMNS = (
    "input", "payer", "value", "low", "high", "distribution", "currency", "price_year", "source",
    "source_date",
)  # fmt: skip
"""Fields of the form that are read."""

KEPT = "finance_form"
"""Where the provenance of results keeps the answers."""

_NEVER_ZERO = ("open_minutes_per_day", "operating_days_per_year", "demand_per_day")

_BY_LIST = {"payers": "payer_share"}
"""What a list of the protocol is called among the inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A hospital's economics, or why there are none.

    ``unusable`` has by input the slip: ``value-missing``, ``source-missing``, ``currency-missing``,
    ``rate-missing``, ``year-missing``, ``year-other``, ``not-possible``, ``nowhere`` (neither on
    the form nor in the protocol), or the kind of problem that a protocol with it would have.
    ``set_aside`` has by input the value that does not count, where the protocol and the form both
    give one.
    """

    economics: SiteEconomics | None = None
    unusable: Mapping[str, str] = field(default_factory=dict)
    set_aside: Mapping[str, float] = field(default_factory=dict)


def answered(
    left: LeftToForm, rows: Iterable[Mapping[str, Any]], currency: str, economics: Economics
) -> Answered:
    """Return a hospital's economics from its form and from what the protocol has of it.

    Parameters
    ----------
    left
        What the protocol says of the hospital, and which goes before.
    rows
        Of the form, by field; what was left empty is missing or ``None``.
    currency
        Of the hospital. An amount in another is converted by the rates of the protocol.
    economics
        The frame: price year and exchange rates.

    Notes
    -----
    Nothing is guessed: a row that cannot be used leaves the hospital without economics, also where
    the input is one that it need not have.
    """
    unusable: dict[str, str] = {}
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        content = _content(row, currency, economics)
        if isinstance(content, str):
            unusable[_statistic(row["input"])] = content
        else:
            found[_statistic(row["input"])] = content
    declared = dict(left.inputs())
    both = declared.keys() & (found.keys() | unusable.keys())
    if left.form == "fills":
        aside = {name: found[name]["value"] for name in both & found.keys()}
        found = {name: content for name, content in found.items() if name not in both}
        unusable = {name: reason for name, reason in unusable.items() if name not in both}
    else:
        aside = {name: declared[name].value for name in both}
        declared = {name: entered for name, entered in declared.items() if name not in both}
    names = dict(enumerate((payer.name for payer in left.payers), 1))
    content = _together({name: entered.model_dump() for name, entered in declared.items()} | found,
                        names)  # fmt: skip
    made = _checked(content, unusable)
    return Answered(economics=made, unusable=unusable, set_aside=aside)


def with_answers(protocol: Protocol, kept: Mapping[str, Any]) -> Protocol:
    """Return a protocol with the hospitals' answers in it, as results keep them."""
    if protocol.economics is None or not kept:
        return protocol
    answers = {
        site: SiteEconomics.model_validate(content, strict=False)
        for site, content in kept.items()
        if site in protocol.economics.left_to_form
    }
    entered = {**protocol.economics.entered, **answers}
    economics = protocol.economics.model_copy(update={"entered": entered})
    return protocol.model_copy(update={"economics": economics})


def _statistic(code: str) -> str:
    """Return the name of an input from its code on the form: the last number stands apart."""
    name, _, number = code.rpartition("_")
    return f"{name}.{number}" if number.isdigit() else code


def _content(row: Mapping[str, Any], currency: str, economics: Economics) -> dict[str, Any] | str:
    """Return an input as the protocol would have it, or why it cannot be used."""
    name = _statistic(row["input"]).partition(".")[0]
    given = {key: value for key, value in row.items() if value is not None}
    if "value" not in given:
        return "value-missing"
    if "source" not in given:
        return "source-missing"
    rate = 1.0
    if name in MONEY:
        worth = {**{key: each.value for key, each in economics.exchange_rates.items()},
                 economics.reporting_currency: 1.0}  # fmt: skip
        if "currency" not in given:
            return "currency-missing"
        if "price_year" not in given:
            return "year-missing"
        if given["price_year"] != economics.price_year:
            return "year-other"
        if given["currency"] != currency:
            if given["currency"] not in worth or currency not in worth:
                return "rate-missing"
            rate = worth[given["currency"]] / worth[currency]
    if name in _NEVER_ZERO and given["value"] == 0:
        return "not-possible"
    content: dict[str, Any] = {
        key: given[key] * rate for key in ("value", "low", "high") if key in given
    }
    content |= {key: given[key] for key in ("source", "distribution", "payer") if key in given}
    if "source_date" in given:
        content["date"] = given["source_date"]
    return content


def _together(inputs: Mapping[str, dict[str, Any]], payers: Mapping[int, Any]) -> dict[str, Any]:
    """Return inputs as a site of the protocol has them, those of lists in their lists."""
    content: dict[str, Any] = {}
    lists: dict[str, dict[int, dict[str, Any]]] = {"payers": {}, "ramp_up": {}}
    for statistic, entered in inputs.items():
        name, _, number = statistic.partition(".")
        said = {key: value for key, value in entered.items() if key != "payer"}
        if name == "ramp_up":
            lists["ramp_up"][int(number)] = said
        elif number:
            key = "share" if name == "payer_share" else name
            payer = lists["payers"].setdefault(int(number), {})
            payer[key] = said
            payer["name"] = entered.get("payer") or payers.get(int(number))
        else:
            content[name] = said
    for key, items in lists.items():
        if items:
            content[key] = [items[number] for number in sorted(items)]
    return content


def _checked(content: dict[str, Any], unusable: dict[str, str]) -> SiteEconomics | None:
    """Return the economics if they are sound; what is not is added to what cannot be used."""
    try:
        made = SiteEconomics.model_validate(content, strict=False)
    except ValidationError as error:
        for detail in error.errors():
            name = _BY_LIST.get(str(detail["loc"][0]), str(detail["loc"][0]))
            if not any(known.partition(".")[0] == name for known in unusable):
                unusable[name] = "nowhere" if detail["type"] == "missing" else "not-possible"
        return None

    def report(kind: str, place: tuple[str | int, ...], **parameters: Any) -> None:
        names = [part for part in place if isinstance(part, str)]
        name = parameters.get("input") or (names[-1] if names else "contribution_per_exam")
        unusable.setdefault(_BY_LIST.get(name, name), kind)

    lint_site(made, (), report)
    return None if unusable else made

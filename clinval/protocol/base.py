"""The parts that every section of a protocol is made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from clinval.core.i18n import pick

__all__ = ["Identifier", "Section", "Sourced", "Text", "Words"]

Identifier = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$",
        description="letters, digits, - and _; begins with a letter; at most 40 characters",
        examples=["S01"],
    ),
]
Words = Annotated[str, Field(min_length=1, max_length=4000)]


class Section(BaseModel):
    """A part of a protocol: types are strict, unknown keys are errors, nothing changes later."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Sourced(Section):
    """A number with where it was taken from; a plain number is its value, the rest missing."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return {"value": value} if is_number else value


class Text(Section):
    """Text for people, in English and where given in Chinese; a plain string is English."""

    en: Words
    zh: Words | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"en": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "minLength": 1}, handler(core_schema)]}

    def __str__(self) -> str:
        return self.en

    def in_(self, language: str) -> str:
        """Return the text in a language, in English where it has not been translated."""
        return pick({"en": self.en, "zh": self.zh or ""}, language)

"""The JSON Schema of a protocol, for editors that complete and check while one writes."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from clinval.protocol.endpoint import Kinds
from clinval.protocol.forms import FormUse
from clinval.protocol.model import Protocol

__all__ = ["protocol_schema"]


def protocol_schema(kinds: Kinds) -> dict[str, Any]:
    """Return the JSON Schema of a protocol file, endpoints by their kind."""
    schema = Protocol.model_json_schema()
    definitions = schema["$defs"]
    for name in ("Endpoint", "Form"):  # the file has endpoints of a kind, and uses of forms
        definitions.pop(name, None)
    for name in ("subject_ids", "read_codes"):  # worked out, not written
        schema["properties"].pop(name)
    endpoints = []
    for name in kinds:
        part = TypeAdapter(kinds[name].Spec).json_schema()
        definitions |= part.pop("$defs", {})
        part["properties"]["kind"] = {"const": name}
        part["title"] = name
        definitions[f"endpoint_{name}"] = part
        endpoints.append({"$ref": f"#/$defs/endpoint_{name}"})
    use = TypeAdapter(FormUse).json_schema()
    definitions |= use.pop("$defs", {})
    definitions["FormUse"] = use
    form = {"type": "string", "pattern": r"^F\d{2}$"}
    schema["properties"]["endpoints"]["items"] = {"oneOf": endpoints}
    schema["properties"]["forms"]["items"] = {"oneOf": [form, {"$ref": "#/$defs/FormUse"}]}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "clinval protocol"
    _close(schema)
    return schema


def _close(part: Any) -> None:
    """Allow no names in a mapping but those of its pattern; pydantic leaves it open."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part["additionalProperties"] = False
        for inner in part.values():
            _close(inner)
    elif isinstance(part, list):
        for inner in part:
            _close(inner)

"""The contract's JSON Schema, for editors and other programs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from yolozu.contract.docs.docstrings import docstrings_of, summary_of
from yolozu.contract.overrides import ALIASES
from yolozu.contract.strict.slots import keys, sections, slot_at, slots_of

SCHEMA_PATH = "contracts/v1/run_contract.schema.json"
COMMA_LIST = {"type": "string", "description": "The same list with commas between its elements."}
MODEL_FILE = {"type": "string", "pattern": r"\.(yaml|yml|json)$", "description": "Path of a file that holds the map."}


def contract_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a contract file: flat keys, older spellings included, nothing else allowed."""
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for section in sections().values():
        schema = section.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= schema.pop("$defs", {})
        properties |= schema["properties"]
        _describe(properties, section)
    for section in _nested_sections():
        _describe(definitions[section.__name__]["properties"], section)
        definitions[section.__name__]["description"] = summary_of(section)
    properties["model"] = _or_else(properties["model"], MODEL_FILE)
    for key, slot in keys().items():
        if slot.item is not None:
            properties[key] = _or_else(properties[key], COMMA_LIST)
    properties |= _aliases(properties)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "yolozu run contract, version 1",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _untitled(value) for key, value in properties.items()},
        "$defs": {key: _untitled(value) for key, value in definitions.items()},
    }


def _describe(properties: dict[str, Any], section: type[BaseModel]) -> None:
    for key, text in docstrings_of(section).items():
        properties[key]["description"] = text


def _nested_sections() -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []
    waiting = list(sections().values())
    while waiting:
        inside = [slot.section for slot in slots_of(waiting.pop()).values() if slot.section is not None]
        found += inside
        waiting += inside
    return found


def _or_else(schema: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {key: schema[key] for key in ("default", "description") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in about}
    return {"anyOf": [rest, other], **about}


def _aliases(properties: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for alias, path in ALIASES.items():
        target = ".".join(str(part) for part in path)
        description = f"Older spelling of `{target}`."
        if alias == "use_amp":
            found[alias] = {"type": "boolean", "description": f"{description} True means fp16, false none."}
        elif len(path) == 1:
            schema = {key: value for key, value in properties[target].items() if key != "default"}
            found[alias] = {**schema, "description": description}
        else:
            assert slot_at(path) is not None
            found[alias] = {"$ref": f"#/$defs/ModelConfig/properties/{path[-1]}", "description": description}
    return found


def _untitled(schema: Any) -> Any:
    """Without the titles pydantic makes from names."""
    if isinstance(schema, list):
        return [_untitled(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _untitled(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}

"""The JSON Schema of sweep files, for editors."""

from __future__ import annotations

from typing import Any

from yolozu.contract.docs.docstrings import docstrings_of, summary_of
from yolozu.contract.docs.schema import contract_schema
from yolozu.contract.docs.sequence_schema import CONTRACT
from yolozu.contract.sections.sweep import WAYS, Drawn, Pruner, Sampler, Sweep


def sweep_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a sweep file; what keys of contracts take, the contract's own schema says."""
    schema = Sweep.model_json_schema()
    inside = [(section, schema["$defs"][section.__name__]) for section in (Drawn, Sampler, Pruner)]
    for section, described in ((Sweep, schema), *inside):
        described["description"] = summary_of(section)
        for key, text in docstrings_of(section).items():
            described["properties"][key]["description"] = text
    keys = list(contract_schema()["properties"])
    own = schema["properties"]
    own["set"] = {"$ref": CONTRACT, "description": own["set"]["description"], "default": {}}
    own["list"]["anyOf"][0]["items"] = {"$ref": CONTRACT}
    for way in ("grid", "random", "optuna"):
        (values,) = (entry for entry in own[way]["anyOf"] if entry.get("type") == "object")
        inner = values["additionalProperties"]
        lists = inner if "items" in inner else next(entry for entry in inner["anyOf"] if "items" in entry)
        values["properties"] = {key: _values_of(key, lists, inner) for key in keys}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "oneOf": [{"required": [w]} for w in WAYS],
    }


def _values_of(key: str, lists: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    """A list of values of ``key``, or what else may stand where ``inner`` does."""
    listed = {**lists, "items": {"$ref": f"{CONTRACT}#/properties/{key}"}}
    others = [entry for entry in inner.get("anyOf", []) if "items" not in entry]
    return {"anyOf": [listed, *others]} if others else listed

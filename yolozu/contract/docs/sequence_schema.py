"""The JSON Schema of sequence files, for editors."""

from __future__ import annotations

from typing import Any

from yolozu.contract.docs.docstrings import docstrings_of, summary_of
from yolozu.contract.docs.schema import contract_schema
from yolozu.contract.sections.task_sequence import SequenceTask, TaskSequence

CONTRACT = "run_contract.schema.json"
"""Beside it."""


def task_sequence_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a sequence file; what keys of contracts take, the contract's own schema says."""
    schema = TaskSequence.model_json_schema()
    schema["description"] = summary_of(TaskSequence)
    for key, text in docstrings_of(TaskSequence).items():
        schema["properties"][key]["description"] = text
    for key in ("keys", "later"):
        about = schema["properties"][key]["description"]
        schema["properties"][key] = {"$ref": CONTRACT, "description": about, "default": {}}
    task = schema["$defs"][SequenceTask.__name__]
    task["description"] = summary_of(SequenceTask)
    task["properties"]["name"]["description"] = docstrings_of(SequenceTask)["name"]
    task["properties"] |= {key: {"$ref": f"{CONTRACT}#/properties/{key}"} for key in contract_schema()["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

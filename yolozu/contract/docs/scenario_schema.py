"""The JSON Schema of setting files, for editors."""

from __future__ import annotations

from typing import Any

from yolozu.contract.base import Section
from yolozu.contract.docs.docstrings import docstrings_of, summary_of
from yolozu.contract.sections.scenario_setting import PerturbConfig, Scenario, ScenarioSetting, SliceConfig


def scenario_setting_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a setting file."""
    schema = ScenarioSetting.model_json_schema()
    _describe(schema, ScenarioSetting)
    for section in (Scenario, SliceConfig, PerturbConfig):
        _describe(schema["$defs"][section.__name__], section)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _describe(schema: dict[str, Any], section: type[Section]) -> None:
    schema["description"] = summary_of(section)
    for key, text in docstrings_of(section).items():
        schema["properties"][key]["description"] = text

from __future__ import annotations

from pathlib import Path

from yolozu.artifacts.predictions.container import WRAPPED_KEYS
from yolozu.artifacts.predictions.entries import ENTRY_KEYS
from yolozu.artifacts.predictions.fields import KNOWN_KEYS
from yolozu.artifacts.predictions.schema import predictions_schema

REPOSITORY = Path(__file__).parents[3]


def test_the_schema_names_every_key_that_the_check_knows():
    parts = predictions_schema()["$defs"]
    assert set(parts["detection"]["properties"]) == set(KNOWN_KEYS)
    assert set(parts["entry"]["properties"]) == set(ENTRY_KEYS)
    assert set(parts["wrapped"]["properties"]) == set(WRAPPED_KEYS)
    assert parts["wrapped"]["required"] == ["schema_version", "predictions"]

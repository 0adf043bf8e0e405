from __future__ import annotations

from pathlib import Path

from yolozu.artifacts.jsonio import pretty
from yolozu.artifacts.predictions.detections import KNOWN_KEYS
from yolozu.artifacts.predictions.entries import ENTRY_KEYS
from yolozu.artifacts.predictions.layout import WRAPPED_KEYS
from yolozu.artifacts.predictions.schema import SCHEMA_PATH, predictions_schema

REPOSITORY = Path(__file__).parents[3]


def test_the_committed_schema_is_the_one_the_code_gives():
    assert (REPOSITORY / SCHEMA_PATH).read_text(encoding="utf-8") == pretty(predictions_schema())


def test_the_schema_names_every_key_that_the_check_knows():
    parts = predictions_schema()["$defs"]
    assert set(parts["detection"]["properties"]) == set(KNOWN_KEYS)
    assert set(parts["entry"]["properties"]) == set(ENTRY_KEYS)
    assert set(parts["wrapped"]["properties"]) == set(WRAPPED_KEYS)
    assert parts["wrapped"]["required"] == ["schema_version", "predictions"]

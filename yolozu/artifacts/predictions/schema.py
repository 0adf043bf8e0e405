"""The predictions file as JSON Schema, for editors and other programs; the check here says more."""

from __future__ import annotations

import math
from typing import Any, get_args

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.boxes import BOX_KEYS
from yolozu.artifacts.predictions.container import SCHEMA_VERSION
from yolozu.artifacts.predictions.entries import SIDES
from yolozu.artifacts.predictions.fields import POSE_FIELDS, REQUIRED_FIELDS, SIGMA_PREFIX, NumberField


def predictions_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12), as committed in ``contracts/v1/predictions.schema.json``."""
    detections = {"type": "array", "items": {"$ref": "#/$defs/detection"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"yolozu predictions, version {SCHEMA_VERSION}",
        "oneOf": [
            {"$ref": "#/$defs/wrapped"},
            {"type": "array", "items": {"$ref": "#/$defs/entry"}, "description": "Bare list of entries."},
            {
                "type": "object",
                "not": {"required": ["predictions"]},
                "additionalProperties": detections,
                "description": "Image name -> its detections.",
            },
        ],
        "$defs": {
            "wrapped": _wrapped(),
            "entry": _entry(detections),
            "detection": _detection(),
            **{f"box_{'_'.join(keys)}": _box(keys) for keys in dict.fromkeys(BOX_KEYS.values())},
        },
    }


def _wrapped() -> dict[str, Any]:
    formats = {
        "enum": list(get_args(BoxFormat)),
        "default": "cxcywh_norm",
        "description": "How boxes are written: norm relative to the original image's sides, abs in its pixels.",
    }
    return {
        "type": "object",
        "required": ["schema_version", "predictions"],
        "additionalProperties": False,
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            "predictions": {"type": "array", "items": {"$ref": "#/$defs/entry"}},
            "meta": {
                "type": "object",
                "properties": {"bbox_format": formats},
                "description": "Where the predictions come from; free but for bbox_format.",
            },
        },
    }


def _entry(detections: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["image", "detections"],
        "properties": {
            "image": {"type": "string", "minLength": 1, "description": "Path relative to the data set's root."},
            "image_size": {
                "type": "object",
                "required": [side.name for side in SIDES],
                "properties": {side.name: _numbers(side) for side in SIDES},
                "description": "Size of the original image after EXIF orientation; boxes in pixels need it.",
            },
            "intrinsics": {
                "type": ["object", "array"],
                "description": "{fx, fy, cx, cy} in px, the 3x3 matrix (rows or flat), or OpenCV's camera_matrix.",
            },
            "detections": detections,
        },
    }


def _detection() -> dict[str, Any]:
    boxes = [{"$ref": f"#/$defs/box_{'_'.join(keys)}"} for keys in dict.fromkeys(BOX_KEYS.values())]
    fields = {field.name: _numbers(field) for field in (*REQUIRED_FIELDS, *POSE_FIELDS)}
    sigma = {"type": "number", "minimum": 0}
    return {
        "type": "object",
        "required": [*(field.name for field in REQUIRED_FIELDS), "bbox"],
        "properties": {**fields, "bbox": {"oneOf": boxes}},
        "patternProperties": {
            f"^{SIGMA_PREFIX}": {
                "oneOf": [sigma, {"type": "array", "items": sigma}],
                "description": "Predicted uncertainty.",
            }
        },
    }


def _box(keys: tuple[str, ...]) -> dict[str, Any]:
    formats = [name for name, used in BOX_KEYS.items() if used == keys]
    return {
        "type": "object",
        "required": list(keys),
        "properties": {key: {"type": "number"} for key in keys},
        "description": f"A box written as {' or '.join(formats)}.",
    }


def _numbers(field: NumberField) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer" if field.integer else "number"}
    if math.isfinite(field.low):
        schema["minimum"] = field.low
    if math.isfinite(field.high):
        schema["maximum"] = field.high
    for length in reversed(field.shape):
        schema = {"type": "array", "items": schema, "minItems": length, "maxItems": length}
    return {**schema, "description": field.meaning}

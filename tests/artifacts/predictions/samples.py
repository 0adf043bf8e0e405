"""Predictions files to spoil."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

POSE: dict[str, Any] = {
    "R": [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
    "t_xyz": [0.1, -0.2, 0.8],
    "log_z": -0.2231,
    "rot6d": [0.0, 1.0, 0.0, -1.0, 0.0, 0.0],
    "offsets": [1.5, -2],
    "k_delta": [0.0, 0.01, 1.0, -1.0],
    "sigma_z": 0.1,
    "sigma_rot": [0.1, 0.2, 0.3],
}


def detection(**changes: Any) -> dict[str, Any]:
    """A sound detection; a key changed to `...` is left out."""
    base = {"class_id": 3, "score": 0.5, "bbox": {"cx": 0.5, "cy": 0.4, "w": 0.2, "h": 0.1}}
    return {key: value for key, value in {**base, **changes}.items() if value is not ...}


def entry(image: str = "images/val/1.jpg", *detections: Any, **more: Any) -> dict[str, Any]:
    size = {"width": 640, "height": 480}
    base = {"image": image, "image_size": size, "detections": list(detections) if detections else [detection()]}
    return {key: value for key, value in {**base, **more}.items() if value is not ...}


def wrapped(*entries: Any, **more: Any) -> dict[str, Any]:
    base = {"schema_version": 1, "meta": {}, "predictions": list(entries) if entries else [entry()]}
    return {key: value for key, value in {**base, **more}.items() if value is not ...}


def write(directory: Path, value: Any) -> Path:
    """The value as a file; text and bytes as they are."""
    path = directory / "predictions.json"
    if isinstance(value, bytes):
        path.write_bytes(value)
    else:
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path

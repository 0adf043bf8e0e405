"""What goes into an exported file with pre- and postprocessing inside, and what comes out of it."""

from __future__ import annotations

from typing import Any

from yolozu.artifacts.onnx_recipe import DETECTIONS

PICTURE = "image"
"""The picture."""

CAMERA = "K"
"""The picture's camera, of files with pose heads."""

DETECTION_RESULTS = ("boxes", "scores", "class_ids")
POSE_RESULTS = ("rotations", "translations")
"""What files with pose heads give besides."""

_INPUTS: dict[str, dict[str, Any]] = {
    PICTURE: {
        "dtype": "uint8",
        "shape": ["height", "width", 3],
        "unit": "level",
        "meaning": "Rows, columns, and red, green, blue of one picture of any size, upright.",
    },
    CAMERA: {
        "dtype": "float32",
        "shape": [3, 3],
        "unit": "px",
        "meaning": "Camera matrix of the picture, pixel borders counted from 0; with NaN in it translations are "
        "NaN, and nothing else changes.",
    },
}
_OUTPUTS: dict[str, dict[str, Any]] = {
    "boxes": {
        "dtype": "float32",
        "shape": ["detections", 4],
        "unit": "px",
        "meaning": "Left, upper, right and lower edge in the picture, clipped to it.",
    },
    "scores": {
        "dtype": "float32",
        "shape": ["detections"],
        "unit": "1",
        "meaning": "From score_threshold to 1, best first.",
    },
    "class_ids": {
        "dtype": "int64",
        "shape": ["detections"],
        "unit": "1",
        "meaning": "Category: an id of classes.",
    },
    "rotations": {
        "dtype": "float32",
        "shape": ["detections", 3, 3],
        "unit": "1",
        "meaning": "R of X_camera = R X_model + t.",
    },
    "translations": {
        "dtype": "float32",
        "shape": ["detections", 3],
        "unit": "m",
        "meaning": "t of X_camera = R X_model + t.",
    },
}


def input_names(*, pose: bool) -> tuple[str, ...]:
    """Inputs of a file with processing inside, in order.

    Args:
        pose: whether the network has pose heads.
    """
    return (PICTURE, CAMERA) if pose else (PICTURE,)


def output_names(*, pose: bool) -> tuple[str, ...]:
    """Outputs of a file with processing inside, in order.

    Args:
        pose: whether the network has pose heads.
    """
    return (*DETECTION_RESULTS, *POSE_RESULTS) if pose else DETECTION_RESULTS


def processing_told(*, pose: bool) -> dict[str, Any]:
    """The property ``yolozu.processing`` of such a file: a JSON object.

    Args:
        pose: whether the network has pose heads.
    """
    return {
        "inputs": {name: _INPUTS[name] for name in input_names(pose=pose)},
        "outputs": {name: _OUTPUTS[name] for name in output_names(pose=pose)},
        **{name: DETECTIONS[name] for name in ("score_threshold", "max_detections")},
    }

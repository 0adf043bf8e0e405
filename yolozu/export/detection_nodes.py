"""Decoding as ONNX nodes, by the rules that an exported file states, in float64 as `yolozu.model.decode` does it."""

# Shapes: Q queries, C classes, K candidates, N detections; one image.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.artifacts.onnx_metadata import DETECTION_OUTPUTS, POSE_OUTPUTS
from yolozu.artifacts.onnx_processing import CAMERA
from yolozu.artifacts.onnx_recipe import DETECTIONS
from yolozu.geometry.pose import SMALLEST_SQUARE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from yolozu.artifacts.onnx_metadata import OnnxMetadata
    from yolozu.export.letterbox_nodes import Place
    from yolozu.export.onnx_nodes import Nodes

LAST = np.array([-1])
ONE = np.float64(1.0)
HALF = np.float64(0.5)


def detection_nodes(nodes: Nodes, raw: Mapping[str, str], place: Place, metadata: OnnxMetadata) -> None:
    """Decode what the network gives of one image.

    What comes is called as `yolozu.artifacts.onnx_processing.output_names` says.

    Args:
        nodes: what is added to; `CAMERA` is an input of a graph with pose heads.
        raw: name in ``metadata.output_shapes`` -> tensor that has it, of a batch of one.
        place: where the picture lies in the network input.
        metadata: of the network.
    """
    outputs = {name: nodes.cast(nodes("Squeeze", value, np.array([0])), np.float64) for name, value in raw.items()}
    logits, boxes = DETECTION_OUTPUTS
    scores_K, queries_K, classes_K = _candidates(nodes, outputs[logits], metadata)
    boxes_K4 = nodes("Gather", outputs[boxes], queries_K, axis=0)
    corners_K4, inside_K = _on_picture(nodes, boxes_K4, place, metadata)
    enough_K = nodes("GreaterOrEqual", scores_K, np.float64(DETECTIONS["score_threshold"]))
    kept_K = nodes("And", enough_K, inside_K)
    category_ids = np.array(metadata.classes.category_ids, np.int64)
    found = {"boxes": corners_K4, "scores": scores_K, "class_ids": nodes("Gather", category_ids, classes_K, axis=0)}
    if metadata.has_pose:
        heads = {name: nodes("Gather", outputs[name], queries_K, axis=0) for name in POSE_OUTPUTS[:3]}
        found["rotations"] = _rotations(nodes, heads["pred_rot6d"])
        k_delta = outputs["pred_k_delta"]
        found["translations"] = _translations(nodes, boxes_K4, {**heads, "pred_k_delta": k_delta}, place, metadata)
    for name, values in found.items():
        kept = nodes("Compress", values, kept_K, axis=0, output=name if name == "class_ids" else None)
        if name != "class_ids":
            nodes.cast(kept, np.float32, output=name)


def _candidates(nodes: Nodes, logits_QC: str, metadata: OnnxMetadata) -> tuple[str, str, str]:
    """Scores, queries and classes of the best pairs, (K,) each, best first; equal ones as they stand."""
    queries, classes = (int(side) for side in metadata.output_shapes[DETECTION_OUTPUTS[0]][1:])
    small = nodes("Exp", nodes("Neg", nodes("Abs", logits_QC)))
    above = nodes("Where", nodes("GreaterOrEqual", logits_QC, np.float64(0.0)), ONE, small)
    scores = nodes("Reshape", nodes("Div", above, nodes("Add", small, ONE)), LAST)
    count = min(int(DETECTIONS["max_detections"]), queries * classes)
    best, places = nodes.both("TopK", scores, np.array([count]), axis=0, largest=1, sorted=1)
    return best, nodes("Div", places, np.int64(classes)), nodes("Mod", places, np.int64(classes))


def _on_picture(nodes: Nodes, boxes_K4: str, place: Place, metadata: OnnxMetadata) -> tuple[str, str]:
    """Corners, (K, 4) px, clipped to the picture, and which of them have an area, (K,) bool."""
    center, size = _halves(nodes, nodes("Mul", boxes_K4, _sides(metadata)))
    half = nodes("Mul", size, HALF)
    pads = _pair(nodes, place.pad_x, place.pad_y)
    edges = []
    for operator in ("Sub", "Add"):
        edge = nodes("Div", nodes("Sub", nodes(operator, center, half), pads), place.scale)
        inside = nodes("Min", nodes("Max", edge, np.float64(0.0)), _pair(nodes, place.width, place.height))
        edges.append(inside)
    extent = nodes("ReduceMin", nodes("Sub", edges[1], edges[0]), np.array([1]), keepdims=0)
    return nodes("Concat", *edges, axis=1), nodes("Greater", extent, np.float64(0.0))


def _rotations(nodes: Nodes, rot6d_K6: str) -> str:
    """(K, 3, 3), as `yolozu.geometry.pose.gram_schmidt` has it."""
    first, second = (_part(nodes, rot6d_K6, start, 3) for start in (0, 3))
    x = nodes("Div", first, _length(nodes, first))
    along = nodes("ReduceSum", nodes("Mul", x, second), LAST, keepdims=1)
    rest = nodes("Sub", second, nodes("Mul", along, x))
    y = nodes("Div", rest, _length(nodes, rest))
    turned = [
        [nodes("Gather", column, np.array(order), axis=1) for order in ([1, 2, 0], [2, 0, 1])] for column in (x, y)
    ]
    z = nodes("Sub", nodes("Mul", turned[0][0], turned[1][1]), nodes("Mul", turned[0][1], turned[1][0]))
    return nodes("Concat", *(nodes("Unsqueeze", column, LAST) for column in (x, y, z)), axis=2)


def _length(nodes: Nodes, vectors_K3: str) -> str:
    """(K, 1)."""
    square = nodes("ReduceSum", nodes("Mul", vectors_K3, vectors_K3), LAST, keepdims=1)
    return nodes("Sqrt", nodes("Add", square, np.float64(SMALLEST_SQUARE)))


def _translations(nodes: Nodes, boxes_K4: str, heads: Mapping[str, str], place: Place, metadata: OnnxMetadata) -> str:
    """(K, 3) metres, by the camera of the picture as it is in the network input, corrected."""
    camera = nodes.cast(nodes("Reshape", CAMERA, LAST), np.float64)
    focal, middle = (nodes("Gather", camera, np.array(entries), axis=0) for entries in ([0, 4], [2, 5]))
    pads = _pair(nodes, place.pad_x, place.pad_y)
    relative, shift = (_part(nodes, heads["pred_k_delta"], start, 2, axis=0) for start in (0, 2))
    focal = nodes("Mul", nodes("Mul", focal, place.scale), nodes("Add", relative, ONE))
    middle = nodes("Add", nodes("Add", nodes("Mul", middle, place.scale), pads), shift)
    area = nodes("ReduceProd", focal, np.array([0]), keepdims=0)
    pixels = np.float64(metadata.preprocess["width"] * metadata.preprocess["height"])
    normalized = nodes("Sqrt", nodes("Div", area, pixels))
    z_K1 = nodes("Mul", nodes("Exp", heads["pred_log_z"]), normalized)
    center, _ = _halves(nodes, nodes("Mul", boxes_K4, _sides(metadata)))
    seen = nodes("Add", center, heads["pred_offsets"])
    across = nodes("Mul", nodes("Div", nodes("Sub", seen, middle), focal), z_K1)
    return nodes("Concat", across, z_K1, axis=1)


def _sides(metadata: OnnxMetadata) -> NDArray[np.float64]:
    """(4,) W, H, W, H of the network input, px."""
    width, height = (float(metadata.preprocess[name]) for name in ("width", "height"))
    return np.array([width, height, width, height])


def _halves(nodes: Nodes, boxes_K4: str) -> tuple[str, str]:
    """(K, 2) each."""
    return _part(nodes, boxes_K4, 0, 2), _part(nodes, boxes_K4, 2, 2)


def _part(nodes: Nodes, value: str, start: int, count: int, *, axis: int = 1) -> str:
    return nodes("Slice", value, np.array([start]), np.array([start + count]), np.array([axis]))


def _pair(nodes: Nodes, first: str, second: str) -> str:
    """(2,) float64 of two () whole numbers."""
    both = nodes("Concat", *(nodes("Unsqueeze", value, np.array([0])) for value in (first, second)), axis=0)
    return nodes.cast(both, np.float64)

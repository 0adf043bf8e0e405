"""Decoding within a graph: what `decode_detections` and `on_original_image` make of the same numbers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.artifacts.test_onnx_metadata import METADATA
from tests.export.test_onnx_nodes import computed
from tests.fixtures.exported import CLASSES, PREPROCESS
from yolozu.artifacts.onnx_metadata import POSE_OUTPUTS
from yolozu.artifacts.onnx_processing import output_names
from yolozu.data.detections import on_original_image, with_camera
from yolozu.data.placement import Placement
from yolozu.export.detection_nodes import detection_nodes
from yolozu.export.letterbox_nodes import place_nodes
from yolozu.export.onnx_nodes import Nodes
from yolozu.model.decode import decode_detections
from yolozu.structures.image_record import ImageRecord

QUERIES = 120
KINDS = {"class_ids": np.int64}


def metadata_of(*, pose, queries=QUERIES):
    shapes = {"pred_logits": 3, "pred_boxes": 4}
    shapes |= dict(zip(POSE_OUTPUTS[:3], (1, 6, 2), strict=True)) if pose else {}
    return SimpleNamespace(
        classes=CLASSES,
        preprocess=PREPROCESS.to_json(),
        has_pose=pose,
        output_shapes={name: ("batch", queries, count) for name, count in shapes.items()}
        | ({"pred_k_delta": ("batch", 4)} if pose else {}),
    )


def outputs_of(metadata, seed):
    """Whole logits, so that many scores are equal, and boxes that reach over all borders."""
    draw, found = np.random.default_rng(seed), {}
    for name, shape in metadata.output_shapes.items():
        found[name] = draw.standard_normal((1, *shape[1:])).astype(np.float32)
    found["pred_logits"] = draw.integers(-9, 4, found["pred_logits"].shape).astype(np.float32)
    found["pred_boxes"] = draw.random(found["pred_boxes"].shape, dtype=np.float32)
    if metadata.has_pose:
        found["pred_k_delta"] *= 0.1
    return found


def decoded(metadata, outputs, size, K_33=None):
    nodes = Nodes("ours/")
    place = place_nodes(nodes, "image", PREPROCESS)
    detection_nodes(nodes, {name: name for name in outputs}, place, metadata)
    names = output_names(pose=metadata.has_pose)
    given = {"image": np.zeros((size[1], size[0], 3), np.uint8), **outputs, **({} if K_33 is None else {"K": K_33})}
    values = computed(nodes, given, {name: KINDS.get(name, np.float32) for name in names})
    return dict(zip(names, values, strict=True))


def expected(outputs, size, K_4=None):
    none = np.empty(0)
    width, height = size
    record = ImageRecord("p", None, *size, "", none.astype(np.int64), none.reshape(0, 4), none.astype(bool), none)
    (raw,) = decode_detections(outputs, score_threshold=0.001, max_detections=300)
    if K_4 is not None:
        record = with_camera(record, K_4)
    return on_original_image(record, Placement.letterbox(width, height, 96, 64), CLASSES, raw)


def corners(boxes, size):
    center, half = boxes[:, :2] * size, boxes[:, 2:] * size / 2
    return np.concatenate([center - half, center + half], axis=1)


@pytest.mark.parametrize("size", [(96, 64), (640, 479), (3, 500), (1, 1), (7, 5)], ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_detections_are_the_same_in_the_same_order(size, seed):
    outputs = outputs_of(metadata_of(pose=False), seed)
    found, own = decoded(metadata_of(pose=False), outputs, size), expected(outputs, size)
    assert found["class_ids"].tolist() == own.class_ids.tolist()
    assert found["scores"] == pytest.approx(own.scores, rel=1e-6)
    assert found["boxes"] == pytest.approx(corners(own.boxes_cxcywh, size), abs=2e-6 * max(size))
    assert [value.dtype for value in found.values()] == [np.float32, np.float32, np.int64]
    assert len(found["scores"]) < 300


def test_of_fewer_pairs_than_are_kept_all_may_stay():
    metadata = metadata_of(pose=False, queries=2)
    outputs = outputs_of(metadata, 0)
    outputs["pred_logits"][:] = [[[3.0, -7.0, 1.0], [0.0, 0.0, -20.0]]]
    outputs["pred_boxes"][:] = 0.5
    found = decoded(metadata, outputs, (96, 64))
    assert found["class_ids"].tolist() == [1, 7, 1, 3]
    assert found["scores"].tolist() == pytest.approx([0.952574, 0.731059, 0.5, 0.5])
    assert found["boxes"].tolist() == [[24.0, 16.0, 72.0, 48.0]] * 4


def test_where_nothing_is_found_the_outputs_are_empty():
    metadata = metadata_of(pose=True)
    outputs = outputs_of(metadata, 0)
    outputs["pred_logits"][:] = -20.0
    found = decoded(metadata, outputs, (50, 40), np.eye(3, dtype=np.float32))
    assert [value.shape for value in found.values()] == [(0, 4), (0,), (0,), (0, 3, 3), (0, 3)]


@pytest.mark.parametrize("size", [(640, 479), (31, 90)], ids=str)
def test_poses_follow_from_the_camera_of_the_picture(size):
    metadata = metadata_of(pose=True)
    outputs = outputs_of(metadata, 5)
    fx, fy, cx, cy = K_4 = np.array([1.1 * size[0], 1.2 * size[0], 0.52 * size[0], 0.47 * size[1]])
    K_33 = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float32)
    found, own = decoded(metadata, outputs, size, K_33), expected(outputs, size, K_4)
    assert found["class_ids"].tolist() == own.class_ids.tolist()
    assert found["rotations"] == pytest.approx(own.poses["R"], abs=1e-6)
    assert found["translations"] == pytest.approx(own.poses["t_xyz"], rel=1e-5, abs=1e-5)


def test_without_a_known_camera_translations_are_no_numbers_and_all_else_is_there():
    metadata = metadata_of(pose=True)
    outputs, nowhere = outputs_of(metadata, 5), np.full((3, 3), np.nan, np.float32)
    found, other = (decoded(metadata, outputs, (50, 40), K) for K in (nowhere, np.eye(3, dtype=np.float32)))
    assert np.isnan(found.pop("translations")).all()
    assert np.isfinite(other.pop("translations")).all()
    for name, values in found.items():
        assert np.array_equal(values, other[name]), name


def test_the_metadata_of_these_tests_is_like_that_of_files():
    assert set(METADATA.output_shapes) == set(metadata_of(pose=False).output_shapes)

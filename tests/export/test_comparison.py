from __future__ import annotations

import numpy as np
import pytest

from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.parity_report import Thresholds
from yolozu.errors import InputError
from yolozu.export.comparison import Pair
from yolozu.export.poses import InputCamera
from yolozu.export.selection import SelectionProbe
from yolozu.model.loading import detector_from
from yolozu.model.onnx_network import OnnxNetwork

CPU = {"threads": 1}
NAMES = ("a.png", "b.png")
CAMERAS = (InputCamera(np.array([90.0, 95.0, 50.0, 30.0]), 96, 64, known=True), InputCamera.stand_in(96, 64))
LIMITS = Thresholds(score_atol=1e-4, bbox_atol=1e-4, rot_deg=0.1, t_mm=0.1)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((2, 3, 64, 96), dtype=np.float32)


@pytest.fixture
def pair(exported):
    return Pair(
        detector_from(read_checkpoint(exported.checkpoint)),
        OnnxNetwork(exported.onnx, **CPU),
        SelectionProbe(exported.onnx, **CPU),
        LIMITS,
    )


@pytest.fixture
def pose_pair(exported_pose):
    return Pair(
        detector_from(read_checkpoint(exported_pose.checkpoint)),
        OnnxNetwork(exported_pose.onnx, **CPU),
        SelectionProbe(exported_pose.onnx, **CPU),
        LIMITS,
    )


def test_each_image_of_a_batch_is_compared(pair, images):
    first, second = pair.compare(images, NAMES, CAMERAS)
    assert [(entry.image, entry.batch_size) for entry in (first, second)] == [("a.png", 2), ("b.png", 2)]
    assert first.outputs["pred_logits"].shape == (20, 3)
    assert first.outputs["pred_boxes"].shape == (20, 4)
    assert max(values.max() for values in first.outputs.values()) < 1e-5
    assert len(first.detections.ious) == 20


def test_another_weight_shows(pair, images):
    pair.detector.decoder.heads["logits"][-1].bias.data.add_(0.5)
    (entry, _) = pair.compare(images, NAMES, CAMERAS)
    assert entry.outputs["pred_logits"] == pytest.approx(np.full((20, 3), 0.5), abs=1e-5)
    assert entry.outputs["pred_boxes"].max() < 1e-5


def test_outputs_that_are_no_numbers_are_not_decoded(pair, images):
    broken_images = images.copy()
    broken_images[1] = np.nan
    sound, broken = pair.compare(broken_images, NAMES, CAMERAS)
    assert sound.detections is not None
    assert broken.detections is None
    assert not np.isfinite(broken.outputs["pred_logits"]).all()


def test_outputs_of_another_shape_are_refused(pair, images, monkeypatch):
    other = {"pred_logits": np.zeros((2, 20, 4)), "pred_boxes": np.zeros((2, 20, 4))}
    monkeypatch.setattr(type(pair.network), "__call__", lambda _, __: other)
    with pytest.raises(InputError) as refused:
        pair.compare(images, NAMES, CAMERAS)
    assert str(refused.value) == (
        "pred_logits: YZ604 the exported file gives shape [2, 20, 4], its checkpoint [2, 20, 3]\n"
        "  fix: export this checkpoint again"
    )


def test_other_outputs_are_refused(pair, images, monkeypatch):
    other = {"pred_logits": np.zeros((2, 20, 3)), "pred_log_z": np.zeros((2, 20, 1))}
    monkeypatch.setattr(type(pair.network), "__call__", lambda _, __: other)
    with pytest.raises(InputError) as refused:
        pair.compare(images, NAMES, CAMERAS)
    assert str(refused.value) == (
        "outputs: YZ604 the exported file gives pred_log_z, pred_logits, its checkpoint pred_boxes, pred_logits\n"
        "  fix: export this checkpoint again"
    )


def test_without_pose_heads_no_poses_are_compared(pair, images):
    assert [entry.poses for entry in pair.compare(images, NAMES, CAMERAS)] == [None, None]


def test_poses_are_compared_query_by_query_and_pair_by_pair(pose_pair, images):
    first, second = pose_pair.compare(images, NAMES, CAMERAS)
    assert (first.camera_known, second.camera_known) == (True, False)
    assert first.outputs["pred_k_delta"].shape == (4,)
    assert first.outputs["pred_rot6d"].shape == (20, 6)
    for entry in (first, second):
        assert entry.poses.turned_deg.shape == (20,)
        assert {name: values.shape for name, values in entry.poses.moved_mm.items()} == dict.fromkeys(
            ("pred_log_z", "pred_offsets", "pred_k_delta"), (20,)
        )
        assert entry.poses.rot_deg.shape == entry.poses.t_mm.shape == entry.detections.ious.shape
        assert max(entry.poses.rot_deg.max(), entry.poses.turned_deg.max()) < 1e-3
        assert entry.poses.t_mm.max() < 1e-2


def test_poses_that_are_no_numbers_are_not_decoded(pose_pair, images):
    pose_pair.detector.k_head.mlp.layers[-1].bias.data[0] = np.nan
    (entry, _) = pose_pair.compare(images, NAMES, CAMERAS)
    assert (entry.detections, entry.poses) == (None, None)
    assert not np.isfinite(entry.outputs["pred_k_delta"]).all()

"""Raw outputs to detections."""

import subprocess
import sys

import numpy as np
import pytest

from yolozu.errors import InputError
from yolozu.model.decode import decode_detections, raw_poses


def logit(score):
    return np.log(score / (1 - score))


LOGITS = logit(np.array([[[0.2, 0.9], [0.5, 0.1], [0.5, 0.7]]], dtype=np.float64))
BOXES = np.arange(12, dtype=np.float32).reshape(1, 3, 4) / 12
POSES = {
    "pred_log_z": np.array([[[0.1], [0.2], [0.3]]], dtype=np.float32),
    "pred_rot6d": np.arange(18, dtype=np.float32).reshape(1, 3, 6),
    "pred_offsets": np.array([[[1, 2], [3, 4], [5, 6]]], dtype=np.float32),
    "pred_k_delta": np.array([[0.1, 0.2, 3, 4]], dtype=np.float32),
}
SIGMAS = {"pred_log_sigma_z": -POSES["pred_log_z"], "pred_log_sigma_rot": 2 * POSES["pred_log_z"]}


def decoded(logits=LOGITS, boxes=BOXES, *, score_threshold=0.0, max_detections=9, **poses):
    outputs = {"pred_logits": logits, "pred_boxes": boxes, **poses}
    return decode_detections(outputs, score_threshold=score_threshold, max_detections=max_detections)


def test_best_pairs_of_query_and_class_come_first_and_ties_keep_their_order():
    (found,) = decoded(score_threshold=0.15, max_detections=10)
    assert found.scores == pytest.approx([0.9, 0.7, 0.5, 0.5, 0.2])
    assert found.class_indices.tolist() == [1, 1, 0, 0, 0]
    assert np.array_equal(found.boxes_cxcywh, BOXES[0][[0, 2, 1, 2, 0]].astype(np.float64))


def test_max_detections_keeps_the_best():
    (found,) = decoded(max_detections=2)
    assert found.scores == pytest.approx([0.9, 0.7])


def test_nothing_may_pass():
    (found,) = decoded(score_threshold=0.95)
    assert found.scores.shape == (0,)
    assert found.class_indices.shape == (0,)
    assert found.boxes_cxcywh.shape == (0, 4)


def test_no_image_gives_no_detections():
    assert decoded(LOGITS[:0], BOXES[:0], pred_k_delta=np.zeros((0, 4))) == []


def test_dtypes_are_those_of_predictions():
    (found,) = decoded(LOGITS.astype(np.float32))
    assert (found.scores.dtype, found.class_indices.dtype, found.boxes_cxcywh.dtype) == (
        np.float64,
        np.int64,
        np.float64,
    )


def test_extreme_logits_neither_overflow_nor_warn():
    logits = np.array([[[1e4, -1e4]]], dtype=np.float32)
    (found,) = decoded(logits, BOXES[:, :1])
    assert found.scores.tolist() == [1.0, 0.0]


def test_outputs_that_are_no_numbers_are_an_error():
    logits = LOGITS.repeat(2, axis=0)
    logits[1, 0, 0] = np.nan
    with pytest.raises(InputError) as error:
        decoded(logits, BOXES.repeat(2, axis=0))
    assert str(error.value) == (
        "pred_logits, image 1 of the batch: YZ403 the network gave NaN or infinity\n"
        "  fix: predict with another checkpoint, or train with a lower lr or clip_grad_norm"
    )


@pytest.mark.parametrize("name", [*POSES, *SIGMAS])
def test_poses_that_are_no_numbers_are_an_error(name):
    poses = {**POSES, **SIGMAS}
    broken = poses[name].copy()
    broken.flat[0] = np.inf
    with pytest.raises(InputError) as error:
        decoded(**{**poses, name: broken})
    (finding,) = error.value.findings
    assert (finding.code, finding.where) == ("YZ403", f"{name}, image 0 of the batch")


def test_without_pose_heads_there_are_no_poses():
    assert decoded()[0].poses is None
    assert raw_poses({"pred_logits": LOGITS, "pred_boxes": BOXES}, 0) is None


def test_each_detection_has_the_pose_of_its_query():
    (found,) = decoded(score_threshold=0.15, **POSES)
    queries = [0, 2, 1, 2, 0]
    assert found.poses.log_z_N == pytest.approx(np.array([0.1, 0.2, 0.3])[queries])
    assert np.array_equal(found.poses.rot6d_N6, POSES["pred_rot6d"][0][queries])
    assert found.poses.offsets_px_N2.tolist() == [[1, 2], [5, 6], [3, 4], [5, 6], [1, 2]]
    assert found.poses.k_delta_4 == pytest.approx([0.1, 0.2, 3, 4])
    assert (found.poses.log_sigma_z_N, found.poses.log_sigma_rot_N) == (None, None)
    assert {values.dtype for values in (found.poses.log_z_N, found.poses.rot6d_N6, found.poses.k_delta_4)} == {
        np.dtype(np.float64)
    }


def test_expected_errors_go_with_their_query():
    (found,) = decoded(max_detections=2, **POSES, **SIGMAS)
    assert found.poses.log_sigma_z_N == pytest.approx([-0.1, -0.3])
    assert found.poses.log_sigma_rot_N == pytest.approx([0.2, 0.6])


def test_each_image_has_its_own_poses():
    outputs = {"pred_logits": LOGITS.repeat(2, axis=0), "pred_boxes": BOXES.repeat(2, axis=0)}
    poses = {name: np.concatenate([values, 2 * values]) for name, values in POSES.items()}
    first, second = decode_detections({**outputs, **poses}, score_threshold=0.0, max_detections=9)
    assert np.array_equal(second.poses.k_delta_4, 2 * first.poses.k_delta_4)
    assert np.array_equal(second.poses.log_z_N, 2 * first.poses.log_z_N)


@pytest.mark.slow
def test_it_needs_no_pytorch():
    code = "import sys, yolozu.model.decode; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

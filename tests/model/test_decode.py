"""Raw outputs to detections."""

import subprocess
import sys

import numpy as np
import pytest

from yolozu.errors import InputError
from yolozu.model.decode import decode_detections


def logit(score):
    return np.log(score / (1 - score))


LOGITS = logit(np.array([[[0.2, 0.9], [0.5, 0.1], [0.5, 0.7]]], dtype=np.float64))
BOXES = np.arange(12, dtype=np.float32).reshape(1, 3, 4) / 12


def test_best_pairs_of_query_and_class_come_first_and_ties_keep_their_order():
    (found,) = decode_detections(LOGITS, BOXES, score_threshold=0.15, max_detections=10)
    assert found.scores == pytest.approx([0.9, 0.7, 0.5, 0.5, 0.2])
    assert found.class_indices.tolist() == [1, 1, 0, 0, 0]
    assert np.array_equal(found.boxes_cxcywh, BOXES[0][[0, 2, 1, 2, 0]].astype(np.float64))


def test_max_detections_keeps_the_best():
    (found,) = decode_detections(LOGITS, BOXES, score_threshold=0.0, max_detections=2)
    assert found.scores == pytest.approx([0.9, 0.7])


def test_nothing_may_pass():
    (found,) = decode_detections(LOGITS, BOXES, score_threshold=0.95, max_detections=10)
    assert found.scores.shape == (0,)
    assert found.class_indices.shape == (0,)
    assert found.boxes_cxcywh.shape == (0, 4)


def test_no_image_gives_no_detections():
    assert decode_detections(LOGITS[:0], BOXES[:0], score_threshold=0.0, max_detections=5) == []


def test_dtypes_are_those_of_predictions():
    (found,) = decode_detections(LOGITS.astype(np.float32), BOXES, score_threshold=0.0, max_detections=9)
    assert (found.scores.dtype, found.class_indices.dtype, found.boxes_cxcywh.dtype) == (
        np.float64,
        np.int64,
        np.float64,
    )


def test_extreme_logits_neither_overflow_nor_warn():
    logits = np.array([[[1e4, -1e4]]], dtype=np.float32)
    (found,) = decode_detections(logits, BOXES[:, :1], score_threshold=0.0, max_detections=9)
    assert found.scores.tolist() == [1.0, 0.0]


def test_outputs_that_are_no_numbers_are_an_error():
    logits = LOGITS.repeat(2, axis=0)
    logits[1, 0, 0] = np.nan
    with pytest.raises(InputError) as error:
        decode_detections(logits, BOXES.repeat(2, axis=0), score_threshold=0.0, max_detections=9)
    assert str(error.value) == (
        "pred_logits, image 1 of the batch: YZ403 the network gave NaN or infinity\n"
        "  fix: predict with another checkpoint, or train with a lower lr or clip_grad_norm"
    )


def test_it_needs_no_pytorch():
    code = "import sys, yolozu.model.decode; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

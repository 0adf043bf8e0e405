from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.export.matching import match_detections
from yolozu.structures.detections import RawDetections

ATOL = {"bbox_atol": 1e-4, "score_atol": 1e-4}
BOX = (0.5, 0.5, 0.2, 0.2)
BESIDE = (0.52, 0.5, 0.2, 0.2)
ELSEWHERE = (0.2, 0.2, 0.1, 0.1)


def detections(*rows):
    """(score, class index, box) each."""
    scores, labels, boxes = zip(*rows, strict=True) if rows else ((), (), ())
    return RawDetections(
        np.array(scores, dtype=np.float64),
        np.array(labels, dtype=np.int64),
        np.array(boxes, dtype=np.float64).reshape(-1, 4),
    )


def test_detections_are_paired_whatever_their_order():
    first = detections((0.9, 0, BOX), (0.8, 1, ELSEWHERE), (0.3, 0, BESIDE))
    second = detections((0.8, 1, ELSEWHERE), (0.9, 0, BOX), (0.3, 0, BESIDE))
    match = match_detections(first, second, **ATOL)
    assert match.ious == pytest.approx([1.0, 1.0, 1.0])
    assert match.score_differences == pytest.approx([0.0, 0.0, 0.0])
    assert (match.unmatched, match.tied, match.label_flips) == (0, 0, 0)


def test_twins_on_one_object_pair_with_their_own_counterpart():
    first = detections((0.9, 0, BOX), (0.5, 0, BOX), (0.1, 0, ELSEWHERE))
    second = detections((0.9, 0, BOX), (0.5 + 5e-5, 0, BOX), (0.1, 0, ELSEWHERE))
    match = match_detections(first, second, **ATOL)
    assert match.score_differences == pytest.approx([0.0, 5e-5, 0.0])


def test_a_detection_that_the_other_list_lacks_is_unmatched():
    first = detections((0.9, 0, BOX), (0.8, 0, ELSEWHERE), (0.1, 0, BESIDE))
    second = detections((0.9, 0, BOX), (0.1, 0, BESIDE))
    match = match_detections(first, second, **ATOL)
    assert (len(match.ious), match.unmatched, match.tied) == (2, 1, 0)


def test_the_last_places_of_a_list_may_fall_either_way():
    first = detections((0.9, 0, BOX), (0.30002, 1, ELSEWHERE), (0.3, 0, ELSEWHERE))
    second = detections((0.9, 0, BOX), (0.30003, 2, ELSEWHERE), (0.3, 0, ELSEWHERE))
    match = match_detections(first, second, **ATOL)
    assert (len(match.ious), match.unmatched, match.tied, match.label_flips) == (2, 0, 2, 0)


def test_tied_candidates_on_neighboring_boxes_are_no_pair():
    first = detections((0.9, 0, BOX), (0.3, 0, (0.2, 0.2, 0.10, 0.1)))
    second = detections((0.9, 0, BOX), (0.3, 0, (0.21, 0.2, 0.10, 0.1)))
    match = match_detections(first, second, **ATOL)
    assert (len(match.ious), match.unmatched, match.tied) == (1, 0, 2)


def test_another_label_on_the_same_box_is_a_flip():
    first = detections((0.9, 0, BOX), (0.1, 0, ELSEWHERE))
    second = detections((0.9, 2, BOX), (0.1, 0, ELSEWHERE))
    match = match_detections(first, second, **ATOL)
    assert (len(match.ious), match.unmatched, match.label_flips) == (1, 2, 1)


def test_boxes_too_small_to_overlap_pair_when_they_agree():
    first = detections((0.9, 0, (0.5, 0.5, 1e-5, 1e-5)), (0.1, 0, ELSEWHERE))
    second = detections((0.9, 0, (0.50005, 0.5, 1e-5, 1e-5)), (0.1, 0, ELSEWHERE))
    match = match_detections(first, second, **ATOL)
    assert match.ious == pytest.approx([1.0, 1.0])
    assert match.unmatched == 0


@pytest.mark.parametrize(("first", "second", "unmatched"), [((), (), 0), (((0.9, 0, BOX), (0.1, 0, BOX)), (), 1)])
def test_lists_may_be_empty(first, second, unmatched):
    match = match_detections(detections(*first), detections(*second), **ATOL)
    assert (len(match.ious), match.unmatched, match.label_flips) == (0, unmatched, 0)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40), noise=st.floats(0.0, 1e-5))
def test_noise_far_below_the_tolerances_never_loses_a_detection(seed, count, noise):
    random = np.random.default_rng(seed)
    scores = np.sort(random.uniform(0.0, 1.0, count))[::-1]
    boxes = np.concatenate([random.uniform(0.2, 0.8, (count, 2)), random.uniform(0.0, 0.4, (count, 2))], axis=1)
    first = RawDetections(scores, random.integers(0, 3, count), boxes)
    order = random.permutation(count)
    second = RawDetections(
        (scores + random.uniform(-noise, noise, count))[order],
        first.class_indices[order],
        (boxes + random.uniform(-noise, noise, boxes.shape))[order],
    )
    match = match_detections(first, second, **ATOL)
    assert (len(match.ious), match.unmatched, match.tied, match.label_flips) == (count, 0, 0, 0)
    assert match.score_differences.max() <= noise + 1e-12

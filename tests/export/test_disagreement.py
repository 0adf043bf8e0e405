import numpy as np
import pytest

from yolozu.export.disagreement import disagreement
from yolozu.structures.detections import RawDetections, RawPoses


def detections(*boxes, scores=None, poses=None):
    count = len(boxes)
    scores = np.full(count, 0.5) if scores is None else np.array(scores)
    return RawDetections(scores, np.zeros(count, dtype=np.int64), np.array(boxes, float).reshape(count, 4), poses)


def poses(angle, log_z):
    six = [np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0]
    return RawPoses(np.array([log_z]), np.array([six]), np.zeros((1, 2)), np.zeros(4))


BOX, HALF, ELSEWHERE = (0.5, 0.5, 0.2, 0.2), (0.5, 0.5, 0.2, 0.1), (0.1, 0.1, 0.1, 0.1)


@pytest.mark.parametrize(
    ("reference", "other", "expected"),
    [
        (detections(BOX), detections(BOX), 0.0),
        (detections(BOX), detections(ELSEWHERE), 1.0),
        (detections(BOX), detections(BOX, scores=[0.4]), 0.1),
        (detections(BOX), detections(HALF, scores=[0.4]), 0.5),
        (detections(BOX, ELSEWHERE, scores=[0.6, 0.2]), detections(BOX, scores=[0.6]), 0.25),
        (detections(), detections(BOX), 0.0),
        (detections(BOX, poses=poses(0.0, 0.0)), detections(BOX, poses=poses(0.2, 0.0)), 0.2),
        (detections(BOX, poses=poses(0.0, 0.0)), detections(BOX, poses=poses(0.0, 0.3)), 0.3),
        (detections(BOX, poses=poses(0.0, 0.0)), detections(BOX, poses=poses(0.0, 9.0)), 1.0),
    ],
)
def test_it_is_the_largest_difference_weighted_by_scores(reference, other, expected):
    assert disagreement(reference, other) == pytest.approx(expected)

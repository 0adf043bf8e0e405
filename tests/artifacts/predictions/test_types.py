from __future__ import annotations

import numpy as np
import pytest

from yolozu.artifacts.predictions.types import ImagePredictions, boxes_to_cxcywh


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"a.jpg: 2 scores, class_ids \(1,\), boxes \(2, 4\)"):
        ImagePredictions("a.jpg", 1, 1, np.zeros(1, np.int64), np.zeros(2), np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"a\.jpg: 2 scores, 1 extras"):
        ImagePredictions("a.jpg", 1, 1, np.zeros(2, np.int64), np.zeros(2), np.zeros((2, 4)), extras=({},))


@pytest.mark.parametrize(
    ("bbox_format", "box"),
    [
        ("cxcywh_norm", (0.5, 0.25, 0.5, 0.125)),
        ("cxcywh_abs", (0.5, 0.25, 0.5, 0.125)),
        ("xywh_abs", (0.25, 0.1875, 0.5, 0.125)),
        ("xyxy_abs", (0.25, 0.1875, 0.75, 0.3125)),
    ],
)
def test_every_format_becomes_center_and_size(bbox_format, box):
    assert boxes_to_cxcywh(np.array([box]), bbox_format).tolist() == [[0.5, 0.25, 0.5, 0.125]]

from __future__ import annotations

import numpy as np
import pytest

from tests.data.builders import write_file, write_mask
from yolozu.data.labels import InstancePose
from yolozu.data.readers.bop_boxes import box_of_mask, box_of_points

ROWS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
K = (100.0, 110.0, 32.0, 24.0)


def test_a_mask_is_framed_from_border_to_border(tmp_path):
    assert box_of_mask(write_mask(tmp_path / "a.png", (3, 5, 4, 9))) == (3.0, 5.0, 4.0, 9.0)


def test_an_empty_mask_has_no_box_and_no_picture_is_told(tmp_path):
    assert box_of_mask(write_mask(tmp_path / "a.png", (0, 0, 0, 0))) is None
    with pytest.raises(ValueError, match=r"b\.png cannot be read"):
        box_of_mask(write_file(tmp_path / "b.png", "no picture"))


def test_a_model_is_framed_where_it_appears_unless_part_of_it_is_behind_the_camera():
    points_V3 = np.array([[0.0, 0.0, 0.0], [0.1, 0.2, 0.0]])
    assert box_of_points(points_V3, InstancePose("", ROWS, (0.0, 0.0, 1.0)), K) == pytest.approx((32, 24, 42, 46))
    assert box_of_points(points_V3, InstancePose("", ROWS, (0.0, 0.0, 0.0)), K) is None

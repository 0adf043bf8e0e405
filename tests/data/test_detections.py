from pathlib import Path

import numpy as np
import pytest

from yolozu.artifacts.classes import ClassTable
from yolozu.data.detections import on_original_image
from yolozu.data.index import ImageRecord
from yolozu.data.preprocess import Preprocess

NOTHING = np.zeros(0)


def test_boxes_go_back_to_the_image_classes_to_their_ids_and_the_border_to_nothing():
    # 50 x 50 becomes 64 x 64 in the middle of 96 x 64, with 16 px of border on either side.
    preprocess = Preprocess(height=64, width=96, fill=114)
    _, placement = preprocess.letterbox(np.zeros((50, 50, 3), dtype=np.uint8))
    record = ImageRecord(
        image="a.png", path=Path("a.png"), width=50, height=50, sha256="", class_indices=NOTHING.astype(np.int64),
        boxes_cxcywh=NOTHING.reshape(0, 4), is_crowd=NOTHING.astype(bool), areas_px=NOTHING, pose=None,
    )  # fmt: skip
    found = on_original_image(
        record,
        placement,
        ClassTable(("cup", "can"), (3, 7)),
        class_indices=np.array([1, 0]),
        scores=np.array([0.9, 0.8], dtype=np.float32),
        boxes_cxcywh=np.array([[0.5, 0.5, 32 / 96, 0.5], [4 / 96, 0.5, 4 / 96, 0.5]], dtype=np.float32),
    )
    assert (found.image, found.width, found.height) == ("a.png", 50, 50)
    assert found.class_ids.tolist() == [7]
    assert found.scores == pytest.approx([0.9])
    assert found.boxes_cxcywh == pytest.approx(np.array([[0.5, 0.5, 0.5, 0.5]]), abs=1e-6)

from dataclasses import replace
from pathlib import Path

import numpy as np

from yolozu.structures.image_record import ImageRecord

RECORD = ImageRecord(
    image="images/a.png",
    path=Path("data/images/a.png"),
    width=64,
    height=48,
    sha256="0" * 64,
    class_indices=np.array([1], dtype=np.int64),
    boxes_cxcywh=np.array([[0.5, 0.5, 0.25, 0.125]]),
    is_crowd=np.array([False]),
    areas_px=np.array([96.0]),
)


def test_what_only_some_images_have_is_written_for_them_alone():
    assert set(RECORD.to_json()) == {
        "image", "width", "height", "sha256", "class_indices", "boxes_cxcywh", "is_crowd", "areas_px", "poses", "masks",
    }  # fmt: skip
    told = replace(RECORD, number=7, labeled_classes=(0, 2), masks=(("masks/a.png", 3),)).to_json()
    assert (told["number"], told["labeled_classes"], told["masks"]) == (7, [0, 2], [["masks/a.png", 3]])

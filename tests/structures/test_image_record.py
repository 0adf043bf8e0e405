from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

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


@pytest.mark.parametrize(
    "record",
    [
        RECORD,
        replace(RECORD, number=7, masks=(("masks/a.png", 3),)),
        replace(RECORD, class_indices=np.zeros(0, dtype=np.int64), boxes_cxcywh=np.zeros((0, 4)),
                is_crowd=np.zeros(0, dtype=np.bool_), areas_px=np.zeros(0)),
    ],
    ids=["one object", "numbered and masked", "no object"],
)  # fmt: skip
def test_what_is_written_is_read_again(record):
    written = record.to_json()
    again = ImageRecord.from_json(written, Path("data"))
    assert again.to_json() == written
    assert (again.path, again.boxes_cxcywh.shape) == (record.path, record.boxes_cxcywh.shape)

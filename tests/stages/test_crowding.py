from dataclasses import replace

import numpy as np

from tests.training.tiny import make_index
from yolozu.stages.crowding import crowded_lines


def with_objects(record, count, crowd=0):
    return replace(
        record,
        class_indices=np.zeros(count, dtype=np.int64),
        boxes_cxcywh=np.full((count, 4), 0.5),
        is_crowd=np.arange(count) < crowd,
        areas_px=np.full(count, 9.0),
    )


def test_images_with_more_objects_than_queries_are_counted_and_the_fullest_is_named(tmp_path):
    index = make_index(tmp_path, "train", 4, seed=0)
    counts = ((5, 0), (9, 0), (7, 2), (6, 0))
    records = tuple(with_objects(record, *count) for record, count in zip(index.records, counts, strict=True))
    index = replace(index, records=records)
    calm = replace(index, records=records[:1], split="val")
    assert crowded_lines(9, index, calm) == ()
    assert crowded_lines(5, index, calm) == (
        "warning: 2 of 4 images of split train have more objects than the detector finds at most "
        "(model.num_queries: 5); the most are 9, in train/001.png: raise it, or cut these images into pieces",
    )

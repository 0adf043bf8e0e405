from __future__ import annotations

import pytest

from tests.data.builders import write_coco, write_yolo
from yolozu.data.layout import find_layout
from yolozu.data.registry import READERS

SAMPLES = {
    "yolo": lambda root: write_yolo(root, {"train/a": "1 0.5 0.5 0.5 0.25", "train/b": None}),
    "coco": lambda root: write_coco(root, [{"image_id": 20, "category_id": 7, "bbox": [16, 18, 32, 12]}]),
}


@pytest.mark.parametrize("name", READERS)
def test_every_reader_finds_the_same_in_its_format(tmp_path, name):
    layout = find_layout(SAMPLES[name](tmp_path))
    reader = READERS.load(name)(layout, layout.split("train"))
    labels = reader.read(reader.stated_classes())
    first, second = labels.images
    assert [entry.path.name for entry in labels.images] == ["a.png", "b.png"]
    assert [(entry.class_index, entry.box_cxcywh, entry.is_crowd) for entry in first.instances] == [
        (1, (0.5, 0.5, 0.5, 0.25), False)
    ]
    assert second.instances == ()
    assert (first.has_labels, second.has_labels) == (True, False)
    assert labels.stray == ()

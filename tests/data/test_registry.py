from __future__ import annotations

import pytest

from tests.data.builders import bop_box, bop_row, write_bop, write_coco, write_file, write_yolo
from yolozu.data.layouts.layout import find_layout
from yolozu.data.registry import READERS

YOLO = {"train/a": "1 0.5 0.5 0.5 0.25", "train/b": None}
SAMPLES = {
    "yolo": lambda root: write_yolo(root, YOLO),
    "coco": lambda root: write_coco(root, [{"image_id": 20, "category_id": 7, "bbox": [16, 18, 32, 12]}]),
    "bop": lambda root: write_bop(root, {0: [bop_row(7)]}, {0: [bop_box(16, 18, 32, 12)]}),
    "ultralytics": lambda root: write_file(write_yolo(root, YOLO) / "data.yaml", "train: images/train").parent,
}
NAMES = {"bop": ["000000.png", "000001.png"]}


@pytest.mark.parametrize("name", READERS)
def test_every_reader_finds_the_same_in_its_format(tmp_path, name):
    layout = find_layout(SAMPLES[name](tmp_path))
    reader = READERS.load(name)(layout, layout.split("train"))
    labels = reader.read(reader.stated_classes())
    first, second = labels.images
    assert layout.split("train").label_format == name
    assert [entry.path.name for entry in labels.images] == NAMES.get(name, ["a.png", "b.png"])
    assert [(entry.class_index, entry.box_cxcywh, entry.is_crowd) for entry in first.instances] == [
        (1, (0.5, 0.5, 0.5, 0.25), False)
    ]
    assert second.instances == ()
    assert (first.has_labels, second.has_labels) == (True, False)
    assert labels.stray == ()

from __future__ import annotations

import json
from functools import partial

import pytest

from tests.data.builders import bop_box, bop_row, write_bop, write_coco, write_file, write_yolo
from tests.data.readers.exports import write_cvat, write_label_studio, write_voc
from yolozu.data.classes import stated_classes
from yolozu.data.layouts.descriptor import PLACES
from yolozu.data.layouts.layout import find_layout
from yolozu.data.registry import READERS


def described(write, root):
    """What a tool exported, as a ``dataset.json`` describes it, so that the split has a name."""
    (split,) = find_layout(write(root)).splits.values()
    entry = {"images_dir": str(split.images_dir), PLACES[split.label_format]: str(split.labels)}
    write_file(root / "dataset.json", json.dumps({"splits": {"train": entry}}))
    return root


YOLO = {"train/a": "1 0.5 0.5 0.5 0.25", "train/b": None}
EXPORTED = {"voc": write_voc, "cvat": write_cvat, "label_studio": write_label_studio}
SAMPLES = {
    **{name: partial(described, write) for name, write in EXPORTED.items()},
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
    stated = reader.stated_classes()
    labels = reader.read(stated_classes(layout, {}) if stated is None else stated)
    first, second = labels.images
    assert layout.split("train").label_format == name
    assert [entry.path.name for entry in labels.images] == NAMES.get(name, ["a.png", "b.png"])
    assert [(entry.class_index, entry.box_cxcywh, entry.is_crowd) for entry in first.instances] == [
        (1, (0.5, 0.5, 0.5, 0.25), False)
    ]
    assert second.instances == ()
    assert (first.has_labels, second.has_labels) == (True, False)
    assert labels.stray == ()

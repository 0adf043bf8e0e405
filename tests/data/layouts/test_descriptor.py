"""What is refused is in ``test_layout.py``: a layout is how a descriptor is met."""

from __future__ import annotations

import json

import pytest

from tests.data.builders import write_file
from yolozu.data.layouts.descriptor import SplitEntry, read_descriptor
from yolozu.errors import InputError


def test_an_entry_says_its_format():
    assert SplitEntry(images_dir="a", labels_dir="b").label_format == "yolo"
    assert SplitEntry(images_dir="a", instances_json="b").label_format == "coco"
    assert SplitEntry(scenes_dir="a").label_format == "bop"


def test_every_finding_is_told_at_once(tmp_path):
    entry = {"images_dir": "x", "labels_dir": "y"}
    path = write_file(tmp_path / "dataset.json", json.dumps({"splits": {"a": {}, "b": entry}, "models_unit": "cm"}))
    with pytest.raises(InputError) as refused:
        read_descriptor(path)
    assert [finding.where.removeprefix(f"{path}: ") for finding in refused.value.findings] == [
        "splits.a",
        "models_unit",
    ]

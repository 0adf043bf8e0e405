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
    assert SplitEntry(images_dir="a", annotations_dir="b").label_format == "voc"
    assert SplitEntry(images_dir="a", annotations_xml="b").label_format == "cvat"
    assert SplitEntry(images_dir="a", tasks_json="b").label_format == "label_studio"


def test_every_finding_is_told_at_once(tmp_path):
    lines = [
        '{"splits": {"a": {},',
        '"b": {"images_dir": "x", "labels_dir": "y"},',
        '"b": {"scenes_dir": "x"}},',
        '"clases": ["cup"],',
        '"category_ids": [1, 2.5],',
        '"format": "coco",',
        '"models_unit": "cm"}',
    ]
    path = write_file(tmp_path / "dataset.json", "\n".join(lines))
    with pytest.raises(InputError) as refused:
        read_descriptor(path)
    assert str(refused.value).replace(f"{path}", "dataset.json") == (
        "dataset.json:1: splits.a: YZ203 says nowhere where its labels are\n"
        "  fix: give one of labels_dir, instances_json, scenes_dir, annotations_dir, annotations_xml and tasks_json\n"
        "dataset.json:3: splits.b: YZ203 written twice, first on line 2\n"
        "  fix: keep one of the two\n"
        "dataset.json:4: clases: YZ203 unknown key\n"
        "  fix: did you mean 'classes'?\n"
        "dataset.json:5: category_ids[1]: YZ203 must be a whole number, got 2.5\n"
        "  fix: correct or remove it\n"
        "dataset.json:7: models_unit: YZ203 must be m or mm, or null, got cm\n"
        "  fix: correct it, or drop models_unit for its default, null"
    )


def test_one_conflict_hides_no_other(tmp_path):
    document = {"splits": {"a": {"scenes_dir": "x"}}, "category_ids": [1], "models_dir": "m", "format": "yolo"}
    path = write_file(tmp_path / "dataset.json", json.dumps(document))
    with pytest.raises(InputError) as refused:
        read_descriptor(path)
    assert sorted(finding.where for finding in refused.value.findings) == [
        f"{path}:1: {key}" for key in ("category_ids", "format", "models_dir")
    ]

"""A data set that was moved."""

from pathlib import Path

import pytest

from yolozu.data.moved import Moved


@pytest.mark.parametrize(
    ("then", "now", "root", "at_present"),
    [
        ("parts", "/mnt/parts", "parts", "/mnt/parts"),
        ("parts", "../elsewhere", "parts", "../elsewhere"),
        ("a/data.yaml", "b/data.yaml", "a", "b"),
        ("a/data.yaml", "b/data.yaml", "a/inner", "b/inner"),
        ("a/data.yaml", "b/data.yaml", "/data/coco", "/data/coco"),
        ("/data/a", "b", "/data/a", "b"),
        ("coco.2017", "coco.2018", "coco.2017", "coco.2018"),
        ("a/b", "c", "a", "a"),
    ],
)
def test_where_a_root_is_now_and_how_it_was_known(then, now, root, at_present):
    moved = Moved(then, now)
    assert moved.at_present(Path(root)) == Path(at_present)
    assert moved.as_known(Path(at_present)) == Path(root)

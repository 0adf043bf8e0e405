from pathlib import Path

import pytest

from tests.app.test_datasets import make_split
from yolozu.app.conversion import conversion_numbers
from yolozu.artifacts.coco_classes import COCO_NAMES
from yolozu.progress import SilentProgress


@pytest.mark.parametrize(("ids", "differ"), [(None, True), ("coco", False)])
def test_categories_are_the_data_set_s_where_coco_counts_otherwise(tmp_path, monkeypatch, ids, differ):
    monkeypatch.chdir(tmp_path)
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n"])
    (tmp_path / "data" / "classes.txt").write_text("\n".join(COCO_NAMES))
    known, numbers, said = conversion_numbers(Path("data"), None, None, ids, SilentProgress())
    assert (known is not None, numbers is not None, said) == (True, True, differ)


def test_nothing_is_known_without_data_and_annotations():
    assert conversion_numbers(None, None, None, None, SilentProgress()) == (None, None, False)

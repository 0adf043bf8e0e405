import json
from pathlib import Path

import pytest

from tests.app.test_datasets import make_split
from tests.artifacts.predictions.samples import detection, entry, write
from yolozu.app.conversion import convert
from yolozu.artifacts.coco_classes import COCO_NAMES
from yolozu.progress import SilentProgress

OPTIONS = {"bbox_format": None, "to_bbox_format": None, "split": None, "progress": SilentProgress()}
BOX = {"cx": 0.5, "cy": 0.5, "w": 0.25, "h": 0.5}


@pytest.mark.parametrize(("ids", "category", "differ"), [(None, 79, True), ("coco", 90, False)])
def test_categories_are_the_data_set_s_where_coco_counts_otherwise(tmp_path, monkeypatch, ids, category, differ):
    monkeypatch.chdir(tmp_path)
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n"])
    (tmp_path / "data" / "classes.txt").write_text("\n".join(COCO_NAMES))
    path = write(tmp_path, [entry("0.png", detection(class_id=79, bbox=BOX), image_size={"width": 64, "height": 48})])
    output, names = tmp_path / "results.json", {"annotations": None, "category_ids": ids}
    done, said = convert(path, output, "coco", dataset=Path("data"), **names, **OPTIONS)
    assert (done.images, said) == (1, differ)
    assert [row["category_id"] for row in json.loads(output.read_text())] == [category]
    assert convert(path, output, "list", dataset=None, annotations=None, category_ids=None, **OPTIONS)[1] is False

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.data.builders import (
    TETRAHEDRON,
    index_at,
    survey_of,
    write_file,
    write_image,
    write_ply,
    write_sidecar,
    write_yolo,
)
from yolozu.artifacts.digest import DigestCache, digest_file
from yolozu.data.images import ImageFacts
from yolozu.data.layouts.layout import find_layout
from yolozu.data.survey import classes_of_data, survey
from yolozu.errors import InputError
from yolozu.progress import SilentProgress


def test_every_image_has_its_size_digest_and_labels(tmp_path):
    root = write_yolo(tmp_path, {"train/b": "0 .5 .5 .1 .1", "train/a": None, "val/c": ""})
    surveyed = survey_of(root, "train", "val")
    assert [split.name for split in surveyed.splits] == ["train", "val"]
    first, second = surveyed.splits[0].images
    assert (first.labeled.image, second.labeled.image) == ("images/train/a.png", "images/train/b.png")
    assert first.facts == ImageFacts(64, 48, None)
    assert first.sha256 == digest_file(root / "images/train/a.png")
    assert [instance.class_index for _, _, instance in surveyed.instances()] == [0]


def test_a_damaged_image_is_surveyed_too(tmp_path):
    root = write_yolo(tmp_path, {"train/a": ""})
    write_file(root / "images/train/b.png", "no image")
    assert [image.facts.problem is None for image in survey_of(root).splits[0].images] == [True, False]


def test_progress_counts_images(tmp_path):
    counted = []

    class Counting(SilentProgress):
        def bar(self, title, total, done=0):
            counted.append((title, total))
            return super().bar(title, total, done)

    layout = find_layout(write_yolo(tmp_path, {"train/a": "", "train/b": "", "val/c": ""}))
    survey(layout, ["train", "val"], DigestCache(None), Counting())
    assert counted == [("looking at images", 3)]


def test_a_split_without_images_is_refused(tmp_path):
    (tmp_path / "images/train").mkdir(parents=True)
    with pytest.raises(InputError, match="YZ209 split 'train' holds no image"):
        survey_of(tmp_path)


def test_polygons_keep_their_area_and_boxes_get_theirs(tmp_path):
    write_image(tmp_path / "images/train/a.png", 200, 100)
    write_file(tmp_path / "labels/train/a.txt", "0 0.2 0.2 0.6 0.2 0.2 0.8\n0 0.5 0.5 0.1 0.2\n")
    record = index_at(tmp_path, "train").records[0]
    np.testing.assert_allclose(record.areas_px, [0.12 * 20000, 20 * 20])


def test_meshes_count_over_shapes_of_sidecars_and_of_those_the_first(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 .5 .5 .1 .1\n1 .5 .5 .1 .1", "val/b": "0 .5 .5 .1 .1\n1 .2 .2 .1 .1"})
    for size, name in ((0.1, "train/a"), (0.2, "val/b")):
        shape = {"cad_points": [[0, 0, 0], [size, 0, 0]]}
        write_sidecar(root, name, shape, shape)
    splits = {name: {"images_dir": f"images/{name}", "labels_dir": f"labels/{name}"} for name in ("train", "val")}
    document = {"splits": splits, "models_dir": "meshes", "models_unit": "mm"}
    write_file(root / "dataset.json", json.dumps(document))
    write_ply(root / "meshes/dog.ply", TETRAHEDRON)
    models = survey_of(root, "train", "val").models.by_class
    assert {index: model.diameter for index, model in models.items()} == pytest.approx({0: 0.1, 1: 0.05})


def test_real_images_are_all_readable(real_data):
    surveyed = survey_of(real_data / "coco128", "val2017")
    assert len(surveyed.classes) == 80
    assert {image.facts.problem for image in surveyed.splits[0].images} == {None}
    assert len({image.sha256 for image in surveyed.splits[0].images}) == 128


def test_classes_are_known_without_looking_at_an_image(tmp_path):
    """The same as a survey finds, whether files name them or labels count them."""
    labels = {"train/0": "0 .5 .5 .1 .1", "val/0": "3 .5 .5 .1 .1"}
    for root in (write_yolo(tmp_path / "named", labels), write_yolo(tmp_path / "counted", labels, classes=None)):
        classes = classes_of_data(find_layout(root), ["train"])
        assert classes == survey_of(root, "train").classes
    assert classes.names == ("class_0", "class_1", "class_2", "class_3")

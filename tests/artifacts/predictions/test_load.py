from __future__ import annotations

import math

import numpy as np
import pytest

from tests.artifacts.predictions.samples import POSE, detection, entry, wrapped, write
from yolozu.artifacts.predictions import KnownImages, load_predictions, read_predictions, scan
from yolozu.errors import InputError


def test_entries_become_arrays_in_the_order_of_the_file(tmp_path):
    camera = {"fx": 500, "fy": 500, "cx": 320, "cy": 240}
    value = wrapped(
        entry("a.jpg", detection(), detection(class_id=7, score=1, **POSE), intrinsics=camera),
        entry("b.jpg", detections=[], image_size=...),
    )
    first, second = read_predictions(write(tmp_path, value))
    assert (first.image, first.width, first.height, first.intrinsics) == ("a.jpg", 640, 480, camera)
    assert first.class_ids.tolist() == [3, 7]
    assert first.class_ids.dtype == np.int64
    assert first.scores.tolist() == [0.5, 1.0]
    assert first.boxes_cxcywh.tolist() == [[0.5, 0.4, 0.2, 0.1]] * 2
    assert first.fields() == [{}, POSE]
    assert (second.image, second.width, second.height, len(second), second.fields()) == ("b.jpg", None, None, 0, [])


@pytest.mark.parametrize("block", [1, 2, 3, 4096])
def test_blocks_of_any_size_give_the_same_images(tmp_path, monkeypatch, block):
    monkeypatch.setattr(scan, "BLOCK", block)
    entries = [
        entry(f"{i}.jpg", *[detection(class_id=i, score=n / 10) for n in range(i % 4)], note=i) for i in range(9)
    ]
    entries = [{**one, "detections": one["detections"] if i % 4 else []} for i, one in enumerate(entries)]
    images = read_predictions(write(tmp_path, entries))
    assert [image.image for image in images] == [f"{i}.jpg" for i in range(9)]
    assert [image.scores.tolist() for image in images] == [[n / 10 for n in range(i % 4)] for i in range(9)]
    assert [set(image.class_ids.tolist()) for image in images] == [{i} if i % 4 else set() for i in range(9)]


def test_boxes_declared_in_pixels_come_normalized(tmp_path):
    box = {"x1": 128, "y1": 96, "x2": 192, "y2": 144}
    value = {
        "predictions": [entry("a.jpg", detection(bbox=box))],
        "schema_version": 1,
        "meta": {"bbox_format": "xyxy_abs"},
    }
    loaded = load_predictions(write(tmp_path, value))
    np.testing.assert_allclose(loaded.images[0].boxes_cxcywh, [[0.25, 0.25, 0.1, 0.1]], rtol=1e-15)
    assert loaded.check.bbox_format == "xyxy_abs"


def test_images_of_a_data_set_come_by_their_path_there(tmp_path):
    known = KnownImages(("images/val/1.jpg",), ((640, 480),), frozenset((3,)))
    (image,) = read_predictions(write(tmp_path, [entry("1.jpg", image_size=...)]), known=known)
    assert (image.image, image.width, image.height) == ("images/val/1.jpg", 640, 480)


def test_warnings_do_not_stop_reading(tmp_path):
    value = wrapped(entry("a.jpg", detection(note=1)), schema_version=...)
    loaded = load_predictions(write(tmp_path, value))
    assert loaded.images[0].fields() == [{"note": 1}]
    assert loaded.check.warnings == 2


@pytest.mark.parametrize("bbox_format", ["cxcywh_norm", "cxcywh_abs"])
def test_a_file_that_has_passed_is_read_as_before(tmp_path, bbox_format):
    value = wrapped(
        entry("a.jpg", detection(), detection(class_id=7, score=1, **POSE), detection(note={"deep": [1]})),
        entry("b.jpg", detections=[]),
        meta=...,
    )
    path = write(tmp_path, {**value, "meta": {"bbox_format": bbox_format}})
    for checked, passed in zip(read_predictions(path), read_predictions(path, passed=True), strict=True):
        assert (checked.image, checked.width, checked.height) == (passed.image, passed.width, passed.height)
        assert checked.class_ids.tolist() == passed.class_ids.tolist()
        assert checked.scores.tolist() == passed.scores.tolist()
        assert checked.boxes_cxcywh.tolist() == passed.boxes_cxcywh.tolist()
        assert checked.fields() == passed.fields()


@pytest.mark.parametrize(
    "value",
    [
        '{"predictions": [{"image": "a.jpg", "detections": [{]}',
        "3",
        wrapped(entry("a.jpg", detection(class_id=...))),
        wrapped(entry("a.jpg", detection(bbox=[1, 2, 3, 4]))),
        wrapped(entry("a.jpg", detection(score=10**400))),
        wrapped(entry("a.jpg", "cup")),
        wrapped(entry("a.jpg", detections=3)),
        wrapped(entry(image=...)),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_alike_whether_or_not_it_has_passed(tmp_path, value):
    path = write(tmp_path, value)
    with pytest.raises(InputError) as full:
        read_predictions(path)
    with pytest.raises(InputError) as caught:
        read_predictions(path, passed=True)
    assert str(caught.value) == str(full.value)


def test_a_file_with_errors_is_refused_with_all_of_them(tmp_path):
    many = [detection(score=math.nan) for _ in range(25)]
    path = write(tmp_path, wrapped(entry("a.jpg", *many, detection(class_id=True)), schema_version=...))
    with pytest.raises(InputError) as caught:
        read_predictions(path)
    texts = str(caught.value).splitlines()[::2]
    assert texts[0] == f"{path}: predictions[0].detections[0].score: YZ708 nan is not finite"
    assert texts[20] == f"{path}: predictions[0].detections[25].class_id: YZ707 the boolean true, not an integer"
    assert texts[21] == f"{path}: YZ719 5 more errors of these kinds"
    assert len(texts) == 22

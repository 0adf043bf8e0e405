from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.artifacts.predictions.samples import POSE
from yolozu.artifacts.predictions import load_predictions, read_predictions, write_predictions
from yolozu.errors import InputError
from yolozu.structures.predictions import ImagePredictions


def image(name="images/val/1.jpg", boxes=((0.5, 0.4, 0.2, 0.1),), **more):
    count = len(boxes)
    return ImagePredictions(
        name,
        more.pop("width", 640),
        more.pop("height", 480),
        np.arange(count, dtype=np.int64),
        np.array(more.pop("scores", np.linspace(1, 0.5, count)), np.float64),
        np.array(boxes, np.float64).reshape(-1, 4),
        **more,
    )


def test_the_text_is_this(tmp_path):
    path = tmp_path / "predictions.json"
    write_predictions(path, [image(), image("ü.jpg", boxes=(), width=None, height=None)], {"adapter": "onnxruntime"})
    assert path.read_text(encoding="utf-8") == (
        '{"schema_version":1,"meta":{"adapter":"onnxruntime","bbox_format":"cxcywh_norm"},"predictions":[\n'
        '{"image":"images/val/1.jpg","image_size":{"width":640,"height":480},"detections":['
        '{"class_id":0,"score":1.0,"bbox":{"cx":0.5,"cy":0.4,"w":0.2,"h":0.1}}]},\n'
        '{"image":"ü.jpg","detections":[]}\n'
        "]}\n"
    )


def test_a_bare_list_has_entries_only(tmp_path):
    path = tmp_path / "predictions.json"
    write_predictions(path, [image(boxes=())], {"adapter": "dummy"}, wrap=False)
    size = {"width": 640, "height": 480}
    assert json.loads(path.read_text()) == [{"image": "images/val/1.jpg", "image_size": size, "detections": []}]


@pytest.mark.parametrize("wrap", [True, False])
def test_no_images_are_an_empty_list(tmp_path, wrap):
    write_predictions(tmp_path / "p.json", [], {}, wrap=wrap)
    assert read_predictions(tmp_path / "p.json") == []


floats = st.floats(0, 1)
images = st.builds(
    lambda boxes, extras, camera: image(
        boxes=boxes,
        scores=[box[0] for box in boxes],
        extras=tuple(extras for _ in boxes) if extras else (),
        intrinsics=camera,
    ),
    st.lists(st.tuples(floats, floats, st.floats(1e-6, 1), st.floats(1e-6, 1)), max_size=4),
    st.sampled_from([{}, POSE]),
    st.sampled_from([None, [500, 0, 320, 0, 500, 240, 0, 0, 1]]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(images, max_size=3), st.booleans())
def test_what_is_read_is_bit_for_bit_what_was_written(tmp_path, entries, wrap):
    named = [
        ImagePredictions(
            f"{place}.jpg", e.width, e.height, e.class_ids, e.scores, e.boxes_cxcywh, e.extras, e.intrinsics
        )
        for place, e in enumerate(entries)
    ]
    path = tmp_path / "p.json"
    write_predictions(path, named, {"adapter": "x"}, wrap=wrap)
    loaded = load_predictions(path)
    assert loaded.check.findings == ()
    for written, read in zip(named, loaded.images, strict=True):
        assert (written.image, written.width, written.height) == (read.image, read.width, read.height)
        assert written.class_ids.tolist() == read.class_ids.tolist()
        assert written.scores.tolist() == read.scores.tolist()
        assert written.boxes_cxcywh.tolist() == read.boxes_cxcywh.tolist()
        assert (written.extras, written.intrinsics) == (read.extras, read.intrinsics)


def test_numbers_that_json_cannot_say_are_refused_and_the_old_file_stays(tmp_path):
    path = tmp_path / "p.json"
    write_predictions(path, [image()], {})
    before = path.read_bytes()
    boxes = [(0.5, 0.5, 0.1, 0.1), (0.5, math.nan, 0.1, 0.1)]
    with pytest.raises(
        InputError, match=r"images/val/1.jpg: detections\[1\]: YZ708 score 0.5, box \[0.5, nan, 0.1, 0.1\]"
    ):
        write_predictions(path, [image(boxes=boxes)], {})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]

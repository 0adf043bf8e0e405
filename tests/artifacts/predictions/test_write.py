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


def test_columns_of_poses_are_written_as_fields_of_their_detections(tmp_path):
    """To the last digit, also of numbers that were float32; a field that a detection does not have is not there."""
    no = math.nan
    poses = {
        "R": np.array([np.eye(3), np.full((3, 3), no)]),
        "t_xyz": np.array([[0.1, -0.2, np.float32(0.8)], [no, no, no]]),
        "log_z": np.array([-0.25, no]),
        "rot6d": np.array([[1, 0, 0, 0, 1, 0], [0, 1, 0, -1, -0.0, 0]], np.float64),
        "offsets": np.array([[1.5, -2], [1e-7, 1e16]]),
        "k_delta": np.broadcast_to(np.float64([0, 0.01, 1, -1]), (2, 4)),
        "sigma_z": np.array([no, 1 / 3]),
    }
    path = tmp_path / "p.json"
    boxes = ((0.5, 0.4, 0.2, 0.1),) * 2
    write_predictions(path, [image(boxes=boxes, poses=poses, extras=({}, {"note": 1}))], {}, wrap=False)
    assert path.read_text() == (
        '[\n{"image":"images/val/1.jpg","image_size":{"width":640,"height":480},"detections":['
        '{"class_id":0,"score":1.0,"bbox":{"cx":0.5,"cy":0.4,"w":0.2,"h":0.1},'
        '"R":[[1.0,0.0,0.0],[0.0,1.0,0.0],[0.0,0.0,1.0]],"t_xyz":[0.1,-0.2,0.800000011920929],"log_z":-0.25,'
        '"rot6d":[1.0,0.0,0.0,0.0,1.0,0.0],"offsets":[1.5,-2.0],"k_delta":[0.0,0.01,1.0,-1.0]},'
        '{"class_id":1,"score":0.5,"bbox":{"cx":0.5,"cy":0.4,"w":0.2,"h":0.1},'
        '"rot6d":[0.0,1.0,0.0,-1.0,-0.0,0.0],"offsets":[1e-07,1e+16],"k_delta":[0.0,0.01,1.0,-1.0],'
        '"sigma_z":0.3333333333333333,"note":1}]}\n]\n'
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
        assert (written.fields(), written.intrinsics) == (read.fields(), read.intrinsics)


def test_numbers_that_json_cannot_say_are_refused_and_the_old_file_stays(tmp_path):
    path = tmp_path / "p.json"
    write_predictions(path, [image()], {})
    before = path.read_bytes()
    boxes = [(0.5, 0.5, 0.1, 0.1), (0.5, math.nan, 0.1, 0.1)]
    with pytest.raises(
        InputError, match=r"images/val/1.jpg: detections\[1\]: YZ708 score 0.5, box \[0.5, nan, 0.1, 0.1\]"
    ):
        write_predictions(path, [image(boxes=boxes)], {})
    poses = {"t_xyz": np.array([[0.0, 0.0, 1.0], [0.0, math.nan, 1.0]])}
    with pytest.raises(InputError, match=r"images/val/1.jpg: detections\[1\]: YZ708 t_xyz \[0.0, nan, 1.0\]"):
        write_predictions(path, [image(boxes=boxes[:1] * 2, poses=poses)], {})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]

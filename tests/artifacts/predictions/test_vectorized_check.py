from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.artifacts.predictions.samples import POSE, detection
from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.detections import DetectionRules, findings_in
from yolozu.artifacts.predictions.types import BOX_KEYS
from yolozu.artifacts.predictions.vectorized_check import columns_of, keys_of

ODD = st.sampled_from(
    [None, True, "1", -1, 0, 0.5, 1, 1.5, 3, 7, math.nan, math.inf, 10**30, 10**400, [], [1.0], {}, 1e308, 320.0]
)
WRONG_POSE = {
    "R": ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 0, -1]], [[1e200, 0, 0]] * 3),
    "t_xyz": ([0, 0, -1], [0, 0, 0], [0, 0, 2]),
    "log_z": (1, 1e308),
    "rot6d": ([0] * 6, [1, 0, 0, 0, 1, 0], [1e200, 0, 0, 0, 1e200, 0]),
    "k_delta": ([-1, 0, 0, 0], [0, -2.5, 0, 0]),
}
"""Well-formed, but wrong in themselves or beside others."""
NUMBERS = st.sampled_from([0, 0.1, 0.5, 1, 1.0000001, 0.0, 30, 400.5]) | st.floats(0, 1)


@st.composite
def detections(draw, bbox_format):
    box = {key: draw(NUMBERS) for key in BOX_KEYS[bbox_format]}
    value = detection(class_id=draw(st.sampled_from([0, 3, 7])), bbox=box)
    for name in draw(st.sets(st.sampled_from(sorted(POSE)), max_size=5)):
        value[name] = draw(st.sampled_from((POSE[name], POSE[name], *WRONG_POSE.get(name, ()))))
    if draw(st.booleans()):
        name = draw(st.sampled_from([*value, "R"]))
        value[name] = draw(ODD | st.lists(NUMBERS, min_size=2, max_size=4))
    if draw(st.integers(0, 4)) == 0 and isinstance(value["bbox"], dict) and value["bbox"]:
        value["bbox"][draw(st.sampled_from(sorted(value["bbox"])))] = draw(ODD)
    return value


@pytest.mark.slow
@pytest.mark.parametrize("bbox_format", get_args(BoxFormat))
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_suspects_are_all_that_the_exact_check_objects_to(bbox_format, data):
    values = data.draw(st.lists(detections(bbox_format), min_size=1, max_size=5))
    rules = DetectionRules(bbox_format, frozenset((3, 7)))
    size = (640, 480)
    exact = [any(True for _ in findings_in(value, "p", size, rules)) for value in values]
    keys = keys_of(values)
    assert keys is not None
    columns = columns_of(values, np.tile(np.array(size, np.float64), (len(values), 1)), keys, rules)
    if columns is None:
        assert any(exact)
    else:
        assert [bool(suspect) for suspect in columns.suspects] >= exact
        lists_of_sigma = any(isinstance(value.get("sigma_rot"), list) for value in values)
        odd_shapes = any(isinstance(value.get(name), (list, dict)) for value in values for name in value)
        assert lists_of_sigma or odd_shapes or [bool(suspect) for suspect in columns.suspects] == exact


def test_columns_are_the_numbers_of_the_detections():
    values = [detection(), detection(class_id=7, score=1, bbox={"cx": 1, "cy": 0, "w": 0.25, "h": 1})]
    columns = columns_of(values, np.ones((2, 2)), frozenset(), DetectionRules("cxcywh_norm"))
    assert columns is not None
    assert columns.class_ids.tolist() == [3, 7]
    assert columns.scores.tolist() == [0.5, 1.0]
    assert columns.boxes_cxcywh.tolist() == [[0.5, 0.4, 0.2, 0.1], [1.0, 0.0, 0.25, 1.0]]
    assert columns.suspects.tolist() == [False, False]


@pytest.mark.parametrize(
    ("bbox_format", "bbox"),
    [
        ("cxcywh_abs", {"cx": 160, "cy": 120, "w": 64, "h": 48}),
        ("xywh_abs", {"x": 128, "y": 96, "w": 64, "h": 48}),
        ("xyxy_abs", {"x1": 128, "y1": 96, "x2": 192, "y2": 144}),
    ],
)
def test_boxes_in_pixels_become_normalized(bbox_format, bbox):
    sizes = np.array([[640.0, 480.0]])
    columns = columns_of([detection(bbox=bbox)], sizes, frozenset(), DetectionRules(bbox_format))
    assert columns is not None
    np.testing.assert_allclose(columns.boxes_cxcywh, [[0.25, 0.25, 0.1, 0.1]], rtol=1e-15)


def test_no_detections_are_empty_columns():
    columns = columns_of([], np.zeros((0, 2)), frozenset(), DetectionRules("xyxy_abs", frozenset((1,))))
    assert columns is not None
    assert columns.boxes_cxcywh.shape == (0, 4)


def test_keys_are_told_only_of_plain_objects():
    assert keys_of([{"a": 1}, {"b": 1}]) == {"a", "b"}
    assert keys_of([{"a": 1}, None]) is None

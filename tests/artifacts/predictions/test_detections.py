from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.artifacts.predictions.samples import POSE, detection
from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.boxes import BOX_KEYS
from yolozu.artifacts.predictions.detections import DetectionRules, columns_of, findings_in, keys_of
from yolozu.artifacts.predictions.stream import RepeatedKeys

RULES = DetectionRules("cxcywh_norm", frozenset((3, 7)))
BOX = {"cx": 0.5, "cy": 0.4, "w": 0.2, "h": 0.1}


def texts(value, rules=RULES, size=(640, 480)) -> list[str]:
    return [finding.render().splitlines()[0] for finding in findings_in(value, "p[0]", size, rules)]


def box(**changes):
    return detection(bbox={key: value for key, value in {**BOX, **changes}.items() if value is not ...})


@pytest.mark.parametrize(
    "value",
    [
        detection(),
        detection(score=0),
        detection(score=1),
        detection(**POSE),
        box(cx=0, cy=1, w=1, h=1),
        box(w=1 + 1e-9),
        detection(note="free words"),
    ],
)
def test_nothing_is_said_of_a_sound_detection(value):
    assert texts(value) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ["p[0]: YZ702 null where a detection should be"]),
        ([1, 2], ["p[0]: YZ702 a list where a detection should be"]),
        (detection(class_id=...), ["p[0].class_id: YZ703 missing"]),
        (detection(class_id=True), ["p[0].class_id: YZ707 the boolean true, not an integer"]),
        (detection(class_id="3"), ["p[0].class_id: YZ707 the text '3', not an integer"]),
        (detection(class_id=3.0), ["p[0].class_id: YZ707 the number 3.0, not an integer"]),
        (detection(class_id=-1), ["p[0].class_id: YZ709 -1 is outside 0 … 2147483647"]),
        (detection(class_id=5), ["p[0].class_id: YZ715 no class of the data set has the id 5"]),
        (detection(score=...), ["p[0].score: YZ703 missing"]),
        (detection(score=None), ["p[0].score: YZ707 null, not a number"]),
        (detection(score="0.5"), ["p[0].score: YZ707 the text '0.5', not a number"]),
        (detection(score=math.nan), ["p[0].score: YZ708 nan is not finite"]),
        (detection(score=math.inf), ["p[0].score: YZ708 inf is not finite"]),
        (detection(score=1.5), ["p[0].score: YZ709 1.5 is outside [0, 1]"]),
        (detection(score=-0.1), ["p[0].score: YZ709 -0.1 is outside [0, 1]"]),
        (detection(bbox=...), ["p[0].bbox: YZ703 missing"]),
        (detection(bbox=[0.5, 0.5, 0.1, 0.1]), ["p[0].bbox: YZ707 a list, not an object"]),
        (box(h=...), ["p[0].bbox.h: YZ703 missing"]),
        (box(w=False), ["p[0].bbox.w: YZ707 the boolean false, not a number"]),
        (box(w=-math.inf), ["p[0].bbox.w: YZ708 -inf is not finite"]),
        (box(w=-0.1), ["p[0].bbox: YZ709 negative size -0.1 x 0.1"]),
        (box(w=0), ["p[0].bbox: warning: YZ712 empty box 0 x 0.1"]),
        (box(cx=1.01), ["p[0].bbox: warning: YZ712 center 1.01, 0.4, size 0.2 x 0.1 reaches beyond the image"]),
        (box(cx=320, w=64), ["p[0].bbox: YZ709 center 320, 0.4, size 64 x 0.1 is no box in the image"]),
        (
            box(cx=10**400),
            ["p[0].bbox.cx: YZ709 100000000000000000...0000000000000000000 is no number a computer calculates with"],
        ),
        (
            detection(R=[1, 0, 0]),
            [f"p[0].R[{i}]: YZ707 the number {n}, not a list of 3" for i, n in enumerate((1, 0, 0))],
        ),
        (detection(R=[[1, 0], [0, 1]]), ["p[0].R: YZ710 2 items, not 3"]),
        (detection(R=[[1, 0, 0], [0, 1, 0], [0, 0, "1"]]), ["p[0].R[2][2]: YZ707 the text '1', not a number"]),
        (
            detection(R=[[2, 0, 0], [0, 1, 0], [0, 0, 1]]),
            ["p[0].R: YZ711 no rotation: R Rᵀ differs from the identity by 3"],
        ),
        (detection(R=[[-1, 0, 0], [0, 1, 0], [0, 0, 1]]), ["p[0].R: YZ711 no rotation: determinant -1, a reflection"]),
        (detection(t_xyz=[1, 2]), ["p[0].t_xyz: YZ710 2 items, not 3"]),
        (detection(t_xyz=[1, math.nan, 2]), ["p[0].t_xyz[1]: YZ708 nan is not finite"]),
        (detection(log_z=[1]), ["p[0].log_z: YZ707 a list, not a number"]),
        (detection(rot6d=[0] * 9), ["p[0].rot6d: YZ710 9 items, not 6"]),
        (detection(offsets={}), ["p[0].offsets: YZ707 an object, not a list of 2"]),
        (detection(k_delta=[0, 0, 0, True]), ["p[0].k_delta[3]: YZ707 the boolean true, not a number"]),
        (
            detection(rot6d=[1, 0, 0, -2, 0, 0]),
            ["p[0].rot6d: YZ711 no rotation: its two columns span no plane"],
        ),
        (detection(t_xyz=[1, 2, -0.5]), ["p[0].t_xyz[2]: YZ720 z = -0.5 is not in front of the camera"]),
        (detection(t_xyz=[1, 2, 0]), ["p[0].t_xyz[2]: YZ720 z = 0 is not in front of the camera"]),
        (detection(k_delta=[0, -1.5, 0, 0]), ["p[0].k_delta: YZ709 dfx 0, dfy -1.5 leave no focal length"]),
        (
            detection(t_xyz=[1, 2, 1], log_z=1),
            ["p[0].log_z: warning: YZ721 says something else than t_xyz: they differ by 1"],
        ),
        (
            detection(R=POSE["R"], rot6d=[1, 0, 0, 0, 1, 0]),
            ["p[0].rot6d: warning: YZ721 says something else than R: they differ by 1"],
        ),
        (detection(**{**POSE, "log_z": [1]}), ["p[0].log_z: YZ707 a list, not a number"]),
        (detection(**{**POSE, "t_xyz": [0, 0, -1]}), ["p[0].t_xyz[2]: YZ720 z = -1 is not in front of the camera"]),
        (detection(**POSE), []),
        (detection(sigma_z=-1), ["p[0].sigma_z: YZ709 -1 is outside [0, ∞)"]),
        (detection(sigma_rot=[0.1, "x"]), ["p[0].sigma_rot[1]: YZ707 the text 'x', not a number"]),
    ],
)
def test_every_problem_is_named_with_its_json_path(value, expected):
    assert texts(value) == expected


def test_all_problems_of_a_detection_come_together_with_their_fixes():
    value = detection(class_id=True, score=2, bbox={"cx": 0.5, "cy": 0.5, "w": "1"}, R=[])
    assert [finding.render() for finding in findings_in(value, "[0].detections[1]", None, RULES)] == [
        (
            "[0].detections[1].class_id: YZ707 the boolean true, not an integer\n"
            "  fix: write an integer without quotes or fraction"
        ),
        "[0].detections[1].score: YZ709 2 is outside [0, 1]\n  fix: write score inside it",
        "[0].detections[1].bbox.w: YZ707 the text '1', not a number\n  fix: write a number without quotes",
        (
            "[0].detections[1].bbox.h: YZ703 missing\n"
            "  fix: cxcywh_norm boxes have cx, cy, w, h; declare another bbox_format if these are none"
        ),
        "[0].detections[1].R: YZ710 0 items, not 3\n  fix: write R as 3 lists of 3 numbers",
    ]


def test_a_misspelled_key_is_offered():
    finding = next(iter(findings_in({"class_id": 3, "scor": 0.5, "bbox": BOX}, "p[0]", None, RULES)))
    assert finding.fix == "rename 'scor' to 'score'"


def test_keys_that_stand_twice_are_errors():
    value = RepeatedKeys(detection(bbox=RepeatedKeys(BOX)))
    value.repeated, value["bbox"].repeated = ("score",), ("cx",)
    assert texts(value) == [
        "p[0].score: YZ706 the key stands twice in one object",
        "p[0].bbox.cx: YZ706 the key stands twice in one object",
    ]


@pytest.mark.parametrize(
    ("bbox_format", "bbox", "expected"),
    [
        ("cxcywh_abs", {"cx": 320, "cy": 240, "w": 640, "h": 480}, []),
        ("xywh_abs", {"x": 0, "y": 0, "w": 640, "h": 480}, []),
        ("xyxy_abs", {"x1": 0, "y1": 0, "x2": 640, "y2": 480}, []),
        ("xyxy_abs", {"x1": 10, "y1": 0, "x2": 5, "y2": 4}, ["p[0].bbox: YZ709 negative size -5 x 4"]),
        (
            "xywh_abs",
            {"x": 0, "y": 0, "w": 700, "h": 480},
            ["p[0].bbox: warning: YZ712 center 350, 240, size 700 x 480 reaches beyond the image"],
        ),
        ("xyxy_abs", BOX, [f"p[0].bbox.{key}: YZ703 missing" for key in ("x1", "y1", "x2", "y2")]),
    ],
)
def test_boxes_in_pixels_are_held_against_the_image(bbox_format, bbox, expected):
    assert texts(detection(bbox=bbox), DetectionRules(bbox_format)) == expected


def test_boxes_in_pixels_without_an_image_size_are_held_against_their_own_size_only():
    rules = DetectionRules("xywh_abs")
    assert texts(detection(bbox={"x": 1e5, "y": 0, "w": 5, "h": 5}), rules, size=None) == []
    assert texts(detection(bbox={"x": 0, "y": 0, "w": -5, "h": 5}), rules, size=None) == [
        "p[0].bbox: YZ709 negative size -5 x 5"
    ]


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
SOME_NUMBERS = st.sampled_from([0, 0.1, 0.5, 1, 1.0000001, 0.0, 30, 400.5]) | st.floats(0, 1)


@st.composite
def detections(draw, bbox_format):
    box = {key: draw(SOME_NUMBERS) for key in BOX_KEYS[bbox_format]}
    value = detection(class_id=draw(st.sampled_from([0, 3, 7])), bbox=box)
    for name in draw(st.sets(st.sampled_from(sorted(POSE)), max_size=5)):
        value[name] = draw(st.sampled_from((POSE[name], POSE[name], *WRONG_POSE.get(name, ()))))
    if draw(st.booleans()):
        name = draw(st.sampled_from([*value, "R"]))
        value[name] = draw(ODD | st.lists(SOME_NUMBERS, min_size=2, max_size=4))
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

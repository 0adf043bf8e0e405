from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.tta.scenes import BOXES_PX, HEIGHT, WIDTH, record_of, scene, seen_in
from yolozu.artifacts.predictions.poses import pose_findings
from yolozu.data.detections import on_original_image
from yolozu.data.preprocess import Preprocess
from yolozu.errors import InputError
from yolozu.geometry.rotation_arrays import rotation_angles
from yolozu.predict.tta.fusion import fuse
from yolozu.predict.tta.matching import Seen
from yolozu.predict.tta.views import OWN, View
from yolozu.structures.classes import ClassTable
from yolozu.structures.detections import RawDetections

SQUARE = Preprocess(height=100, width=100, fill=0)
CLASSES = ClassTable(("cup", "can"), (3, 7))
TRUE_BOXES = BOXES_PX / np.array([WIDTH, HEIGHT, WIDTH, HEIGHT])
VIEWS = st.builds(
    View,
    scale=st.floats(0.4, 2.0),
    turn_deg=st.one_of(st.just(0.0), st.floats(-180, 180)),
    mirrored=st.booleans(),
)


def boxes_of(*rows):
    """One view's detections of (score, class, box), in a canvas of 100 x 100 px."""
    scores, classes, boxes = zip(*rows, strict=True) if rows else ((), (), ())
    return RawDetections(np.array(scores, float), np.array(classes, np.int64), np.array(boxes, float).reshape(-1, 4))


def square_view(view, found):
    placement = view.place(record_of(camera=False), 100, 100, SQUARE, any_size=False)
    return Seen(found, placement)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.lists(VIEWS, max_size=4))
def test_a_network_without_faults_is_fused_to_the_truth(seed, further):
    """Any scales, turns and mirrors: the same scores, boxes, poses and cameras as are true."""
    record, (R_N33, t_N3) = record_of(), scene(seed)
    views = [seen_in(view, record, R_N33, t_N3) for view in (OWN, *further)]
    fused = fuse(views, iou=0.55, image="a.png")
    found = on_original_image(record, views[0].placement, CLASSES, fused)
    assert found.class_ids.tolist() == [3, 7]
    np.testing.assert_allclose(found.scores, [0.9, 0.6], atol=1e-12)
    np.testing.assert_allclose(found.boxes_cxcywh, TRUE_BOXES, atol=1e-6)
    R_found, t_found = (np.array([pose[name] for pose in found.fields()]) for name in ("R", "t_xyz"))
    assert rotation_angles(R_found, R_N33).max() < 1e-6
    np.testing.assert_allclose(t_found, t_N3, atol=1e-6)
    assert [pose["sigma_z"] for pose in found.fields()] == pytest.approx([0.02, 0.03])
    assert [finding for pose in found.fields() for finding in pose_findings(pose, "$")] == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_one_view_alone_stays_as_it_is(seed):
    """Also where its detections overlap each other: one network's detections are never merged."""
    random = np.random.default_rng(seed)
    count = int(random.integers(0, 30))
    raw = RawDetections(
        np.sort(random.random(count))[::-1], random.integers(0, 3, count), random.uniform(0.2, 0.8, (count, 4))
    )
    fused = fuse([Seen(raw, OWN.place(record_of(), 200, 150, SQUARE, any_size=False))], iou=0.5, image="a.png")
    np.testing.assert_array_equal(fused.class_indices, raw.class_indices)
    np.testing.assert_allclose(fused.scores, raw.scores)
    np.testing.assert_allclose(fused.boxes_cxcywh, raw.boxes_cxcywh)


def test_boxes_are_score_weighted_and_a_view_that_misses_counts():
    # mirrored, the second view's box is 0.02 further right in the image
    first = square_view(OWN, boxes_of((0.8, 0, (0.40, 0.5, 0.2, 0.2)), (0.5, 1, (0.7, 0.7, 0.1, 0.1))))
    second = square_view(View(mirrored=True), boxes_of((0.2, 0, (0.58, 0.5, 0.2, 0.3))))
    fused = fuse([first, second], iou=0.5, image="a.png")
    assert fused.class_indices.tolist() == [0, 1]
    assert fused.scores == pytest.approx([0.5, 0.25])
    np.testing.assert_allclose(fused.boxes_cxcywh, [[0.404, 0.5, 0.2, 0.22], [0.7, 0.7, 0.1, 0.1]])


def test_what_a_turned_canvas_cuts_is_left_out_and_does_not_count_against_the_object():
    """A view turned by 45 degrees does not show the corner; what it says at its border is no object."""
    corner, middle = (0.08, 0.08, 0.1, 0.1), (0.5, 0.5, 0.2, 0.2)
    own = square_view(OWN, boxes_of((0.8, 0, corner), (0.6, 0, middle)))
    turned = square_view(View(turn_deg=45.0), boxes_of((0.9, 0, (0.5, 0.05, 0.1, 0.1)), (0.2, 0, middle)))
    fused = fuse([own, turned], iou=0.5, image="a.png")
    assert fused.scores == pytest.approx([0.8, 0.4])
    np.testing.assert_allclose(fused.boxes_cxcywh, [corner, middle])


def test_boxes_of_turned_views_count_only_where_no_upright_one_is():
    own = square_view(OWN, boxes_of((0.8, 0, (0.5, 0.5, 0.2, 0.2))))
    turned = square_view(View(turn_deg=90.0), boxes_of((0.4, 0, (0.5, 0.5, 0.2, 0.26)), (0.4, 1, (0.4, 0.3, 0.2, 0.1))))
    fused = fuse([own, turned], iou=0.5, image="a.png")
    assert fused.scores == pytest.approx([0.6, 0.2])
    # turned back by a quarter: x is the y of before, y is 1 - x of before
    np.testing.assert_allclose(fused.boxes_cxcywh, [[0.5, 0.5, 0.2, 0.2], [0.3, 0.6, 0.1, 0.2]], atol=1e-12)


def test_an_object_that_only_the_mirror_shows_has_no_pose_and_is_left_out():
    record, (R_N33, t_N3) = record_of(), scene(0)
    own, mirrored = (seen_in(view, record, R_N33, t_N3) for view in (OWN, View(mirrored=True)))
    first_only = replace(own, found=own.found.of(np.array([0])))
    assert fuse([first_only, mirrored], iou=0.5, image="a.png").class_indices.tolist() == [0]
    without = [replace(view, found=replace(view.found, poses=None)) for view in (first_only, mirrored)]
    fused = fuse(without, iou=0.5, image="a.png")
    assert fused.class_indices.tolist() == [0, 1]
    assert fused.scores == pytest.approx([0.9, 0.3])


def test_a_rotation_that_none_can_be_is_an_error():
    record, (R_N33, t_N3) = record_of(), scene(0)
    own, smaller = (seen_in(view, record, R_N33, t_N3) for view in (OWN, View(scale=0.5)))
    broken = replace(smaller.found, poses=replace(smaller.found.poses, rot6d_N6=np.zeros((2, 6))))
    with pytest.raises(InputError, match=r"a\.png: detection 2: YZ620 pred_rot6d gives two columns that span no plane"):
        fuse([own, replace(smaller, found=broken)], iou=0.5, image="a.png")


def test_no_detections_are_fused_to_none():
    fused = fuse([square_view(OWN, boxes_of()), square_view(View(mirrored=True), boxes_of())], iou=0.5, image="a.png")
    assert (len(fused.scores), fused.boxes_cxcywh.shape) == (0, (0, 4))

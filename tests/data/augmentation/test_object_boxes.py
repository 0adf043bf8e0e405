from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.data.augmentation.augment import Variation, placement_of
from yolozu.data.augmentation.object_boxes import mask_corners, object_boxes
from yolozu.data.placed_poses import place_poses
from yolozu.data.preprocess import Preprocess
from yolozu.geometry.camera import intrinsics_matrix, project
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.poses import PoseLabels

PREPROCESS = Preprocess(100, 100, 0)
QUARTER_TURN = np.pi / 2


def record_of(*boxes):
    count = len(boxes)
    return ImageRecord(
        image="a.png", path=Path("a.png"), width=100, height=100, sha256="", class_indices=np.arange(count),
        boxes_cxcywh=np.array(boxes), is_crowd=np.zeros(count, bool), areas_px=np.ones(count),
    )  # fmt: skip


def turned(degrees, **changes):
    return placement_of(Variation(rotation=np.radians(degrees), **changes), 100, 100, PREPROCESS)


def corners(boxes):
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1) * 100


def test_a_mask_gives_the_tight_box_and_nothing_else_the_box_around_the_turned_one():
    diamond = np.add.outer(np.abs(np.arange(100) - 49.5), np.abs(np.arange(100) - 49.5)) <= 20
    record, placement = record_of([0.5, 0.5, 0.42, 0.42], [0.5, 0.5, 0.42, 0.42]), turned(45)
    found = corners(object_boxes(record, placement, [diamond, None], None))
    np.testing.assert_allclose(found[0], [35.15, 35.15, 64.85, 64.85], atol=0.01)  # a square of 20 √2 and its pixels
    np.testing.assert_allclose(found[1], [20.3, 20.3, 79.7, 79.7], atol=0.01)


def test_an_object_of_which_nothing_is_visible_has_an_empty_box():
    found = object_boxes(record_of([0.5, 0.5, 0.2, 0.2]), turned(30), [np.zeros((100, 100), bool)], None)
    assert found[0, 2:].tolist() == [0.0, 0.0]


def test_model_points_give_a_box_inside_the_one_around_the_turned_box():
    K_4 = np.array([200.0, 220.0, 45.0, 55.0])
    labels = PoseLabels(
        K_4, None, np.eye(3)[None], np.array([[0.0, 0.0, 1.0]]), np.array([True]), np.array([[45.0, 55.0]]),
        np.array([True]),
    )  # fmt: skip
    points_V3 = np.array([[0.1, 0, 0], [-0.1, 0, 0], [0, 0.1, 0], [0, -0.1, 0]])
    models = ObjectModels({0: ObjectModel(points_V3, 0.2)})
    placement = placement_of(Variation(rotation=np.radians(45), jitter=(0.1, 0.0, 2.0, 0.0)), 100, 100, PREPROCESS, K_4)
    told = placement_of(Variation(rotation=np.radians(45)), 100, 100, PREPROCESS, K_4)
    poses = place_poses(labels, placement, told=told)
    record = record_of([0.45, 0.55, 0.4, 0.44])
    found = corners(object_boxes(record, placement, [None], poses, models))[0]
    placed = placement.points_to_input(project(points_V3 + np.array([0, 0, 1.0]), intrinsics_matrix(*K_4)))
    np.testing.assert_allclose(found, [*placed.min(axis=0), *placed.max(axis=0)], atol=1e-9)
    around = corners(object_boxes(record, placement, [None], None))[0]
    assert (around[:2] < found[:2]).all()
    assert (found[2:] < around[2:]).all()


@pytest.mark.slow
@given(st.integers(0, 10**6), st.floats(-180, 180), st.booleans())
def test_the_box_of_a_mask_holds_every_pixel_and_touches_some_on_all_sides(seed, degrees, mirrored):
    mask = np.random.default_rng(seed).random((100, 100)) < 0.002
    placement = turned(degrees, mirrored=mirrored, zoom=1.3)
    rows, columns = np.nonzero(mask)
    offsets = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    all_corners = (np.stack([columns, rows], axis=1)[:, None] + offsets).reshape(-1, 2).astype(float)
    if not len(all_corners):
        assert len(mask_corners(mask)) == 0
        return
    placed = placement.points_to_input(all_corners)
    found = corners(object_boxes(record_of([0.5, 0.5, 1.0, 1.0]), placement, [mask], None))[0]
    np.testing.assert_allclose(found, [*placed.min(axis=0), *placed.max(axis=0)], atol=1e-9)

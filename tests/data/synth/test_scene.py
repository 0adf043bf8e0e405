from __future__ import annotations

import numpy as np
import pytest

from yolozu.data.synth.scene import MARGIN, MOST_OVERLAP, amodal_box_px, draw_scene
from yolozu.geometry.camera import project

SCENES = [draw_scene(np.random.default_rng([5, number]), size=160, max_objects=5) for number in range(60)]


def test_the_same_generator_draws_the_same_scene():
    first, second = (draw_scene(np.random.default_rng(1), size=160, max_objects=3) for _ in range(2))
    np.testing.assert_array_equal(first.camera.R_w2c, second.camera.R_w2c)
    assert [posed.class_index for posed in first.objects] == [posed.class_index for posed in second.objects]


def test_all_numbers_of_objects_and_all_classes_occur():
    assert {len(scene.objects) for scene in SCENES} >= {1, 2, 3}
    assert {posed.class_index for scene in SCENES for posed in scene.objects} == set(range(5))


def test_colors_of_the_table_change_nothing_else():
    muted, bright = (
        draw_scene(np.random.default_rng(1), size=160, max_objects=3, table=table) for table in ("muted", "bright")
    )
    assert (muted.table, bright.table) == ("muted", "bright")
    assert muted.table_seed == bright.table_seed
    for first, second in zip(muted.objects, bright.objects, strict=True):
        np.testing.assert_array_equal(first.R_m2c, second.R_m2c)
        np.testing.assert_array_equal(first.t_m2c, second.t_m2c)


def test_max_objects_is_kept():
    scenes = [draw_scene(np.random.default_rng(number), size=160, max_objects=1) for number in range(20)]
    assert {len(scene.objects) for scene in scenes} == {1}


def test_objects_are_wholly_in_view_and_hardly_overlap():
    for scene in SCENES:
        boxes = [amodal_box_px(posed, scene.camera.K_33) for posed in scene.objects]
        for number, box in enumerate(boxes):
            assert box.min() >= MARGIN * 160
            assert box.max() <= (1 - MARGIN) * 160
            for other in boxes[:number]:
                width, height = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
                smaller = min(np.prod(box[2:] - box[:2]), np.prod(other[2:] - other[:2]))
                assert max(width, 0) * max(height, 0) <= (MOST_OVERLAP + 1e-9) * smaller


def test_objects_stand_upright_on_the_table():
    for scene in SCENES:
        for posed in scene.objects:
            world = (posed.vertices_in_camera() - scene.camera.t_w2c) @ scene.camera.R_w2c
            assert world[:, 2].min() == pytest.approx(0, abs=1e-9)
            np.testing.assert_allclose(scene.camera.R_w2c.T @ posed.R_m2c @ [0, 0, 1], [0, 0, 1], atol=1e-9)


def test_the_view_does_not_depend_on_the_size():
    small, large = (draw_scene(np.random.default_rng(4), size=size, max_objects=3) for size in (80, 320))
    for first, second in zip(small.objects, large.objects, strict=True):
        small_px = project(first.vertices_in_camera(), small.camera.K_33)
        np.testing.assert_allclose(project(second.vertices_in_camera(), large.camera.K_33), small_px * 4)

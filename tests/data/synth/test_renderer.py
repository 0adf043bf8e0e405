from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from yolozu.data.synth.renderer import SAMPLES_PER_PX, render
from yolozu.data.synth.scene import amodal_box_px, draw_scene
from yolozu.geometry.camera import project

SCENES = [draw_scene(np.random.default_rng([9, number]), size=160, max_objects=3) for number in range(30)]
RENDERED = [(scene, render(scene)) for scene in SCENES]
SINGLE = [(scene, rendering) for scene, rendering in RENDERED if len(scene.objects) == 1]


def extent(mask):
    rows, columns = np.nonzero(mask)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


def test_a_scene_looks_the_same_every_time():
    again = render(SCENES[0])
    np.testing.assert_array_equal(again.image_HW3, RENDERED[0][1].image_HW3)
    np.testing.assert_array_equal(again.boxes_xyxy_px, RENDERED[0][1].boxes_xyxy_px)


def test_objects_that_nothing_hides_fill_the_box_of_their_projected_vertices():
    checked = 0
    for scene, rendering in RENDERED:
        for posed, box, visible in zip(scene.objects, rendering.boxes_xyxy_px, rendering.visible_fraction, strict=True):
            amodal = amodal_box_px(posed, scene.camera.K_33)
            assert (box[:2] >= amodal[:2] - 0.5).all()
            assert (box[2:] <= amodal[2:] + 0.5).all()
            if visible == 1.0:
                # A sharp tip can end between two rows of samples.
                np.testing.assert_allclose(box, amodal, atol=1.6)
                assert np.abs(box - amodal).mean() < 0.7
                checked += 1
    assert checked > 20


def test_convex_silhouettes_have_the_area_of_their_hull():
    checked = 0
    for scene, rendering in SINGLE:
        posed = scene.objects[0]
        if posed.solid.name == "steps":
            continue
        hull = ConvexHull(project(posed.vertices_in_camera(), scene.camera.K_33))
        pixels = np.count_nonzero(rendering.owner_HW)
        # Pixels whose centers it covers: neither fatter nor thinner than the hull by a seventh of a pixel.
        assert abs(pixels - hull.volume) <= 0.14 * hull.area
        checked += 1
    assert checked >= 3


def test_masks_are_neither_fat_nor_thin_on_average():
    silhouettes = [(scene, rendering) for scene, rendering in SINGLE if scene.objects[0].solid.name != "steps"]
    hulls = [ConvexHull(project(s.objects[0].vertices_in_camera(), s.camera.K_33)) for s, _ in silhouettes]
    pixels = [np.count_nonzero(rendering.owner_HW) for _, rendering in silhouettes]
    excess_px = [(count - hull.volume) / hull.area for count, hull in zip(pixels, hulls, strict=True)]
    assert abs(np.mean(excess_px)) < 0.05


def test_the_mask_spans_the_box_to_a_pixel():
    for scene, rendering in RENDERED:
        for number, box in enumerate(rendering.boxes_xyxy_px, start=1):
            np.testing.assert_allclose(extent(rendering.owner_HW == number), box, atol=1.0)
        assert set(np.unique(rendering.owner_HW)) == set(range(len(scene.objects) + 1))


def test_boxes_are_in_steps_of_a_sample_and_visibility_is_a_fraction():
    for _, rendering in RENDERED:
        assert (rendering.boxes_xyxy_px * SAMPLES_PER_PX % 1 == 0).all()
        assert ((rendering.visible_fraction > 0.5) & (rendering.visible_fraction <= 1)).all()
    assert any(rendering.visible_fraction.min() < 1 for _, rendering in RENDERED)


def test_the_color_of_a_lit_face_is_seen_where_it_projects():
    has_flat_top = (pair for pair in SINGLE if pair[0].objects[0].solid.normals_F3[:, 2].max() > 0.99)
    scene, rendering = next(has_flat_top)
    posed = scene.objects[0]
    upward = int(np.argmax(posed.solid.normals_F3[:, 2]))
    middle = posed.vertices_in_camera()[list(posed.solid.faces[upward])].mean(axis=0)
    x, y = project(middle[None], scene.camera.K_33)[0].astype(int)
    seen = rendering.image_HW3[y, x].astype(float)
    expected = posed.solid.colors_F3[upward] * scene.tint_3
    assert np.corrcoef(seen, expected)[0, 1] > 0.95


@pytest.mark.parametrize("size", [64, 250])
def test_any_size_is_rendered(size):
    rendering = render(draw_scene(np.random.default_rng(0), size=size, max_objects=2))
    assert (rendering.image_HW3.shape, rendering.image_HW3.dtype) == ((size, size, 3), np.uint8)
    assert rendering.owner_HW.shape == (size, size)

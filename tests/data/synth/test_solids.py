from __future__ import annotations

import numpy as np
import pytest

from yolozu.data.synth.solids import all_solids

SOLIDS = all_solids()


def area_of(solid, face):
    corners = solid.vertices_V3[list(face)]
    fan = np.cross(corners[1:-1] - corners[0], corners[2:] - corners[0])
    return np.linalg.norm(fan.sum(axis=0)) / 2


def test_the_classes_are_five_different_solids():
    assert [solid.name for solid in SOLIDS] == ["box", "pyramid", "column", "roof", "steps"]


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda solid: solid.name)
def test_a_solid_is_closed_and_its_normals_point_outward(solid):
    areas = np.array([area_of(solid, face) for face in solid.faces])
    np.testing.assert_allclose(areas @ solid.normals_F3, 0, atol=1e-12)
    anchors = solid.vertices_V3[[face[0] for face in solid.faces]]
    volume = np.sum(areas * np.sum(anchors * solid.normals_F3, axis=1)) / 3
    assert 1e-4 < volume < 6e-4


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda solid: solid.name)
def test_faces_are_flat_and_convex(solid):
    for face, normal in zip(solid.faces, solid.normals_F3, strict=True):
        corners = solid.vertices_V3[list(face)]
        np.testing.assert_allclose((corners - corners[0]) @ normal, 0, atol=1e-12)
        edges = np.roll(corners, -1, axis=0) - corners
        turns = np.cross(edges, np.roll(edges, -1, axis=0)) @ normal
        assert (turns >= -1e-12).all()


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda solid: solid.name)
def test_a_solid_is_about_eleven_centimetres_and_centered(solid):
    low, high = solid.vertices_V3.min(axis=0), solid.vertices_V3.max(axis=0)
    np.testing.assert_allclose(low, -high, atol=1e-12)
    assert 0.09 < np.linalg.norm(high - low) < 0.18
    assert max(high - low) <= 0.11
    assert solid.height == pytest.approx(high[2] - low[2])
    assert solid.radius <= 0.075


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda solid: solid.name)
def test_faces_with_different_normals_differ_in_color(solid):
    shown = np.flatnonzero(solid.normals_F3[:, 2] > -0.5)  # the bottom stands on the table
    for first in shown:
        for second in shown[shown < first]:
            if not np.allclose(solid.normals_F3[first], solid.normals_F3[second]):
                assert np.abs(solid.colors_F3[first] - solid.colors_F3[second]).max() > 0.15, (first, second)

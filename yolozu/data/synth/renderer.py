"""Scenes -> pictures, with the exact visible masks and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from yolozu.data.synth.raster import SampleGrid, Window
from yolozu.data.synth.scene import PosedSolid, Scene
from yolozu.data.synth.table import table_picture
from yolozu.geometry.camera import project, transform

SAMPLES_PER_PX = 2
"""Along each side of a pixel: four samples, whose mean smooths the edges."""

DIFFUSE = 1.15
"""Brightness of a face right in the light, beyond the ambient share."""

SHADOW_DEPTH = 0.9
"""Share of the direct light that a shadow takes from the table."""

SHADOW_BLUR = 0.008
"""Standard deviation of the shadows' soft edge, as a fraction of the image's side."""


@dataclass(frozen=True, eq=False)
class Rendering:
    """A picture with its N objects, in the order of the scene.

    Attributes:
        image_HW3: uint8 RGB.
        owner_HW: uint8; 1 + number of the object that a pixel shows at its center, 0 for the table.
        boxes_xyxy_px: (N, 4) extent of each object's visible samples, in steps of half a px.
        visible_fraction: (N,) visible samples over the samples the object would cover alone.
    """

    image_HW3: NDArray[np.uint8]
    owner_HW: NDArray[np.uint8]
    boxes_xyxy_px: NDArray[np.float64]
    visible_fraction: NDArray[np.float64]


def render(scene: Scene) -> Rendering:
    """The picture of ``scene``, whose objects are all in view as `draw_scene` sees to."""
    first_faces = np.cumsum([0, *(len(posed.solid.faces) for posed in scene.objects)]).tolist()
    alone = [_drawn_alone(posed, scene, first) for posed, first in zip(scene.objects, first_faces[:-1], strict=True)]
    layers, of_centers = zip(*alone, strict=True)
    grid, centers = _merged(layers), _merged(of_centers)
    colors = np.concatenate([_shades(posed, scene) for posed in scene.objects])
    picture = _with_shadows(table_picture(scene) * scene.tint_3.astype(np.float32), scene)
    _compose(picture, grid, colors)
    owner_of_face = np.repeat(np.arange(len(scene.objects)), np.diff(first_faces))
    samples = [grid.covered & (owner_of_face[grid.face_HW] == number) for number in range(len(scene.objects))]
    owner_HW = np.zeros((scene.camera.size, scene.camera.size), dtype=np.uint8)
    owner_HW[centers.window.pixels] = np.where(centers.covered, owner_of_face[centers.face_HW] + 1, 0)
    samples_alone = np.array([np.count_nonzero(layer.covered) for layer in layers])
    return Rendering(
        image_HW3=np.rint(np.clip(picture, 0.0, 1.0) * 255).astype(np.uint8),
        owner_HW=owner_HW,
        boxes_xyxy_px=np.stack([_extent_px(mask, grid.window) for mask in samples]),
        visible_fraction=np.array([np.count_nonzero(mask) for mask in samples]) / samples_alone,
    )


def _drawn_alone(posed: PosedSolid, scene: Scene, first_face: int) -> list[SampleGrid]:
    """The faces of a solid that look toward the camera, on grids of its own size: of samples, and of pixel centers.

    With the normal n of a face and ``n · X = d`` in its plane, ``1 / z = n · K⁻¹ (x, y, 1) / d``.
    """
    vertices = posed.vertices_in_camera()
    points = project(vertices, scene.camera.K_33)
    normals = posed.solid.normals_F3 @ posed.R_m2c.T
    distances = np.sum(normals * vertices[[face[0] for face in posed.solid.faces]], axis=1)
    planes = normals @ np.linalg.inv(scene.camera.K_33)
    window = Window.around(points, scene.camera.size)
    grids = [SampleGrid(window, per_px) for per_px in (SAMPLES_PER_PX, 1)]
    for number, face in enumerate(posed.solid.faces):
        if distances[number] < 0:
            for grid in grids:
                grid.draw(points[list(face)], planes[number] / distances[number], first_face + number)
    return grids


def _merged(layers: Sequence[SampleGrid]) -> SampleGrid:
    """What is seen of several objects."""
    grid = SampleGrid(Window.union(layer.window for layer in layers), layers[0].per_px)
    for layer in layers:
        grid.merge(layer)
    return grid


def _shades(posed: PosedSolid, scene: Scene) -> NDArray[np.float32]:
    """(F, 3) color of each face under the scene's light: ambient and diffuse (Lambert)."""
    toward_light = posed.solid.normals_F3 @ posed.R_m2c.T @ scene.camera.R_w2c @ scene.light_3
    brightness = scene.ambient + (1.0 - scene.ambient) * DIFFUSE * np.clip(toward_light, 0.0, None)
    return np.clip(posed.solid.colors_F3 * brightness[:, None] * scene.tint_3, 0.0, 1.0).astype(np.float32)


def _with_shadows(table_HW3: NDArray[np.float32], scene: Scene) -> NDArray[np.float32]:
    """The table darkened where the solids take the light from it: their lit faces projected along the light."""
    shadow = SampleGrid(Window(0, 0, scene.camera.size, scene.camera.size), 1)
    for posed in scene.objects:
        world = (posed.vertices_in_camera() - scene.camera.t_w2c) @ scene.camera.R_w2c
        on_table = world - world[:, 2:] / scene.light_3[2] * scene.light_3
        points = project(transform(on_table, scene.camera.R_w2c, scene.camera.t_w2c), scene.camera.K_33)
        toward_light = posed.solid.normals_F3 @ posed.R_m2c.T @ scene.camera.R_w2c @ scene.light_3
        for face, lit in zip(posed.solid.faces, toward_light > 0, strict=True):
            if lit:
                shadow.fill(points[list(face)], 0)
    sharp = Image.fromarray(shadow.covered.astype(np.uint8) * 255)
    soft = np.asarray(sharp.filter(ImageFilter.GaussianBlur(SHADOW_BLUR * scene.camera.size)), dtype=np.float32) / 255
    darkness = np.float32(SHADOW_DEPTH * (1.0 - scene.ambient))
    return np.asarray(table_HW3 * (np.float32(1.0) - darkness * soft)[:, :, None], dtype=np.float32)


def _compose(picture_HW3: NDArray[np.float32], grid: SampleGrid, colors_F3: NDArray[np.float32]) -> None:
    """Lay the objects over the table, each sample a quarter of its pixel."""
    # One row more than faces: number -1 picks the last, which is the table and transparent.
    palette = np.zeros((len(colors_F3) + 1, 4), dtype=np.float32)
    palette[:-1, :3], palette[:-1, 3] = colors_F3, 1.0
    step = SAMPLES_PER_PX
    total = sum(palette[grid.face_HW[row::step, column::step]] for row in range(step) for column in range(step))
    mean = np.asarray(total, dtype=np.float32) / np.float32(step * step)
    table = picture_HW3[grid.window.pixels]
    table *= 1.0 - mean[:, :, 3:]
    table += mean[:, :, :3]


def _extent_px(mask: NDArray[np.bool_], window: Window) -> NDArray[np.float64]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    corners = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / SAMPLES_PER_PX
    return np.asarray(corners + np.array([window.left, window.top, window.left, window.top]))

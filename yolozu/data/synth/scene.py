"""Table-top scenes drawn at random: solids, a camera that looks down on them, a light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from yolozu.data.synth.solids import Solid, all_solids
from yolozu.geometry.camera import intrinsics_matrix, look_at, project, rotation_about_z, transform

TableColors = Literal["muted", "bright"]

FOCAL_PER_WIDTH = 2.5
DISTANCE_M = (0.5, 0.9)
ELEVATION_DEG = (30.0, 75.0)
ROLL_DEG = 8.0
TARGET_HEIGHT_M = 0.03
LIGHT_ELEVATION_DEG = (40.0, 75.0)
AMBIENT = (0.45, 0.65)

REACH_M = 0.12
"""Objects stand within this distance of the point the camera looks at."""

MOST_OVERLAP = 0.2
"""Of two objects' boxes in the image, at most this fraction of the smaller one is shared."""

MARGIN = 0.015
"""Objects keep this fraction of the image's side away from its border."""

TRIES = 40
"""Places tried for an object before the scene does without it."""


@dataclass(frozen=True, eq=False)
class PosedSolid:
    """A solid in a scene: its number in the class table, and its pose (model to camera, metres)."""

    class_index: int
    solid: Solid
    R_m2c: NDArray[np.float64]
    t_m2c: NDArray[np.float64]

    def vertices_in_camera(self) -> NDArray[np.float64]:
        """(V, 3) metres, camera frame."""
        return transform(self.solid.vertices_V3, self.R_m2c, self.t_m2c)


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera that looks at the table, the world's plane z = 0.

    Attributes:
        size: image side in px.
        K_33: camera matrix in px.
        R_w2c: (3, 3) world to camera.
        t_w2c: (3,) metres.
    """

    size: int
    K_33: NDArray[np.float64]
    R_w2c: NDArray[np.float64]
    t_w2c: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scene:
    """What a picture is rendered from.

    Attributes:
        camera: who looks.
        objects: at least one.
        light_3: (3,) unit vector from the table toward the light, world frame.
        ambient: share of the light that comes from everywhere.
        tint_3: (3,) factor on red, green and blue: the color of the light.
        table_seed: seed of the table's texture.
        table: its colors.
    """

    camera: Camera
    objects: tuple[PosedSolid, ...]
    light_3: NDArray[np.float64]
    ambient: float
    tint_3: NDArray[np.float64]
    table_seed: int
    table: TableColors = "muted"


def draw_scene(generator: np.random.Generator, *, size: int, max_objects: int, table: TableColors = "muted") -> Scene:
    """A scene of 1 to ``max_objects`` solids, all wholly in view, none heavily hidden.

    Where a place for an object is not found, the scene has one less.

    Args:
        generator: the randomness.
        size: image side in px.
        max_objects: at least 1.
        table: colors of the table; they change nothing else.

    Returns:
        The scene; the same for the same generator state.
    """
    camera = _draw_camera(generator, size)
    objects: list[PosedSolid] = []
    for _ in range(int(generator.integers(1, max_objects + 1))):
        found = _placed(generator, camera, int(generator.integers(len(all_solids()))), objects)
        if found is not None:
            objects.append(found)
    return Scene(
        camera=camera,
        objects=tuple(objects),
        light_3=_direction(generator.uniform(0, 2 * np.pi), np.radians(generator.uniform(*LIGHT_ELEVATION_DEG))),
        ambient=float(generator.uniform(*AMBIENT)),
        tint_3=1.0 + generator.uniform(-0.06, 0.06, 3),
        table_seed=int(generator.integers(2**32)),
        table=table,
    )


def amodal_box_px(posed: PosedSolid, K_33: NDArray[np.float64]) -> NDArray[np.float64]:
    """The box around the whole solid, hidden parts included.

    Args:
        posed: solid in front of the camera.
        K_33: (3, 3) camera matrix in px.

    Returns:
        (4,) x1, y1, x2, y2 in px.
    """
    points = project(posed.vertices_in_camera(), K_33)
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _draw_camera(generator: np.random.Generator, size: int) -> Camera:
    focal = FOCAL_PER_WIDTH * size
    direction = _direction(generator.uniform(0, 2 * np.pi), np.radians(generator.uniform(*ELEVATION_DEG)))
    target = np.array([0.0, 0.0, TARGET_HEIGHT_M])
    eye = target + direction * generator.uniform(*DISTANCE_M)
    R_w2c, t_w2c = look_at(eye, target, roll=np.radians(generator.uniform(-ROLL_DEG, ROLL_DEG)))
    return Camera(size, intrinsics_matrix(focal, focal, size / 2, size / 2), R_w2c, t_w2c)


def _placed(
    generator: np.random.Generator, camera: Camera, class_index: int, others: list[PosedSolid]
) -> PosedSolid | None:
    """A solid of a class at a free place; the first of a scene may always stand in the middle."""
    solid = all_solids()[class_index]
    for attempt in range(TRIES + 1):
        last = attempt == TRIES
        if last and others:
            return None
        radius, angle = (0.0 if last else REACH_M * np.sqrt(generator.random())), generator.uniform(0, 2 * np.pi)
        position = np.array([radius * np.cos(angle), radius * np.sin(angle), solid.height / 2])
        R_m2w = rotation_about_z(generator.uniform(0, 2 * np.pi))
        posed = PosedSolid(class_index, solid, camera.R_w2c @ R_m2w, camera.R_w2c @ position + camera.t_w2c)
        if last or _fits(posed, camera, others):
            return posed
    raise AssertionError("the last try returns")


def _fits(posed: PosedSolid, camera: Camera, others: list[PosedSolid]) -> bool:
    """Whether a solid is wholly in view, touches no other and hides (or is hidden by) little of it."""
    box = amodal_box_px(posed, camera.K_33)
    if box[:2].min() < MARGIN * camera.size or box[2:].max() > (1 - MARGIN) * camera.size:
        return False
    return all(
        np.linalg.norm(posed.t_m2c - other.t_m2c) >= posed.solid.radius + other.solid.radius
        and _shared(box, amodal_box_px(other, camera.K_33)) <= MOST_OVERLAP
        for other in others
    )


def _shared(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Intersection of two boxes over the smaller one's area."""
    extent = np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0.0, None)
    smaller = min(float(np.prod(box[2:] - box[:2])) for box in (first, second))
    return float(np.prod(extent)) / smaller


def _direction(azimuth: float, elevation: float) -> NDArray[np.float64]:
    flat = np.cos(elevation)
    return np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])

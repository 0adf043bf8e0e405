"""The table: boards, tiles, cloth or plain, in muted or bright colors, seen in perspective."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.data.synth.scene import Scene

PATTERNS = ("plain", "boards", "tiles", "stripes")


def table_picture(scene: Scene) -> NDArray[np.float32]:
    """The empty table as the scene's camera sees it.

    Args:
        scene: camera, colors and seed of the texture.

    Returns:
        (size, size, 3) float32 in [0, 1].
    """
    generator = np.random.default_rng(scene.table_seed)
    base = _muted_color(generator) if scene.table == "muted" else _bright_color(generator)
    tone = 1.0 + _pattern(scene, generator) + _clouds(scene.camera.size, generator)
    return np.asarray(np.clip(tone[:, :, None] * base, 0.0, 1.0), dtype=np.float32)


def _muted_color(generator: np.random.Generator) -> NDArray[np.float32]:
    gray = generator.uniform(0.25, 0.75)
    return np.asarray(gray + generator.uniform(-0.09, 0.09, 3), dtype=np.float32)


def _bright_color(generator: np.random.Generator) -> NDArray[np.float32]:
    """A hue as strong as a solid's: one channel high, one low, one between."""
    levels = np.array([generator.uniform(0.7, 0.95), generator.uniform(0.1, 0.3), generator.uniform(0.1, 0.95)])
    return np.asarray(generator.permutation(levels), dtype=np.float32)


def _pattern(scene: Scene, generator: np.random.Generator) -> NDArray[np.float32]:
    """Relative brightness of a pattern that lies on the table."""
    kind = PATTERNS[int(generator.integers(len(PATTERNS)))]
    if kind == "plain":
        return np.zeros((scene.camera.size, scene.camera.size), dtype=np.float32)
    along, across = _table_coordinates(scene, angle=generator.uniform(0, np.pi))
    pitch, depth = generator.uniform(0.03, 0.12), generator.uniform(0.05, 0.18)
    if kind == "stripes":
        return np.asarray(depth * np.sin(2 * np.pi / pitch * across), dtype=np.float32)
    boards = np.floor(across / pitch).astype(np.int64)
    if kind == "tiles":
        boards = boards * 7919 + np.floor(along / pitch).astype(np.int64)
    levels = generator.uniform(-depth, depth, 64).astype(np.float32)
    return np.asarray(levels[boards % 64])


def _table_coordinates(scene: Scene, angle: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Metres along two directions of the table, for every pixel's middle: its ray meets the plane z = 0."""
    middles = np.arange(scene.camera.size, dtype=np.float32) + np.float32(0.5)
    eye = -scene.camera.R_w2c.T @ scene.camera.t_w2c
    rays = (scene.camera.R_w2c.T @ np.linalg.inv(scene.camera.K_33)).astype(np.float32)
    x, y, z = ((row[0] * middles)[None, :] + (row[1] * middles + row[2])[:, None] for row in rays)
    reach = -np.float32(eye[2]) / z
    table_x, table_y = x * reach + np.float32(eye[0]), y * reach + np.float32(eye[1])
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return cos * table_x + sin * table_y, cos * table_y - sin * table_x


def _clouds(size: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise of several wavelengths, relative brightness around 0: uneven light, stains, grain."""
    total = np.zeros((size, size), dtype=np.float32)
    for cells, strength in ((3, 0.16), (9, 0.06), (33, 0.05), (size // 2, 0.03)):
        coarse = generator.uniform(-1, 1, (cells, cells)).astype(np.float32) * generator.uniform(0.2, 1.0) * strength
        total += np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))
    return total

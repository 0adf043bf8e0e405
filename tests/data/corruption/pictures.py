"""Pictures that corruptions are tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import NDArray


def scene(height: int = 120, width: int = 160, seed: int = 0) -> NDArray[np.uint8]:
    """Discs and bars of many colors on a ground that gets brighter, with fine texture: no picture is like another."""
    generator = np.random.default_rng(seed)
    ground = np.linspace(60, 150, width)[None, :, None] + np.linspace(0, 40, height)[:, None, None]
    picture = Image.fromarray(np.broadcast_to(ground, (height, width, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for number in range(14):
        x, y = generator.uniform(0, width), generator.uniform(0, height)
        r = generator.uniform(0.05, 0.2) * max(height, width)
        color = tuple(generator.integers(20, 236, 3).tolist())
        if number % 2:
            draw.ellipse((x - r, y - r, x + r, y + r), fill=color)
        else:
            draw.rectangle((x, y, x + r, y + r / 4), fill=color)
    texture = generator.normal(0.0, 6.0, (height, width, 3))
    return np.clip(np.asarray(picture) + texture, 0, 255).astype(np.uint8)


def flat(level: int | tuple[int, int, int], height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """One color."""
    return np.full((height, width, 3), level, np.uint8)


def distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Mean absolute difference, grey levels."""
    return float(np.abs(a.astype(float) - b.astype(float)).mean())

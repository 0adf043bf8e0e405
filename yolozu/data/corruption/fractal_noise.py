"""Clouds: fractals of any roughness."""

# Shapes: N rows and columns of a square map.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def plasma(height: int, width: int, decay: float, generator: np.random.Generator) -> NDArray[np.float32]:
    """Clouds by the diamond-square algorithm on a torus, of which the top left is kept.

    Source: Fournier, Fussell, Carpenter, Computer Rendering of Stochastic Models, 1982; as used by Hendrycks &
    Dietterich, 2019.

    Args:
        height: in px.
        width: in px.
        decay: the amplitude falls by its square from one octave to the next; smaller is rougher.
        generator: of the clouds.

    Returns:
        (height, width) float32; the whole torus, a square of a power of two, reaches from 0 to 1.
    """
    side = max(2, height, width)
    map_NN, amplitude = np.zeros((1, 1), np.float32), np.float32(1.0)
    while map_NN.shape[0] < side:
        map_NN = _refined(map_NN, amplitude, generator)
        amplitude /= np.float32(decay) ** 2
    map_NN -= map_NN.min()
    clouds: NDArray[np.float32] = map_NN[:height, :width] / map_NN.max()
    return clouds


def _refined(map_NN: NDArray[np.float32], amplitude: np.float32, generator: np.random.Generator) -> NDArray[np.float32]:
    """A map of twice the side: middles of squares from their corners, then middles of the squares' edges."""

    def scattered(total_of_4: NDArray[np.float32]) -> NDArray[np.float32]:
        return total_of_4 / 4 + (2 * generator.random(map_NN.shape, np.float32) - 1) * amplitude

    finer = np.empty((2 * map_NN.shape[0], 2 * map_NN.shape[1]), np.float32)
    right, below = map_NN + np.roll(map_NN, -1, 1), map_NN + np.roll(map_NN, -1, 0)
    middle = scattered(right + np.roll(right, -1, 0))
    finer[0::2, 0::2] = map_NN
    finer[1::2, 1::2] = middle
    finer[0::2, 1::2] = scattered(right + middle + np.roll(middle, 1, 0))
    finer[1::2, 0::2] = scattered(below + middle + np.roll(middle, 1, 1))
    return finer

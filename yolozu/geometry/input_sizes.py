"""The sizes of network inputs that ``multiscale`` names, and those of scaled views."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

STRIDE = 32
"""Sides of network inputs are multiples of it."""

SCALES = (0.75, 1.25)
"""Of the longer side, where a contract asks for several sizes and names none."""

Size = tuple[int, int]
"""Height and width of a network input, px."""


def input_sizes(multiscale: bool | Sequence[int], size: Size) -> tuple[Size, ...]:
    """The sizes that batches are drawn from; none where all have the one ``size``.

    Args:
        multiscale: False, True for all multiples of 32 within `SCALES` of the longer side, or the longer sides.
        size: the one that the others are like.
    """
    if isinstance(multiscale, bool):
        if not multiscale:
            return ()
        low, high = (scale * max(size) / STRIDE for scale in SCALES)
        sides: Sequence[int] = [step * STRIDE for step in range(ceil(low), floor(high) + 1)]
    else:
        sides = multiscale
    return tuple(dict.fromkeys(_like(size, side) for side in sides))


def side_in_view(side: int, scale: float) -> int:
    """Smallest side, px, of a network input that holds one of ``side`` px at this scale."""
    # Rounding errors of a product must not add another 32 px.
    return STRIDE * max(1, ceil(side * scale / STRIDE - 1e-9))


def _like(size: Size, longer: int) -> Size:
    """Height and width whose longer side is ``longer``; the other one keeps its proportion, to a multiple of 32."""
    factor = longer / max(size) / STRIDE
    height, width = (max(1, round(side * factor)) * STRIDE for side in size)
    return height, width

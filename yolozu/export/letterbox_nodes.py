"""Letterboxing as ONNX nodes, by the rules that an exported file states (`yolozu.artifacts.onnx_recipe.LETTERBOX`).

Where ONNX Runtime computes them, every level is that of `Preprocess.letterbox`, to the bit. OpenVINO computes what is
float64 here in float32: of noise some 4 levels in a thousand are off there, by 1, seldom by 2.
"""

# Shapes: w and h sides of the picture, W and H of the network input in px; a rows of R levels become n, each of T rows.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from yolozu.artifacts.onnx_recipe import LETTERBOX

if TYPE_CHECKING:
    from yolozu.data.preprocess import Preprocess
    from yolozu.export.onnx_nodes import Nodes

CHANNELS = 3
"""Red, green, blue."""

BITS = int(LETTERBOX["weight_bits"])
"""Of a weight behind its point."""

BYTE = np.int32(1 << 8)
"""Base of the three digits that a weight, which is at most 1 << BITS, is split into."""


@dataclass(frozen=True)
class Place:
    """Where the picture lies in the network input: names of () tensors.

    Attributes:
        width: w, int64.
        height: h, int64.
        scale: s, float64.
        pad_x: columns left free at the left, int64.
        pad_y: rows left free above, int64.
        columns: n_x, int64, at least 1.
        rows: n_y, int64, at least 1.
        part_width: of the picture that they show, px, float64.
        part_height: likewise.
    """

    width: str
    height: str
    scale: str
    pad_x: str
    pad_y: str
    columns: str
    rows: str
    part_width: str
    part_height: str


def letterbox_nodes(nodes: Nodes, image: str, preprocess: Preprocess) -> tuple[str, Place]:
    """Letterbox a picture.

    Args:
        nodes: what is added to.
        image: (h, w, 3) uint8 RGB tensor.
        preprocess: what to do.

    Returns:
        The levels, (H, W, 3) uint8, and where the picture lies in them.
    """
    place = place_nodes(nodes, image, preprocess)
    levels = nodes("Reshape", image, _rows_of(nodes, place.height))

    def lower(inner: Nodes, levels: str) -> str:
        return _rows_changed(inner, levels, side=place.height, part=place.part_height, count=place.rows)

    def narrower(inner: Nodes, levels: str) -> str:
        return _columns_changed(inner, levels, side=place.width, part=place.part_width, count=place.columns)

    fewer = nodes("Max", nodes("Sub", place.width, place.columns), np.int64(0))
    shown = nodes.choose(
        nodes("Greater", nodes("Sub", place.height, place.rows), nodes("Mul", fewer, np.int64(2))),
        lambda inner: narrower(inner, lower(inner, levels)),
        lambda inner: lower(inner, narrower(inner, levels)),
        np.uint8,
    )
    return _on_canvas(nodes, shown, place, preprocess), place


def _rows_changed(nodes: Nodes, levels: str, *, side: str, part: str, count: str) -> str:
    """`resampled_nodes` where there is anything to do."""
    return nodes.choose(
        _same(nodes, side, part, count),
        lambda inner: inner("Identity", levels),
        lambda inner: resampled_nodes(inner, levels, side=side, part=part, count=count),
        np.uint8,
    )


def _columns_changed(nodes: Nodes, levels: str, *, side: str, part: str, count: str) -> str:
    """The same of columns: (a, 3 b) uint8 becomes (a, 3 n)."""

    def changed(inner: Nodes) -> str:
        columns = inner("Reshape", inner("Transpose", levels, perm=(1, 0)), _rows_of(inner, side))
        found = resampled_nodes(inner, columns, side=side, part=part, count=count)
        triple = inner("Mul", count, np.int64(CHANNELS))
        return inner("Transpose", inner("Reshape", found, _rows_of(inner, triple)), perm=(1, 0))

    same = _same(nodes, side, part, count)
    return nodes.choose(same, lambda inner: inner("Identity", levels), changed, np.uint8)


def _same(nodes: Nodes, side: str, part: str, count: str) -> str:
    """() bool: whether as many are to come as there are, of the whole."""
    return nodes("And", nodes("Equal", side, count), nodes("Equal", nodes.cast(side, np.float64), part))


def network_input_nodes(nodes: Nodes, levels: str, preprocess: Preprocess, *, output: str) -> None:
    """Letterboxed levels as numbers, as `Preprocess.to_network` makes them.

    Args:
        nodes: what is added to.
        levels: (H, W, 3) uint8 tensor.
        preprocess: scale, mean and std.
        output: name of what comes: (1, 3, H, W) float32.
    """
    values = nodes("Mul", nodes.cast(levels, np.float32), np.float32(preprocess.scale))
    if preprocess.mean != (0.0, 0.0, 0.0):
        values = nodes("Sub", values, np.array(preprocess.mean, np.float32))
    if preprocess.std != (1.0, 1.0, 1.0):
        values = nodes("Div", values, np.array(preprocess.std, np.float32))
    channels_first = nodes("Transpose", values, perm=(2, 0, 1))
    nodes("Reshape", channels_first, np.array([1, 3, preprocess.height, preprocess.width]), output=output)


def place_nodes(nodes: Nodes, image: str, preprocess: Preprocess) -> Place:
    """Where the picture will lie.

    All that becomes a whole number is computed in whole numbers: for sides below 500,000 px they are those of the
    rules, whose epsilon is for what floats make of them.
    """
    shape = nodes("Shape", image)
    h, w = (nodes("Gather", shape, np.int64(axis), axis=0) for axis in (0, 1))
    W, H = np.int64(preprocess.width), np.int64(preprocess.height)
    across, down = nodes("Mul", h, W), nodes("Mul", w, H)
    wide = nodes("LessOrEqual", across, down)
    n_x = nodes("Where", wide, W, nodes("Div", down, h))
    n_y = nodes("Where", wide, nodes("Div", across, w), H)
    free = nodes("Abs", nodes("Sub", down, across))
    half = nodes("Div", free, nodes("Mul", nodes("Where", wide, w, h), np.int64(2)))
    sides = [nodes.cast(side, np.float64) for side in (w, h)]
    ratios = [nodes("Div", np.float64(whole), side) for whole, side in zip((W, H), sides, strict=True)]
    scale = nodes("Min", *ratios)
    least = np.int64(LETTERBOX["least_size_px"])
    parts = []
    for side, count in zip(sides, (n_x, n_y), strict=True):
        shown = nodes("Min", side, nodes("Div", nodes.cast(count, np.float64), scale))
        parts.append(nodes("Where", nodes("Less", count, least), side, shown))
    return Place(
        width=w,
        height=h,
        scale=scale,
        pad_x=nodes("Where", wide, np.int64(0), half),
        pad_y=nodes("Where", wide, half, np.int64(0)),
        columns=nodes("Max", n_x, least),
        rows=nodes("Max", n_y, least),
        part_width=parts[0],
        part_height=parts[1],
    )


def resampled_nodes(nodes: Nodes, levels: str, *, side: str, part: str, count: str) -> str:
    """The first rows of a picture made more or fewer.

    Only the rows that one is made of are multiplied: in sum some twice the larger of a and n.

    Args:
        nodes: what is added to.
        levels: (a, R) uint8 tensor.
        side: a, () int64.
        part: rows that are shown, () float64, not whole.
        count: n, () int64.

    Returns:
        (n, R) uint8.
    """
    rows_nT, whole_nT = _weights(nodes, side=side, part=part, count=count)
    upper, lowest = nodes("Div", whole_nT, BYTE), nodes("Mod", whole_nT, BYTE)
    digits = [nodes("Div", upper, BYTE), nodes("Mod", upper, BYTE), lowest]
    digits_n3T = nodes("Concat", *(nodes("Unsqueeze", digit, np.array([1])) for digit in digits), axis=1)
    # Whole numbers of 8 bits: exact in every runtime, whether it adds them up as int32 or as float32.
    sums_n3R = nodes("MatMulInteger", nodes.cast(digits_n3T, np.uint8), nodes("Gather", levels, rows_nT, axis=0))
    high, middle, low = (_digit(nodes, sums_n3R, place) for place in range(3))
    sums_n1R = nodes("Add", nodes("Mul", nodes("Add", nodes("Mul", high, BYTE), middle), BYTE), low)
    rounded = nodes.cast(nodes("Add", sums_n1R, np.int32(1 << (BITS - 1))), np.uint32)
    found = nodes.cast(nodes("BitShift", rounded, np.uint32(BITS), direction="RIGHT"), np.uint8)
    return nodes("Reshape", found, _rows_of(nodes, count))


def _digit(nodes: Nodes, sums_n3R: str, place: int) -> str:
    """(n, 1, R) int32: what the weights' digit at ``place`` adds, the highest first."""
    return nodes("Slice", sums_n3R, np.array([place]), np.array([place + 1]), np.array([1]))


def _weights(nodes: Nodes, *, side: str, part: str, count: str) -> tuple[str, str]:
    """Which rows each of the new ones is made of, (n, T) int64, and what they weigh, (n, T) int32 of `BITS`."""
    half, none = np.float64(0.5), np.float64(0.0)
    shown = nodes.cast(nodes.cast(part, np.float32), np.float64)
    ratio = nodes("Div", shown, nodes.cast(count, np.float64))
    support = nodes("Max", ratio, np.float64(1.0))
    places = nodes.cast(nodes("Range", np.int64(0), count, np.int64(1)), np.float64)
    middle = nodes("Mul", nodes("Add", places, half), ratio)
    before = nodes.cast(nodes("Add", nodes("Sub", middle, support), half), np.int64)
    behind = nodes.cast(nodes("Add", nodes("Add", middle, support), half), np.int64)
    first, end = nodes("Max", before, np.int64(0)), nodes("Min", behind, side)
    most = nodes("ReduceMax", nodes("Sub", end, first), keepdims=0)
    middle_n1, first_n1, end_n1 = (nodes("Unsqueeze", value, np.array([1])) for value in (middle, first, end))
    rows_nT = nodes("Add", first_n1, nodes("Range", np.int64(0), most, np.int64(1)))
    away = nodes("Abs", nodes("Add", nodes("Sub", nodes.cast(rows_nT, np.float64), middle_n1), half))
    inverse = nodes("Div", np.float64(1.0), support)
    weight = nodes("Max", nodes("Sub", np.float64(1.0), nodes("Mul", away, inverse)), none)
    weight_nT = nodes("Where", nodes("Less", rows_nT, end_n1), weight, none)
    # Added up one after the other, as Pillow does: the order shows in the last bit.
    total = nodes("Slice", nodes("CumSum", weight_nT, np.int64(1)), np.array([-1]), np.array([1 << 31]), np.array([1]))
    share = nodes("Mul", nodes("Div", weight_nT, total), np.float64(1 << BITS))
    whole_nT = nodes.cast(nodes("Add", share, half), np.int32)
    return nodes("Min", rows_nT, nodes("Sub", side, np.int64(1))), whole_nT


def _on_canvas(nodes: Nodes, shown: str, place: Place, preprocess: Preprocess) -> str:
    """(H, W, 3) uint8: the picture on its ground."""
    shape = nodes("Concat", _one(nodes, place.rows), _one(nodes, place.columns), np.array([CHANNELS]), axis=0)
    right = nodes("Sub", nodes("Sub", np.int64(preprocess.width), place.columns), place.pad_x)
    below = nodes("Sub", nodes("Sub", np.int64(preprocess.height), place.rows), place.pad_y)
    none = np.array([0])
    around = [_one(nodes, value) for value in (place.pad_y, place.pad_x, below, right)]
    free = nodes("Concat", *around[:2], none, *around[2:], none, axis=0)
    return nodes("Pad", nodes("Reshape", shown, shape), free, np.uint8(preprocess.fill))


def _one(nodes: Nodes, value: str) -> str:
    """() as (1,)."""
    return nodes("Unsqueeze", value, np.array([0]))


def _rows_of(nodes: Nodes, count: str) -> str:
    """(2,) shape of a matrix of ``count`` rows."""
    return nodes("Concat", _one(nodes, count), np.array([-1]), axis=0)

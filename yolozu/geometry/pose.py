"""From what a network says about an object to its rotation and translation, and back.

Camera frame: right-handed, x to the right, y down, z forward; column vectors, ``X_camera = R_m2c @ X_model + t_m2c``;
metres. Pixel coordinates count from the upper left corner of the network input. Every function takes numbers, NumPy
arrays or tensors alike, element by element, so that training, ONNX adapters and data share one formula.
"""

from __future__ import annotations

from typing import Any


def corrected_intrinsics(
    fx: Any, fy: Any, cx: Any, cy: Any, *, dfx: Any, dfy: Any, dcx: Any, dcy: Any
) -> tuple[Any, Any, Any, Any]:
    """``fx (1 + dfx), fy (1 + dfy), cx + dcx, cy + dcy``: the camera that an intrinsics correction stands for.

    Args:
        fx: focal length, px.
        fy: focal length, px.
        cx: principal point, px.
        cy: principal point, px.
        dfx: relative change of ``fx``.
        dfy: relative change of ``fy``.
        dcx: shift of ``cx``, px.
        dcy: shift of ``cy``, px.
    """
    return fx * (1.0 + dfx), fy * (1.0 + dfy), cx + dcx, cy + dcy


def normalized_focal(fx: Any, fy: Any, *, width: Any, height: Any) -> Any:
    """Focal length relative to the input's size: ``sqrt(fx fy / (width height))``.

    An object of size D at depth z covers about ``D f / z`` of the picture, so ``z / f`` is what its size in the picture
    tells, whatever the camera; a depth head learns the logarithm of that.

    Args:
        fx: focal length, px.
        fy: focal length, px.
        width: of the picture, px.
        height: of the picture, px.
    """
    return (fx * fy / (width * height)) ** 0.5


def back_projected(u: Any, v: Any, z: Any, *, fx: Any, fy: Any, cx: Any, cy: Any) -> tuple[Any, Any, Any]:
    """The point at depth ``z`` that appears at pixel ``(u, v)``: ``((u - cx) / fx z, (v - cy) / fy z, z)``.

    Args:
        u: px to the right.
        v: px downward.
        z: metres along the optical axis.
        fx: focal length, px.
        fy: focal length, px.
        cx: principal point, px.
        cy: principal point, px.

    Returns:
        x, y, z in metres, camera frame.
    """
    return (u - cx) / fx * z, (v - cy) / fy * z, z


def gram_schmidt(first: Any, second: Any) -> tuple[Any, Any, Any]:
    """Three orthonormal, right-handed columns from two vectors.

    Source: Zhou et al., On the Continuity of Rotation Representations in Neural Networks, CVPR 2019, equation 15.

    Args:
        first: (..., 3), not 0: direction of the first column.
        second: (..., 3), not parallel to the first: the second column's direction, once it is made orthogonal.

    Returns:
        The columns, (..., 3) each.
    """
    x = first / _length(first)
    rest = second - (x * second).sum(-1)[..., None] * x
    y = rest / _length(rest)
    return x, y, _cross_like(x, y)


def _length(vectors: Any) -> Any:
    """(..., 1) lengths, never 0, so that a degenerate head gives finite numbers and gradients."""
    return ((vectors * vectors).sum(-1)[..., None] + SMALLEST_SQUARE) ** 0.5


def _cross_like(first: Any, second: Any) -> Any:
    """``first × second`` by components, in the arrays' own kind."""
    following, after = [1, 2, 0], [2, 0, 1]
    return first[..., following] * second[..., after] - first[..., after] * second[..., following]


SMALLEST_SQUARE = 1e-24

"""Where an image lies in the network input, exactly, and the resampling that puts it there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROUNDING = 1e-6
"""Edges this near to a pixel border (in px) are on it: 427 · (320 / 427) is 320."""


@dataclass(frozen=True)
class Turn:
    """A rotation about the camera's optical axis as pixels show it: ``K Rz K⁻¹``, exact for ``fx != fy`` too.

    Attributes:
        angle: radians from +x toward +y, clockwise as the picture is seen.
        center_x_px: principal point, input px.
        center_y_px: principal point, input px.
        aspect: ``fy / fx``.
    """

    angle: float
    center_x_px: float
    center_y_px: float
    aspect: float = 1.0

    @property
    def matrix_33(self) -> NDArray[np.float64]:
        """(3, 3) homogeneous map of input px."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        x, y, aspect = self.center_x_px, self.center_y_px, self.aspect
        return np.array(
            [
                [cos, -sin / aspect, x - cos * x + sin / aspect * y],
                [sin * aspect, cos, y - sin * aspect * x - cos * y],
                [0.0, 0.0, 1.0],
            ]
        )


@dataclass(frozen=True)
class Placement:
    """An image inside the network input: ``x_input = x · scale + pad_x_px``, ``y_input = y · scale_y + pad_y_px``.

    Then turned, then mirrored if asked. Pixel borders count from 0: the image spans 0 to ``width``.

    Attributes:
        scale: input px per image px, in x.
        pad_x_px: input px left of the image; negative where the image is cut there.
        pad_y_px: input px above the image.
        width: image width in px.
        height: image height in px.
        input_width: network input width in px.
        input_height: network input height in px.
        mirrored: the input is flipped left to right.
        stretch: scale in y over scale in x.
        turn: rotation about the optical axis; None for none.
    """

    scale: float
    pad_x_px: float
    pad_y_px: float
    width: int
    height: int
    input_width: int
    input_height: int
    mirrored: bool = False
    stretch: float = 1.0
    turn: Turn | None = None

    @classmethod
    def letterbox(cls, width: int, height: int, input_width: int, input_height: int) -> Placement:
        """The largest image that fits, in the middle, on whole pixels at its left and upper border."""
        scale = min(input_width / width, input_height / height)
        pad_x = math.floor((input_width - width * scale) / 2 + ROUNDING)
        pad_y = math.floor((input_height - height * scale) / 2 + ROUNDING)
        return cls(scale, float(pad_x), float(pad_y), width, height, input_width, input_height)

    @property
    def scale_y(self) -> float:
        """Input px per image px, in y."""
        return self.scale * self.stretch

    @property
    def shown_px(self) -> tuple[int, int]:
        """Columns and rows of the network input that the image covers wholly; it is not turned."""
        left, right, _, _ = _span(self.pad_x_px, self.width, self.input_width, self.scale)
        top, bottom, _, _ = _span(self.pad_y_px, self.height, self.input_height, self.scale_y)
        return right - left, bottom - top

    @property
    def matrix_33(self) -> NDArray[np.float64]:
        """(3, 3) homogeneous map from image px to input px: all of the placement."""
        matrix = np.array([[self.scale, 0.0, self.pad_x_px], [0.0, self.scale_y, self.pad_y_px], [0.0, 0.0, 1.0]])
        if self.turn is not None:
            matrix = self.turn.matrix_33 @ matrix
        if self.mirrored:
            matrix = np.array([[-1.0, 0.0, self.input_width], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) @ matrix
        return matrix

    def points_to_input(self, points_N2: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points of the image lie in the network input.

        Args:
            points_N2: (N, 2) image px.

        Returns:
            (N, 2) input px.
        """
        if self.turn is None and not self.mirrored:
            return points_N2 * self._scales() + self._pad()
        matrix = self.matrix_33
        return np.asarray(points_N2 @ matrix[:2, :2].T + matrix[:2, 2])

    def boxes_to_input(self, boxes_cxcywh: NDArray[np.floating]) -> NDArray[np.float64]:
        """Boxes in the frame of the network input; not clipped, so that the caller sees what is cut.

        A turned box is no box: what comes is the box around its corners, larger than the one around the object.

        Args:
            boxes_cxcywh: (N, 4) normalized to the image.

        Returns:
            (N, 4) normalized to the network input.
        """
        boxes = np.asarray(boxes_cxcywh, dtype=np.float64).reshape(-1, 4)
        image, network = self._sizes()
        if self.turn is not None:
            return self._around_corners(boxes * np.tile(image, 2)) / np.tile(network, 2)
        scales = self._scales()
        center = (boxes[:, :2] * image * scales + self._pad()) / network
        if self.mirrored:
            center[:, 0] = 1.0 - center[:, 0]
        return np.concatenate([center, boxes[:, 2:] * image * scales / network], axis=1)

    def boxes_to_original(self, boxes_cxcywh: NDArray[np.floating], *, clip: bool = True) -> NDArray[np.float64]:
        """Boxes in the frame of the image, clipped to it.

        Args:
            boxes_cxcywh: (N, 4) normalized to the network input, which is not turned.
            clip: False leaves boxes that reach over the image as they are.

        Returns:
            (N, 4) normalized to the image; clipped, a box outside has no width or height left.
        """
        assert self.turn is None, "predictions come from images that are not turned"
        boxes = np.array(boxes_cxcywh, dtype=np.float64).reshape(-1, 4)
        if self.mirrored:
            boxes[:, 0] = 1.0 - boxes[:, 0]
        image, network = self._sizes()
        center = (boxes[:, :2] * network - self._pad()) / self._scales() / image
        half = boxes[:, 2:] * network / self._scales() / image / 2
        found = np.concatenate([center, half * 2], axis=1)
        return clip_boxes(found) if clip else found

    def moved(self, right_px: float, down_px: float, input_width: int, input_height: int) -> Placement:
        """The same picture ``right_px`` and ``down_px`` further in a network input of another size."""
        # Mirroring is about the middle of the input, so what comes before it moves the other way.
        before = input_width - self.input_width - right_px if self.mirrored else right_px
        turn = self.turn
        if turn is not None:
            turn = replace(turn, center_x_px=turn.center_x_px + before, center_y_px=turn.center_y_px + down_px)
        return replace(
            self,
            pad_x_px=self.pad_x_px + before,
            pad_y_px=self.pad_y_px + down_px,
            input_width=input_width,
            input_height=input_height,
            turn=turn,
        )

    def of_part(self, left: int, top: int, width: int, height: int) -> Placement:
        """Where a part of the image lies that begins at (``left``, ``top``) image px."""
        right_px, down_px = left * self.scale, top * self.scale_y
        return replace(
            self, width=width, height=height, pad_x_px=self.pad_x_px + right_px, pad_y_px=self.pad_y_px + down_px
        )

    def paste(self, image_HWC: NDArray[np.uint8], fill: int) -> NDArray[np.uint8]:
        """The network input: the image resampled (bilinear, antialiased) on a grey ground.

        Only pixels wholly inside the image are taken from it (of a turned one, those whose middle is), so that its
        border never mixes with the ground.

        Args:
            image_HWC: (height, width, 3) uint8; a fourth channel says how much of a pixel there is, and a mask has
                none: (height, width).
            fill: level of all channels around the image, 0 to 255.

        Returns:
            (input_height, input_width, as many channels) uint8.
        """
        assert image_HWC.shape[:2] == (self.height, self.width), "the image this placement was made for"
        if self.turn is not None:
            return self._paste_turned(image_HWC, fill)
        canvas = np.full((self.input_height, self.input_width, *image_HWC.shape[2:]), fill, dtype=np.uint8)
        left, right, box_left, box_right = _span(self.pad_x_px, self.width, self.input_width, self.scale)
        top, bottom, box_top, box_bottom = _span(self.pad_y_px, self.height, self.input_height, self.scale_y)
        if left < right and top < bottom:
            canvas[top:bottom, left:right] = _resample(
                image_HWC, (box_left, box_top, box_right, box_bottom), (right - left, bottom - top)
            )
        return np.ascontiguousarray(canvas[:, ::-1]) if self.mirrored else canvas

    def _paste_turned(self, image_HWC: NDArray[np.uint8], fill: int) -> NDArray[np.uint8]:
        """Made smaller first where it has to be, antialiased; then one affine resampling."""
        width, height = _smaller(self.width, self.scale), _smaller(self.height, self.scale_y)
        small = _resample(image_HWC, (0.0, 0.0, self.width, self.height), (width, height))
        from_small = self.matrix_33 @ np.diag([self.width / width, self.height / height, 1.0])
        back = np.linalg.inv(from_small)[:2].ravel().tolist()
        size = self.input_width, self.input_height
        ground = (fill, fill, fill) if fill else None
        picture = Image.fromarray(small)
        return np.asarray(
            picture.transform(size, Image.Transform.AFFINE, back, Image.Resampling.BILINEAR, fillcolor=ground)
        )

    def _around_corners(self, boxes_px_N4: NDArray[np.float64]) -> NDArray[np.float64]:
        signs = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
        corners_N42 = boxes_px_N4[:, None, :2] + signs * boxes_px_N4[:, None, 2:]
        placed_N42 = self.points_to_input(corners_N42.reshape(-1, 2)).reshape(-1, 4, 2)
        low, high = placed_N42.min(axis=1), placed_N42.max(axis=1)
        return np.concatenate([(low + high) / 2, high - low], axis=1)

    def _sizes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.array([self.width, self.height], float), np.array([self.input_width, self.input_height], float)

    def _scales(self) -> NDArray[np.float64]:
        return np.array([self.scale, self.scale_y])

    def _pad(self) -> NDArray[np.float64]:
        return np.array([self.pad_x_px, self.pad_y_px])


def clip_boxes(boxes_cxcywh: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of each box inside its frame.

    Args:
        boxes_cxcywh: (N, 4) normalized.

    Returns:
        (N, 4) normalized, inside [0, 1].
    """
    center, half = boxes_cxcywh[:, :2], boxes_cxcywh[:, 2:] / 2
    low, high = np.clip(center - half, 0.0, 1.0), np.clip(center + half, 0.0, 1.0)
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def _span(pad: float, size: int, input_size: int, scale: float) -> tuple[int, int, float, float]:
    """Input pixels ``low`` to ``high`` that the image covers wholly, and the stretch of the image they show."""
    low = max(0, math.ceil(pad - ROUNDING))
    high = min(input_size, math.floor(pad + size * scale + ROUNDING))
    if high == low < input_size and pad + size * scale > low:
        return low, low + 1, 0.0, float(size)  # thinner than a pixel: shown as one
    return low, high, max(0.0, (low - pad) / scale), min(float(size), (high - pad) / scale)


def _smaller(size: int, scale: float) -> int:
    return max(1, round(size * min(1.0, scale)))


def _resample(
    image_HWC: NDArray[np.uint8], box: tuple[float, float, float, float], size: tuple[int, int]
) -> NDArray[np.uint8]:
    height, width = image_HWC.shape[:2]
    if size == (width, height) and box == (0.0, 0.0, width, height):
        return image_HWC
    picture, (left, top, right, bottom) = Image.fromarray(image_HWC), box
    if height - size[1] > 2 * max(width - size[0], 0) and picture.mode != "RGBA":
        # Lower first, as Pillow does by itself from version 13 on: rounded in between, the order shows in the levels.
        picture = picture.resize((width, size[1]), Image.Resampling.BILINEAR, box=(0, top, width, bottom))
        top, bottom = 0, size[1]
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=(left, top, right, bottom)))

"""How a training image is varied: drawn once from a generator, applied in one resampling, boxes following exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.color import add_noise, blur, shift_hsv, to_gray
from yolozu.data.placement import Placement, clip_boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.contract.data import AugmentSection
    from yolozu.data.preprocess import Preprocess

LEAST_VISIBLE = 0.25
"""Objects of which less than this fraction of the box stays inside the network input are no targets."""

BLUR_SIGMA_PX = (0.3, 1.5)

AUGMENT_STREAM = 1
"""Sets augmentation's random numbers apart from those of the order of images."""


@dataclass(frozen=True)
class Variation:
    """What is done to one image. ``None`` and neutral values do nothing at all.

    Attributes:
        mirrored: flipped left to right.
        zoom: factor on the letterbox scale.
        shift_x: shift to the right, as a fraction of the network input's width.
        shift_y: shift downward, as a fraction of the network input's height.
        hsv: hue turn, saturation factor, brightness factor.
        gray: color is lost.
        blur_sigma_px: standard deviation of the blur.
        noise_std: standard deviation of the noise in grey levels.
    """

    mirrored: bool = False
    zoom: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    hsv: tuple[float, float, float] | None = None
    gray: bool = False
    blur_sigma_px: float | None = None
    noise_std: float | None = None


def generator_for(seed: int, epoch: int, image_index: int) -> np.random.Generator:
    """The random numbers of one image in one epoch, the same in whichever process it is loaded."""
    return np.random.default_rng([seed, AUGMENT_STREAM, epoch, image_index])


def draw_variation(section: AugmentSection, generator: np.random.Generator) -> Variation:
    """A variation within the limits of the contract. Draws as many numbers whatever the limits are.

    Thus changing one key leaves the others' draws as they were.
    """
    chance_flip, chance_gray, chance_blur = generator.random(3)
    zoom = generator.uniform(np.log(section.scale_min), np.log(section.scale_max))
    shift_x, shift_y = generator.uniform(-1, 1, 2) * section.translate
    hue, saturation, value = generator.uniform(-1, 1, 3) * (section.hsv_h, section.hsv_s, section.hsv_v)
    sigma, noise = generator.uniform(*BLUR_SIGMA_PX), generator.random() * section.gaussian_noise_std
    return Variation(
        mirrored=bool(chance_flip < section.hflip_prob),
        zoom=float(np.exp(zoom)),
        shift_x=float(shift_x),
        shift_y=float(shift_y),
        hsv=(float(hue), 1 + float(saturation), 1 + float(value)) if any((hue, saturation, value)) else None,
        gray=bool(chance_gray < section.gray_prob),
        blur_sigma_px=float(sigma) if chance_blur < section.blur_prob else None,
        noise_std=float(noise) if noise > 0 else None,
    )


def placement_of(variation: Variation, width: int, height: int, preprocess: Preprocess) -> Placement:
    """Where an image of ``width`` × ``height`` px lies: letterboxed, then zoomed about the middle and shifted."""
    letterbox = Placement.letterbox(width, height, preprocess.width, preprocess.height)
    neutral = variation.zoom == 1.0 and variation.shift_x == 0.0 and variation.shift_y == 0.0
    if neutral:
        return replace(letterbox, mirrored=variation.mirrored)
    scale = letterbox.scale * variation.zoom
    pad_x = (preprocess.width - width * scale) / 2 + variation.shift_x * preprocess.width
    pad_y = (preprocess.height - height * scale) / 2 + variation.shift_y * preprocess.height
    return replace(letterbox, scale=scale, pad_x_px=pad_x, pad_y_px=pad_y, mirrored=variation.mirrored)


def vary_image(
    image_HW3: NDArray[np.uint8],
    variation: Variation,
    placement: Placement,
    preprocess: Preprocess,
    generator: np.random.Generator,
) -> NDArray[np.uint8]:
    """The varied network input.

    Args:
        image_HW3: (H, W, 3) uint8 RGB, as read.
        variation: what is done.
        placement: from `placement_of`.
        preprocess: size and fill of the network input.
        generator: gives the noise.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    canvas = placement.paste(image_HW3, preprocess.fill)
    if variation.hsv is not None:
        hue, saturation, value = variation.hsv
        canvas = shift_hsv(canvas, hue=hue, saturation=saturation, value=value)
    if variation.gray:
        canvas = to_gray(canvas)
    if variation.blur_sigma_px is not None:
        canvas = blur(canvas, variation.blur_sigma_px)
    if variation.noise_std is not None:
        canvas = add_noise(canvas, variation.noise_std, generator)
    return canvas


def place_boxes(
    boxes_cxcywh: NDArray[np.float64], placement: Placement
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Boxes in the network input, clipped to it, and which of them are still targets.

    Args:
        boxes_cxcywh: (N, 4) normalized to the image.
        placement: where the image lies.

    Returns:
        (N, 4) normalized to the network input, and (N,) True where at least `LEAST_VISIBLE` of the box is left.
    """
    whole = placement.boxes_to_input(boxes_cxcywh)
    clipped = clip_boxes(whole)
    area, left = whole[:, 2] * whole[:, 3], clipped[:, 2] * clipped[:, 3]
    return clipped, (left > 0) & (left >= LEAST_VISIBLE * area)

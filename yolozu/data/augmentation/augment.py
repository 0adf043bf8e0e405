"""How a training image is varied: drawn once from a generator, applied in one resampling, boxes following exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.augmentation.color import add_noise, blur, shift_hsv, to_gray
from yolozu.data.augmentation.pasting import laid_onto, soft_edge
from yolozu.data.placed_poses import place_camera
from yolozu.data.placement import Placement, Turn, clip_boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.contract.sections.data import AugmentSection
    from yolozu.data.augmentation.backgrounds import Backgrounds
    from yolozu.data.preprocess import Preprocess

LEAST_VISIBLE = 0.25
"""Objects of which less than this fraction of the box stays inside the network input are no targets."""

BLUR_SIGMA_PX = (0.3, 1.5)

AUGMENT_STREAM = 1
"""Sets augmentation's random numbers apart from those of the order of images."""


LATER_PART, GROUND_PART, MOSAIC_PART = 0, 1, 2
"""Set apart what is drawn beside the numbers of an image; the quarters of a mosaic have the parts after the last."""


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
        rotation: radians about the optical axis, from +x toward +y.
        jitter: dfx, dfy relative, dcx, dcy in px of the network input: from the camera that took the image to the one
            that seems to have taken it.
        mosaic: three more images beside it.
    """

    mirrored: bool = False
    zoom: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    hsv: tuple[float, float, float] | None = None
    gray: bool = False
    blur_sigma_px: float | None = None
    noise_std: float | None = None
    rotation: float = 0.0
    jitter: tuple[float, float, float, float] | None = None
    mosaic: bool = False


def generator_for(seed: int, epoch: int, image_index: int) -> np.random.Generator:
    """The random numbers of one image in one epoch, the same in whichever process it is loaded."""
    return np.random.default_rng([seed, AUGMENT_STREAM, epoch, image_index])


def part_of(generator: np.random.Generator, part: int) -> np.random.Generator:
    """Random numbers beside those of ``generator``: a function of what it began with and of ``part`` alone."""
    began = generator.bit_generator.seed_seq
    assert isinstance(began, np.random.SeedSequence), "generators of images come from `generator_for` or from here"
    return np.random.default_rng(np.random.SeedSequence(began.entropy, spawn_key=(*began.spawn_key, part)))


def draw_variation(section: AugmentSection, generator: np.random.Generator) -> Variation:
    """A variation within the limits of the contract. Draws as many numbers whatever the limits are.

    Thus changing one key leaves the others' draws as they were. What came into the contract later has a generator of
    its own, so that it moves neither them nor the noise that is drawn from ``generator`` afterwards.
    """
    chance_flip, chance_gray, chance_blur = generator.random(3)
    zoom = generator.uniform(np.log(section.scale_min), np.log(section.scale_max))
    shift_x, shift_y = generator.uniform(-1, 1, 2) * section.translate
    hsv = _draw_hsv(section, generator)
    sigma, noise = generator.uniform(*BLUR_SIGMA_PX), generator.random() * section.gaussian_noise_std
    drawn = Variation(
        mirrored=bool(chance_flip < section.hflip_prob),
        zoom=float(np.exp(zoom)),
        shift_x=float(shift_x),
        shift_y=float(shift_y),
        hsv=hsv,
        gray=bool(chance_gray < section.gray_prob),
        blur_sigma_px=float(sigma) if chance_blur < section.blur_prob else None,
        noise_std=float(noise) if noise > 0 else None,
    )
    later = section.rotate_deg > 0 or section.intrinsics_jitter or section.mosaic_prob > 0
    return _with_later_draws(drawn, section, part_of(generator, LATER_PART)) if later else drawn


def _with_later_draws(drawn: Variation, section: AugmentSection, generator: np.random.Generator) -> Variation:
    angle, dfx, dfy, dcx, dcy = generator.uniform(-1, 1, 5).tolist()
    jitter = dfx * section.jitter_dfx, dfy * section.jitter_dfy, dcx * section.jitter_dcx, dcy * section.jitter_dcy
    return replace(
        drawn,
        rotation=float(angle * np.radians(section.rotate_deg)),
        jitter=jitter if section.intrinsics_jitter else None,
        mosaic=bool(generator.random() < section.mosaic_prob),
    )


def placement_of(
    variation: Variation,
    width: int,
    height: int,
    preprocess: Preprocess,
    K_4: NDArray[np.float64] | None = None,
) -> Placement:
    """Where an image of ``width`` × ``height`` px lies.

    Letterboxed, zoomed about the middle and shifted, as another camera would show it, turned about that camera's axis
    (the image's middle where no camera is known), mirrored.

    Args:
        variation: what is done.
        width: of the image, px.
        height: of the image, px.
        preprocess: size of the network input.
        K_4: (4,) fx, fy, cx, cy of the camera that took the image; without it there is no jitter.
    """
    placement = _zoomed(variation, width, height, preprocess)
    if K_4 is not None and variation.jitter is not None:
        placement = _by_another_camera(placement, K_4, variation.jitter)
    if variation.rotation != 0.0:
        camera = np.array([1.0, 1.0, width / 2, height / 2]) if K_4 is None else K_4
        fx, fy, cx, cy = place_camera(camera, placement).tolist()
        placement = replace(placement, turn=Turn(variation.rotation, cx, cy, fy / fx))
    return replace(placement, mirrored=True) if variation.mirrored else placement


def _zoomed(variation: Variation, width: int, height: int, preprocess: Preprocess) -> Placement:
    letterbox = Placement.letterbox(width, height, preprocess.width, preprocess.height)
    neutral = variation.zoom == 1.0 and variation.shift_x == 0.0 and variation.shift_y == 0.0
    if neutral:
        return letterbox
    scale = letterbox.scale * variation.zoom
    pad_x = (preprocess.width - width * scale) / 2 + variation.shift_x * preprocess.width
    pad_y = (preprocess.height - height * scale) / 2 + variation.shift_y * preprocess.height
    return replace(letterbox, scale=scale, pad_x_px=pad_x, pad_y_px=pad_y)


def _by_another_camera(
    placement: Placement, K_4: NDArray[np.float64], jitter: tuple[float, float, float, float]
) -> Placement:
    """The picture stretched about the principal point, which moves by ``dcx`` and ``dcy``."""
    dfx, dfy, dcx, dcy = jitter
    _, _, cx, cy = place_camera(K_4, placement).tolist()
    return replace(
        placement,
        scale=placement.scale * (1.0 + dfx),
        stretch=placement.stretch * (1.0 + dfy) / (1.0 + dfx),
        pad_x_px=(placement.pad_x_px - cx) * (1.0 + dfx) + cx + dcx,
        pad_y_px=(placement.pad_y_px - cy) * (1.0 + dfy) + cy + dcy,
    )


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
    canvas = _tinted(placement.paste(image_HW3, preprocess.fill), variation)
    return _as_taken(canvas, variation, generator)


def vary_pasted(
    layer_HW4: NDArray[np.uint8], ground_HW3: NDArray[np.uint8], variation: Variation, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """The varied network input: cut-out objects before another ground.

    Color changes are the objects' own; what a camera does to a picture (gray, blur, noise) is done to the whole.

    Args:
        layer_HW4: (height, width, 4) uint8 RGBA, from `placed_cut_out`.
        ground_HW3: (height, width, 3) uint8 RGB, in the network input's size.
        variation: what is done.
        generator: gives the noise.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    color = _tinted(np.ascontiguousarray(layer_HW4[:, :, :3]), variation)
    alpha = soft_edge(np.ascontiguousarray(layer_HW4[:, :, 3]))
    return _as_taken(laid_onto(ground_HW3, color, alpha), variation, generator)


def draw_ground(
    backgrounds: Backgrounds, section: AugmentSection, generator: np.random.Generator, preprocess: Preprocess
) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB: a background with a part, a flip and a color change of its own."""
    ground = backgrounds.draw(generator, preprocess.width, preprocess.height)
    return _tinted(np.ascontiguousarray(ground), Variation(hsv=_draw_hsv(section, generator)))


def _draw_hsv(section: AugmentSection, generator: np.random.Generator) -> tuple[float, float, float] | None:
    hue, saturation, value = (generator.uniform(-1, 1, 3) * (section.hsv_h, section.hsv_s, section.hsv_v)).tolist()
    return (hue, 1 + saturation, 1 + value) if any((hue, saturation, value)) else None


def _tinted(canvas_HW3: NDArray[np.uint8], variation: Variation) -> NDArray[np.uint8]:
    if variation.hsv is None:
        return canvas_HW3
    hue, saturation, value = variation.hsv
    return shift_hsv(canvas_HW3, hue=hue, saturation=saturation, value=value)


def _as_taken(canvas_HW3: NDArray[np.uint8], variation: Variation, generator: np.random.Generator) -> NDArray[np.uint8]:
    canvas = canvas_HW3
    if variation.gray:
        canvas = to_gray(canvas)
    if variation.blur_sigma_px is not None:
        canvas = blur(canvas, variation.blur_sigma_px)
    if variation.noise_std is not None:
        canvas = add_noise(canvas, variation.noise_std, generator)
    return canvas


def visible_boxes(whole_cxcywh: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Boxes clipped to the network input, and which of them are still targets.

    Args:
        whole_cxcywh: (N, 4) normalized to the network input, from `Placement.boxes_to_input` or `object_boxes`.

    Returns:
        (N, 4) normalized to the network input, and (N,) True where at least `LEAST_VISIBLE` of the box is left.
    """
    clipped = clip_boxes(whole_cxcywh)
    area, left = whole_cxcywh[:, 2] * whole_cxcywh[:, 3], clipped[:, 2] * clipped[:, 3]
    return clipped, (left > 0) & (left >= LEAST_VISIBLE * area)

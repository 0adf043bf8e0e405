"""The views of a picture that a network is shown at test time, and where the picture lies in each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from yolozu.data.augmentation.augment import Variation, placement_of
from yolozu.data.detections import camera_of
from yolozu.data.placement import Placement
from yolozu.errors import UsageError
from yolozu.geometry.input_sizes import side_in_view

if TYPE_CHECKING:
    from yolozu.contract.sections.predict import TtaSection
    from yolozu.data.preprocess import Preprocess
    from yolozu.structures.image_record import ImageRecord


@dataclass(frozen=True)
class View:
    """One way to look at a picture; as it stands, the network's own.

    Attributes:
        scale: size of the picture relative to the network's own view.
        turn_deg: rotation about the optical axis, degrees from +x toward +y.
        mirrored: whether it is flipped left to right, after the turn.
    """

    scale: float = 1.0
    turn_deg: float = 0.0
    mirrored: bool = False

    def place(
        self, record: ImageRecord, width: int, height: int, preprocess: Preprocess, *, any_size: bool
    ) -> Placement:
        """Where the picture lies on this view's canvas.

        Scaled, in the middle; turned about the principal point of its camera, as training does with ``rotate_deg``
        (about its middle where no camera is known); mirrored. What a turn moves off the canvas is not seen.

        Args:
            record: the image, with its camera where that is known.
            width: of the image, px.
            height: of the image, px.
            preprocess: the network's own view.
            any_size: whether the network takes canvases of any size; if not, scales are at most 1.
        """
        canvas = self.canvas(preprocess) if any_size else preprocess
        own_scale = Placement.letterbox(width, height, preprocess.width, preprocess.height).scale
        zoom = own_scale * self.scale / Placement.letterbox(width, height, canvas.width, canvas.height).scale
        # A zoom of 1 leaves the letterbox as it is, on whole pixels; one that rounding made from 1 must do so too.
        zoom = 1.0 if math.isclose(zoom, 1.0, rel_tol=1e-12) else zoom
        variation = Variation(zoom=zoom, rotation=math.radians(self.turn_deg), mirrored=self.mirrored)
        return placement_of(variation, width, height, canvas, camera_of(record))

    def canvas(self, preprocess: Preprocess) -> Preprocess:
        """The smallest canvas that holds the network's own at this scale and that the network's strides divide."""
        height, width = (side_in_view(side, self.scale) for side in (preprocess.height, preprocess.width))
        return replace(preprocess, height=height, width=width)


OWN = View()
"""How a network is shown pictures without test-time augmentation."""


def views_of(section: TtaSection | None) -> tuple[View, ...]:
    """All views that are asked for, the network's own first."""
    if section is None:
        return (OWN,)
    mirrored = (False, True) if section.tta_flip else (False,)
    views = (View(*view) for view in product(section.tta_scales, section.tta_rotations_deg, mirrored))
    return tuple(sorted(views, key=lambda view: view != OWN))


def describe_views(section: TtaSection) -> dict[str, Any]:
    """What was looked at and how it was fused, for the record."""
    return {
        "mode": section.tta_mode,
        "scales": list(section.tta_scales),
        "rotations_deg": list(section.tta_rotations_deg),
        "flip": section.tta_flip,
        "iou": section.tta_iou,
        "views": len(views_of(section)),
    }


def require_fitting(views: tuple[View, ...], *, any_size: bool) -> None:
    """Refuse views that a network of one input size cannot be shown.

    Raises:
        UsageError: YZ622.
    """
    larger = sorted({view.scale for view in views if view.scale > 1.0})
    if larger and not any_size:
        raise UsageError.one(
            "YZ622",
            where="tta_scales",
            problem=f"the network takes one input size only, and {_listed(larger)} would need a larger one",
            fix="use scales up to 1, export with onnx_dynamic_hw: true, or predict the checkpoint with adapter: "
            "rtdetr_pose",
        )


def _listed(scales: list[float]) -> str:
    return ", ".join(f"{scale:g}" for scale in scales)

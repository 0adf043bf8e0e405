"""What a loss sees, and what it is."""

# Shapes: N supervised queries (of all layers, images and sources), M of them matched to an object, P of those from a
# layer with pose heads, B images, C classes, K values.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from yolozu.geometry.rotations import SymmetryTable

Over = Literal["queries", "pairs", "poses", "images"]


@dataclass(frozen=True)
class PosePairs:
    """Matched queries that say a pose, beside their objects', in one flat list; frames as in `PoseTargets`.

    Attributes:
        labels_P: int64, class of the object.
        log_z_P: predicted logarithm of the depth in metres.
        R_P33: predicted ``R_m2c``.
        offsets_P2: predicted, px.
        t_P3: predicted ``t_m2c``, metres.
        log_sigmas: ``log_sigma_z`` and ``log_sigma_rot`` -> (P,); empty without these heads.
        target_R_P33: of the object.
        target_t_P3: of the object, metres.
        has_pose_P: bool, whether the object has a pose.
        target_offsets_P2: of the object, px.
        has_offsets_P: bool, whether its offset is known.
        size_P2: height and width of the network input, px.
        symmetries: of the classes.
    """

    labels_P: Tensor
    log_z_P: Tensor
    R_P33: Tensor
    offsets_P2: Tensor
    t_P3: Tensor
    log_sigmas: dict[str, Tensor]
    target_R_P33: Tensor
    target_t_P3: Tensor
    has_pose_P: Tensor
    target_offsets_P2: Tensor
    has_offsets_P: Tensor
    size_P2: Tensor
    symmetries: SymmetryTable


@dataclass(frozen=True)
class Corrections:
    """Intrinsics corrections of the images.

    Attributes:
        k_delta_B4: predicted: dfx, dfy relative, dcx, dcy in px.
        target_B4: true ones.
        known_B: bool, whether they are known.
        size_B2: height and width of the network input, px.
    """

    k_delta_B4: Tensor
    target_B4: Tensor
    known_B: Tensor
    size_B2: Tensor


@dataclass(frozen=True)
class Supervision:
    """Every supervised query in one flat list, beside the objects of the matched ones.

    Attributes:
        logits_NC: class logits.
        row_M: int64, which of the N is matched.
        labels_M: int64, class of its object.
        boxes_M4: its predicted box, cxcywh normalized to the network input.
        target_boxes_M4: its object's box.
        poses: poses of the pairs that have pose heads; None where data or detector have none.
        corrections: of the images; None likewise.
        spared_NC: bool, of which queries which classes are taught nothing where no object is; None teaches all.
    """

    logits_NC: Tensor
    row_M: Tensor
    labels_M: Tensor
    boxes_M4: Tensor
    target_boxes_M4: Tensor
    poses: PosePairs | None = None
    corrections: Corrections | None = None
    spared_NC: Tensor | None = None


@dataclass(frozen=True)
class Loss:
    """A term of the objective.

    Attributes:
        over: whether ``compute`` gives one number per query, (N,), per matched pair, (M,), per pair with a pose, (P,),
            or per image, (B,).
        compute: the numbers, before weighting and division by the number of objects.
        log_sigma: the head that says how large this loss is expected to be; None where there is no such head.
        holds_constants: whether its gradient treats a part of it that depends on predictions as a constant.
    """

    over: Over
    compute: Callable[[Supervision], Tensor]
    log_sigma: str | None = None
    holds_constants: bool = False

    @property
    def needs_poses(self) -> bool:
        """Whether it is of poses or of the camera, so that data without poses teach it nothing."""
        return self.over in ("poses", "images")


def pose_loss(compute: Callable[[PosePairs], Tensor], *, log_sigma: str | None = None) -> Loss:
    """The term that is ``compute`` of the pairs with poses."""

    def of_poses(supervision: Supervision) -> Tensor:
        assert supervision.poses is not None, "the criterion leaves pose terms out where there are no poses"
        return compute(supervision.poses)

    return Loss("poses", of_poses, log_sigma)

"""What readers find: the images of a split with their labels, as written, before anything is checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.artifacts.meshes import ObjectModel
    from yolozu.geometry.pose_values import Numbers3, Numbers4


@dataclass(frozen=True, slots=True)
class InstancePose:
    """Where an object is in space, as labeled and not yet checked.

    Attributes:
        where: ``labels/train/7.json: instances[2]`` or ``train/000001/scene_gt.json: 12[0]``.
        R_m2c: rows of the rotation from model to camera.
        t_m2c: translation from model to camera, metres.
    """

    where: str
    R_m2c: tuple[Numbers3, Numbers3, Numbers3]
    t_m2c: Numbers3


@dataclass(frozen=True, slots=True)
class InstanceMask:
    """The visible pixels of an object.

    Attributes:
        path: a picture of the image's size.
        value: grey level of this object's pixels in it; None where every pixel above 0 is the object's.
    """

    path: Path
    value: int | None = None


@dataclass(frozen=True, slots=True)
class LabeledCamera:
    """The pinhole camera of an image, pixel borders counted from 0.

    Attributes:
        where: file and place that state it.
        K: fx, fy, cx, cy in px of the image.
        K_true: the camera that took the image, where ``K`` is known to be off; else None.
    """

    where: str
    K: Numbers4
    K_true: Numbers4 | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """One labeled object.

    Attributes:
        where: ``labels/train/7.txt:3`` or ``instances.json: annotations[12]``.
        class_index: network index as far as the label says one; may be out of range.
        box_cxcywh: center and size, normalized to the image; may reach outside it.
        is_crowd: a region of objects that were not told apart; no training target.
        area_px: area of the object's outline in squared px, where the annotation states one.
        area_fraction: area of the object's polygon as a fraction of the image, where there is one.
        pose: where it is in space, where that is known.
        center_offset_px: from the box's center to where the model's origin appears, px of the image, where a label
            states it.
        mask: its visible pixels, where there is such a picture.
        visible_fraction: which part of it is visible, where a label states it.
    """

    where: str
    class_index: int
    box_cxcywh: tuple[float, float, float, float]
    is_crowd: bool = False
    area_px: float | None = None
    area_fraction: float | None = None
    pose: InstancePose | None = None
    center_offset_px: tuple[float, float] | None = None
    mask: InstanceMask | None = None
    visible_fraction: float | None = None


@dataclass(frozen=True, slots=True)
class Defect:
    """A label that holds no instance: the rule it breaks, its place, and what is wrong."""

    rule: str
    where: str
    problem: str


@dataclass(frozen=True, slots=True)
class LabeledImage:
    """One image with its labels.

    Attributes:
        image: path relative to the data set's root (absolute where it is outside), with ``/``.
        path: the file.
        instances: its objects, in the order of the labels.
        defects: labels that could not be understood.
        has_labels: whether there is a label file for it; without one it shows no object.
        camera: the camera that took it, where that is known.
        declared_size: (width, height) in px that the labels state, None where they do not.
        number: the id that an instances file gives it; None elsewhere.
        label: its label file, where labels are files.
        sidecar: its pose sidecar.
    """

    image: str
    path: Path
    instances: tuple[Instance, ...]
    defects: tuple[Defect, ...] = ()
    has_labels: bool = True
    camera: LabeledCamera | None = None
    declared_size: tuple[int, int] | None = None
    number: int | None = None
    label: Path | None = None
    sidecar: Path | None = None


@dataclass(frozen=True, slots=True)
class SplitLabels:
    """The labels of a split.

    Attributes:
        split: its name.
        images: in order of path.
        stray: labels that belong to none of them, and doubts about all of them.
        models: shapes that labels state, by class index.
        notes: what is worth knowing and no defect.
        labeled: whether it says what is on its images; a mere list of images does not.
    """

    split: str
    images: tuple[LabeledImage, ...]
    stray: tuple[Defect, ...] = ()
    models: Mapping[int, ObjectModel] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    labeled: bool = True

"""What readers find: the images of a split with their labels, as written, before anything is checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
    """

    where: str
    class_index: int
    box_cxcywh: tuple[float, float, float, float]
    is_crowd: bool = False
    area_px: float | None = None
    area_fraction: float | None = None


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
        pose: sidecar with poses, named like ``image``; None where there is none.
        declared_size: (width, height) in px that the labels state, None where they do not.
    """

    image: str
    path: Path
    instances: tuple[Instance, ...]
    defects: tuple[Defect, ...] = ()
    has_labels: bool = True
    pose: str | None = None
    declared_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SplitLabels:
    """A split's images in order of path, and the labels that belong to none of them."""

    split: str
    images: tuple[LabeledImage, ...]
    stray: tuple[Defect, ...] = ()

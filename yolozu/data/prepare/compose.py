"""Images of a data set pasted onto other backgrounds, written as a split of an ordinary data set.

What training does on the fly with `paste_backgrounds`, done once: held-out images on held-out backgrounds.
"""

# Shapes: N objects of the image.

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.artifacts.atomic_files import atomic_directory, explaining_write_errors, is_taken
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.contract.sections.data import AugmentSection
from yolozu.data.augmentation.augment import (
    GROUND_PART,
    draw_ground,
    draw_variation,
    generator_for,
    part_of,
    placement_of,
    vary_pasted,
    visible_boxes,
)
from yolozu.data.augmentation.backgrounds import Backgrounds
from yolozu.data.augmentation.masks import MaskStore, joined_mask, require_masks
from yolozu.data.augmentation.object_boxes import object_boxes
from yolozu.data.augmentation.pasting import placed_cut_out
from yolozu.data.images import pixels_of
from yolozu.data.index import DataIndex
from yolozu.data.layouts.descriptor import SplitEntry
from yolozu.data.layouts.mesh_files import ModelFiles
from yolozu.data.placed_poses import place_poses
from yolozu.data.placement import Placement
from yolozu.data.prepare.extending import extended, write_descriptor
from yolozu.data.preprocess import Preprocess
from yolozu.errors import UsageError
from yolozu.geometry.pose import corrected_intrinsics
from yolozu.progress import Progress
from yolozu.structures.poses import PlacedPoses, PoseLabels

KINDS = ("images", "labels", "masks")
PNG_EFFORT = 1
HALF = 127


@dataclass(frozen=True)
class ComposePlan:
    """What is made.

    Attributes:
        out: directory of the data set that is made or extended.
        split: name of the new split.
        backgrounds: directory of pictures.
        size: side of the new images, px.
        per_image: new images of each image.
        seed: of all of them.
        rotate_deg: largest rotation about the optical axis, either way.
        scale_min: smallest zoom of the letterboxed image.
        scale_max: largest zoom.
        translate: largest shift, as a fraction of `size`.
    """

    out: Path
    split: str
    backgrounds: Path
    size: int
    per_image: int = 1
    seed: int = 0
    rotate_deg: float = 0.0
    scale_min: float = 1.0
    scale_max: float = 1.0
    translate: float = 0.0


@dataclass(frozen=True, eq=False)
class Composed:
    """A new image and its objects.

    Attributes:
        image_HW3: uint8 RGB.
        owner_HW: uint8; 1 + number of the object that a pixel shows, 0 for the background.
        class_indices: (N,).
        boxes_cxcywh: (N, 4) normalized, around the visible pixels.
        poses: of the same objects.
    """

    image_HW3: NDArray[np.uint8]
    owner_HW: NDArray[np.uint8]
    class_indices: NDArray[np.int64]
    boxes_cxcywh: NDArray[np.float64]
    poses: PlacedPoses


class Composer:
    """Pastes the images of an index onto backgrounds; a new image is a function of seed, image and repetition."""

    def __init__(self, index: DataIndex, plan: ComposePlan, models: ObjectModels) -> None:
        """Look at what can be known before the first image.

        Raises:
            InputError: YZ250 objects have no masks, YZ252 there are no backgrounds.
        """
        require_masks(index, "data paste")
        self._index, self._seed, self._models = index, plan.seed, models
        self._masks = MaskStore(index, keep=False)
        self._backgrounds = Backgrounds(plan.backgrounds)
        self._preprocess = Preprocess(plan.size, plan.size, 0)
        self._section = AugmentSection(
            rotate_deg=plan.rotate_deg, scale_min=plan.scale_min, scale_max=plan.scale_max, translate=plan.translate
        )

    def compose(self, number: int, repetition: int) -> Composed:
        """The ``repetition``-th new image, from 0, of image ``number``."""
        record, preprocess = self._index.records[number], self._preprocess
        generator = generator_for(self._seed, repetition, number)
        variation = draw_variation(self._section, generator)
        labels = PoseLabels.none_of(len(record.class_indices)) if record.poses is None else record.poses
        seen_by = labels.K_4 if labels.K_true_4 is None else labels.K_true_4
        placement = placement_of(variation, record.width, record.height, preprocess, seen_by)
        masks = self._masks.masks(number)
        ground = draw_ground(self._backgrounds, self._section, part_of(generator, GROUND_PART), preprocess)
        shown = joined_mask(masks, record.height, record.width)
        layer = placed_cut_out(pixels_of(record), shown, placement)
        poses = place_poses(labels, placement, class_indices_N=record.class_indices, models=self._models)
        boxes, in_view = visible_boxes(object_boxes(record, placement, masks, poses, self._models))
        kept = in_view & ~record.is_crowd
        return Composed(
            image_HW3=vary_pasted(layer, ground, variation, generator),
            owner_HW=_owners([mask for mask, wanted in zip(masks, kept.tolist(), strict=True) if wanted], placement),
            class_indices=record.class_indices[kept],
            boxes_cxcywh=boxes[kept],
            poses=poses.of(kept),
        )


def write_composed(
    index: DataIndex, plan: ComposePlan, models: ObjectModels, meshes: ModelFiles | None, progress: Progress
) -> int:
    """Write ``plan`` of the images of ``index``. The same plan on the same files gives the same files.

    Args:
        index: whose objects are pasted; all have masks.
        plan: what is made.
        models: of the classes; written into pose sidecars where there are no ``meshes``.
        meshes: the data set's meshes, which the new one refers to.
        progress: where it is shown.

    Returns:
        The number of images.

    Raises:
        InputError: YZ250 objects have no masks, YZ252 there are no backgrounds.
        UsageError: YZ213 the split is there already, YZ263 ``out`` has other classes, YZ314 nothing can be written.
    """
    composer = Composer(index, plan, models)
    entry = SplitEntry(images_dir=f"images/{plan.split}", labels_dir=f"labels/{plan.split}")
    descriptor = extended(plan.out, plan.split, entry, index.classes, meshes)
    _refuse_taken(plan)
    jobs = [(number, repetition) for number in range(len(index)) for repetition in range(plan.per_image)]
    shapes = {} if meshes is not None else {key: _shape(model) for key, model in models.by_class.items()}
    with explaining_write_errors(plan.out), progress.bar("pasting", len(jobs)) as bar:
        with ExitStack() as stack:
            places = {kind: stack.enter_context(atomic_directory(plan.out / kind / plan.split)) for kind in KINDS}
            for number, repetition in jobs:
                name = f"{number:06d}" if plan.per_image == 1 else f"{number:06d}_{repetition:03d}"
                _write(composer.compose(number, repetition), places, name, f"masks/{plan.split}/{name}.png", shapes)
                bar.advance()
        write_descriptor(plan.out, descriptor)
    return len(jobs)


def _refuse_taken(plan: ComposePlan) -> None:
    for kind in KINDS:
        path = plan.out / kind / plan.split
        if is_taken(path):
            raise UsageError.one(
                "YZ213", where=str(path), problem="is not empty", fix="name a new directory, or delete what is there"
            )


def _owners(masks: Sequence[NDArray[np.bool_] | None], placement: Placement) -> NDArray[np.uint8]:
    owner_HW = np.zeros((placement.input_height, placement.input_width), np.uint8)
    for number, mask in enumerate(masks, start=1):
        if mask is not None:
            owner_HW[placement.paste(np.where(mask, np.uint8(255), np.uint8(0)), 0) > HALF] = number
    return owner_HW


def _write(
    composed: Composed, places: dict[str, Path], name: str, mask_name: str, shapes: dict[int, dict[str, Any]]
) -> None:
    Image.fromarray(composed.image_HW3).save(places["images"] / f"{name}.png", compress_level=PNG_EFFORT)
    Image.fromarray(composed.owner_HW).save(places["masks"] / f"{name}.png", compress_level=PNG_EFFORT)
    lines = [
        f"{label} {' '.join(f'{value:.8f}' for value in box)}\n"
        for label, box in zip(composed.class_indices.tolist(), composed.boxes_cxcywh.tolist(), strict=True)
    ]
    (places["labels"] / f"{name}.txt").write_text("".join(lines), encoding="utf-8")
    sidecar = {**_cameras(composed.poses), "instances": _rows(composed, mask_name, shapes)}
    (places["labels"] / f"{name}.json").write_text(json.dumps(sidecar) + "\n", encoding="utf-8")


def _cameras(poses: PlacedPoses) -> dict[str, Any]:
    if not poses.has_camera:
        return {}
    dfx, dfy, dcx, dcy = poses.k_delta_4.tolist()
    told = poses.K_4.tolist()
    true = list(corrected_intrinsics(*told, dfx=dfx, dfy=dfy, dcx=dcx, dcy=dcy))
    return {"K_gt": told, "K_gt_prime": true} if poses.has_k_delta else {"K_gt": told}


def _rows(composed: Composed, mask_name: str, shapes: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    poses, size = composed.poses, np.array(composed.owner_HW.shape[::-1], np.float64)
    rows = []
    for number, label in enumerate(composed.class_indices.tolist()):
        row: dict[str, Any] = {"class_index": label, "mask_path": mask_name, "mask_value": number + 1}
        if poses.has_pose_N[number]:
            row |= {"R_gt": poses.R_m2c_N33[number].tolist(), "t_gt": poses.t_m2c_N3[number].tolist()}
        elif poses.has_center_N[number]:
            offset = poses.centers_px_N2[number] - composed.boxes_cxcywh[number, :2] * size
            row["offsets_gt"] = offset.tolist()
        rows.append(row | shapes.get(label, {}))
    return rows


def _shape(model: ObjectModel) -> dict[str, Any]:
    """A class's shape as sidecars state it."""
    found = model.symmetries
    symmetry: list[Any] = [
        [[*row, shift] for row, shift in zip(R, t, strict=True)] + [[0, 0, 0, 1]]
        for R, t in zip(found.rotations_S33[1:].tolist(), found.translations_S3[1:].tolist(), strict=True)
    ]
    symmetry += [{"axis": axis_3.tolist(), "offset": offset_3.tolist()} for axis_3, offset_3 in found.axes]
    return {"cad_points": model.points_V3.tolist(), "symmetry": symmetry}

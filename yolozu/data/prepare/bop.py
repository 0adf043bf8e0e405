"""A split of a BOP data set in YOLO layout: label files, pose sidecars, and images and masks where they lie.

Lengths become metres and cameras count pixels from the image's border, as everywhere here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from yolozu.artifacts.atomic_files import copy_files, explaining_write_errors, refuse_first_of, write_files
from yolozu.artifacts.jsonio import canonical
from yolozu.data.classes import stated_classes
from yolozu.data.labels import Instance, LabeledImage
from yolozu.data.layouts.bop_files import scenes_of
from yolozu.data.layouts.descriptor import SplitEntry
from yolozu.data.layouts.files import stem_of
from yolozu.data.layouts.layout import Layout, find_layout
from yolozu.data.layouts.mesh_files import ModelFiles
from yolozu.data.prepare.extending import extended, write_descriptor
from yolozu.data.readers.bop import BopReader
from yolozu.errors import InputError
from yolozu.progress import Progress


@dataclass(frozen=True)
class BopPlan:
    """What becomes of which split.

    Attributes:
        bop_root: directory with ``models/`` and the splits.
        split: ``train_pbr``.
        out: directory of the data set that is made or extended.
        copies_images: whether the data set gets images, masks and meshes of its own.
    """

    bop_root: Path
    split: str
    out: Path
    copies_images: bool = False


@dataclass(frozen=True)
class PreparedScenes:
    """What was made.

    Attributes:
        num_images: images of all scenes.
        num_objects: visible objects, each with its pose.
        num_classes: classes of the data set.
        notes: what is worth knowing.
    """

    num_images: int
    num_objects: int
    num_classes: int
    notes: tuple[str, ...]


def prepare_bop(plan: BopPlan, progress: Progress) -> PreparedScenes:
    """Write a split and describe it in ``<out>/dataset.json``. The same plan twice leaves the same files.

    Everything is looked at before anything is written, and the description is written last.

    Raises:
        InputError: YZ201 or YZ202 there is no such split, YZ243 it is none of BOP's.
        UsageError: YZ244 labels are malformed, YZ263 the data set that is there has other classes or another such
            split, YZ314 nothing can be written, YZ905 a file would have to be overwritten.
    """
    layout = find_layout(plan.bop_root.resolve())
    source = layout.split(plan.split)
    if source.label_format != "bop":
        fix = "give a directory with models/ and <split>/<scene>/scene_camera.json"
        raise InputError.one("YZ243", where=str(plan.bop_root), problem="is not laid out as BOP's data sets", fix=fix)
    reader = BopReader(layout, source)
    stated = reader.stated_classes()
    classes = stated_classes(layout, {} if stated is None else {str(plan.bop_root): stated})
    labels = reader.read(classes)
    assert classes is not None, "the reader refuses to read without"
    defects = [*labels.stray, *(defect for image in labels.images for defect in image.defects)]
    problems = {Path(defect.where): defect.problem for defect in defects}
    refuse_first_of("YZ244", problems, "mend the scene's files", source.labels)
    files = _Files(plan, layout)
    with explaining_write_errors(plan.out):
        descriptor = extended(plan.out, plan.split, files.entry, classes, files.models)
        files.place_images(labels.images, progress)
        write_files(plan.out / "labels" / plan.split, files.label_files(labels.images))
        write_descriptor(plan.out, descriptor)
    num_objects = sum(len(image.instances) for image in labels.images)
    return PreparedScenes(len(labels.images), num_objects, len(classes), labels.notes)


class _Files:
    """Where the files of a split lie, and where they will."""

    def __init__(self, plan: BopPlan, layout: Layout) -> None:
        self._plan, self._layout = plan, layout
        self._scenes = {scene.pictures: scene for scene in scenes_of(layout.splits[plan.split].labels)}
        self._names_of_masks = {scene.masks: scene.name for scene in self._scenes.values()}

    @property
    def entry(self) -> SplitEntry:
        """What the ``dataset.json`` says of the split."""
        return SplitEntry(images_dir=f"images/{self._plan.split}", labels_dir=f"labels/{self._plan.split}")

    @property
    def models(self) -> ModelFiles | None:
        """The meshes, copied ones where they will be."""
        found = self._layout.models
        if found is None or not self._plan.copies_images:
            return found
        return replace(found, directory=self._plan.out / "models")

    def place_images(self, images: tuple[LabeledImage, ...], progress: Progress) -> None:
        """Link the scenes' pictures into the data set, a link for each scene; or copy everything that is used."""
        images_dir = self._plan.out / "images" / self._plan.split
        if not self._plan.copies_images:
            write_files(images_dir, {scene.name: scene.pictures.resolve() for scene in self._scenes.values()})
            return
        sources = {images_dir / f"{self._name(image)}{image.path.suffix}": image.path for image in images}
        for image in images:
            masks = [instance.mask.path for instance in image.instances if instance.mask is not None]
            sources |= {self._plan.out / self._mask_name(path): path for path in masks}
        if self._layout.models is not None:
            paths = map(Path, self._layout.models.paths())
            sources |= {self._plan.out / "models" / path.name: path for path in paths}
        with progress.bar("copying", len(sources)) as bar:
            copy_files(sources, self._plan.out, bar)

    def label_files(self, images: tuple[LabeledImage, ...]) -> dict[str, bytes | Path]:
        """Content by name of label file and sidecar; an image without labels has a camera all the same."""
        contents: dict[str, bytes | Path] = {}
        for image in images:
            name = self._name(image)
            contents[f"{name}.json"] = f"{canonical(self._sidecar(image))}\n".encode()
            if image.has_labels:
                contents[f"{name}.txt"] = "".join(map(_line, image.instances)).encode("utf-8")
        return contents

    def _sidecar(self, image: LabeledImage) -> dict[str, Any]:
        document: dict[str, Any] = {"instances": [self._pose(instance) for instance in image.instances]}
        if image.camera is not None:
            document["K_gt"] = list(image.camera.K)
        return document

    def _pose(self, instance: Instance) -> dict[str, Any]:
        assert instance.pose is not None, "an image without a camera is a finding"
        row: dict[str, Any] = {"R_gt": instance.pose.R_m2c, "t_gt": instance.pose.t_m2c}
        if instance.mask is not None:
            path = instance.mask.path
            row["mask_path"] = self._mask_name(path) if self._plan.copies_images else path.as_posix()
        return row

    def _name(self, image: LabeledImage) -> str:
        """``000001/000000``: scene and image."""
        return f"{self._scenes[image.path.parent].name}/{stem_of(image.path.name)}"

    def _mask_name(self, path: Path) -> str:
        return f"masks/{self._plan.split}/{self._names_of_masks[path.parent]}/{path.name}"


def _line(instance: Instance) -> str:
    return f"{instance.class_index} {' '.join(f'{value:.8f}' for value in instance.box_cxcywh)}\n"

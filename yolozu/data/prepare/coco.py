"""A split of COCO as a data set: described where it lies, or rewritten as YOLO labels.

An instances file says more than YOLO labels can: regions of objects that were not told apart (crowd), in which
detections are neither right nor wrong, and the area of each outline, by which objects count as small or large.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yolozu.artifacts.atomic_files import copy_files, explaining_write_errors, refuse_first_of, unlisted, write_files
from yolozu.artifacts.packed_files import is_file
from yolozu.data.checking.box_units import other_units
from yolozu.data.labels import Defect, LabeledImage, SplitLabels
from yolozu.data.layouts.coco_files import coco_split_at, coco_splits
from yolozu.data.layouts.descriptor import SplitEntry
from yolozu.data.layouts.files import IMAGE_SUFFIXES, files_below, stem_of
from yolozu.data.layouts.layout import Layout, Split
from yolozu.data.prepare.extending import as_written, extended, write_descriptor
from yolozu.data.readers.coco import CocoReader
from yolozu.errors import InputError
from yolozu.progress import Progress


@dataclass(frozen=True)
class CocoPlan:
    """What becomes of which split.

    Attributes:
        coco_root: directory with ``annotations/`` and the images.
        split: ``val2017``.
        out: directory of the data set that is made or extended.
        instances: the instances file, where it is not ``annotations/instances_<split>.json``.
        label_format: ``coco`` describes the instances file, ``yolo`` writes label files.
        copies_images: whether the data set gets images of its own.
    """

    coco_root: Path
    split: str
    out: Path
    instances: Path | None = None
    label_format: Literal["coco", "yolo"] = "coco"
    copies_images: bool = False


@dataclass(frozen=True)
class PreparedSplit:
    """What was made.

    Attributes:
        images_dir: where the images are.
        labels: the instances file, or the directory of label files.
        num_images: listed images.
        num_objects: objects besides crowd regions.
        num_crowds: crowd regions; YOLO labels leave them out.
        num_classes: classes of the data set.
        unused: annotations that say of no listed image what is where.
        notes: what else is worth knowing.
    """

    images_dir: Path
    labels: Path
    num_images: int
    num_objects: int
    num_crowds: int
    num_classes: int
    unused: tuple[Defect, ...] = ()
    notes: tuple[str, ...] = ()


def prepare_coco(plan: CocoPlan, progress: Progress) -> PreparedSplit:
    """Describe a split in ``<out>/dataset.json``, last of all. The same plan twice leaves the same files.

    Raises:
        InputError: YZ205, YZ260 the annotations or images are not there or not to be understood, YZ290 boxes are in
            other units than COCO's.
        UsageError: YZ289 no annotation can be used, YZ261 images are missing, YZ262 YOLO labels cannot say what the
            annotations do, YZ263 the data set that is there has other classes or another such split, YZ314 nothing can
            be written, YZ905 a file would have to be overwritten.
    """
    source = _source(plan)
    reader = CocoReader(Layout(plan.coco_root, {plan.split: source}, None, ()), source)
    classes = reader.stated_classes()
    labels = reader.read(classes)
    images = labels.images
    unused = (*labels.stray, *(defect for image in images for defect in image.defects))
    _refuse_missing(images, source)
    target = _target(plan, source)
    if plan.label_format == "yolo" or plan.copies_images:
        _refuse_outside(images, source)
    if plan.label_format == "yolo":
        _refuse_unsayable(plan, labels, unused, source, target)
    _refuse_unusable(labels, source, unused)
    with explaining_write_errors(plan.out):
        descriptor = extended(plan.out, plan.split, _entry(plan, target), classes)
        if plan.copies_images:
            _copy(plan, images, source, target, progress)
        if plan.label_format == "yolo":
            write_files(target.labels, _label_files(images, source))
        write_descriptor(plan.out, descriptor)
    instances = [instance for image in images for instance in image.instances]
    num_crowds = sum(instance.is_crowd for instance in instances)
    return PreparedSplit(
        target.images_dir,
        target.labels,
        num_images=len(images),
        num_objects=len(instances) - num_crowds,
        num_crowds=num_crowds,
        num_classes=len(classes),
        unused=unused,
        notes=labels.notes,
    )


def _source(plan: CocoPlan) -> Split:
    """Where the split lies.

    Raises:
        InputError: YZ260.
    """
    found = next((split for split in coco_splits(plan.coco_root) if split.name == plan.split), None)
    if plan.instances is None and found is not None:
        return Split(plan.split, "coco", found.images_dir.resolve(), found.file.resolve())
    instances = plan.instances
    if instances is None:
        instances = plan.coco_root / "annotations" / f"instances_{plan.split}.json"
    if not instances.is_file():
        there = sorted(path.name for path in (plan.coco_root / "annotations").glob("*.json"))
        listed = (
            f"--instances FILE; annotations/ holds {', '.join(there)}" if there else "name it with --instances FILE"
        )
        raise InputError.one("YZ260", where=str(instances), problem="no such instances file", fix=listed)
    places = (plan.coco_root / plan.split, plan.coco_root / "images" / plan.split)
    around = (split.images_dir for split in coco_split_at(instances)[1] if split.file.samefile(instances))
    for place in (*places, *around):
        if place.is_dir():
            return Split(plan.split, "coco", place.resolve(), instances.resolve())
    raise InputError.one(
        "YZ260",
        where=str(plan.coco_root),
        problem=f"has no images of {plan.split!r}",
        fix=f"put them in {places[0]}, or in {places[1]}",
    )


def _target(plan: CocoPlan, source: Split) -> Split:
    """Where the split's images and labels will be."""
    images_dir = plan.out / "images" / plan.split if plan.copies_images else source.images_dir
    labels = source.labels
    if plan.label_format == "yolo":
        labels = plan.out / "labels" / plan.split
    elif plan.copies_images:
        labels = plan.out / "annotations" / f"instances_{plan.split}.json"
    return Split(plan.split, plan.label_format, images_dir, labels)


def _entry(plan: CocoPlan, target: Split) -> SplitEntry:
    images_dir, labels = as_written(target.images_dir, plan.out), as_written(target.labels, plan.out)
    if plan.label_format == "yolo":
        return SplitEntry(images_dir=images_dir, labels_dir=labels)
    return SplitEntry(images_dir=images_dir, instances_json=labels)


def _refuse_unusable(labels: SplitLabels, source: Split, unused: tuple[Defect, ...]) -> None:
    """Refuse annotations of which none says what is where, and boxes in other units than COCO's.

    Raises:
        UsageError: YZ289.
        InputError: YZ290.
    """
    instances = [instance for image in labels.images for instance in image.instances]
    if unused and not instances:
        problems = {source.labels: f"none of its {len(unused)} annotations can be used"}
        problems |= {Path(defect.where): defect.problem for defect in unused}
        refuse_first_of("YZ289", problems, "mend the file, or name another one with --instances", source.labels)
    other = other_units(labels.images)
    if other is not None:
        raise InputError.one("YZ290", where=instances[0].where, problem=f"the box {other.said}", fix=other.fix)


def _refuse_missing(images: tuple[LabeledImage, ...], source: Split) -> None:
    if not images:
        raise InputError.one("YZ260", where=str(source.labels), problem="lists no image", fix="name another file")
    problems = {image.path: _absence(image.path) for image in images if not is_file(image.path)}
    refuse_first_of("YZ261", problems, "get the image, or remove it from the instances file", source.images_dir)


def _absence(path: Path) -> str:
    if path.is_symlink():
        return f"is a link to {path.readlink()}, where no file is"
    return "is listed, and no such file"


def _refuse_outside(images: tuple[LabeledImage, ...], source: Split) -> None:
    """Refuse names that would lead out of the data set's own directories.

    Raises:
        UsageError: YZ262.
    """
    outside = {
        image.path: f"is not inside {source.images_dir}"
        for image in images
        if not image.path.is_relative_to(source.images_dir) or ".." in image.path.relative_to(source.images_dir).parts
    }
    refuse_first_of("YZ262", outside, "use --format coco without --copy-images", source.images_dir)


def _refuse_unsayable(
    plan: CocoPlan, labels: SplitLabels, unused: tuple[Defect, ...], source: Split, target: Split
) -> None:
    """Refuse what YOLO labels would turn into something else.

    Raises:
        UsageError: YZ262.
    """
    problems = {Path(defect.where): defect.problem for defect in unused}
    if not labels.labeled:
        problems[source.labels] = "has no annotations, and YOLO labels would say that its images show nothing"
    names = [_name(image, source) for image in labels.images]
    owners: dict[str, str] = {}
    for image, name in zip(labels.images, names, strict=True):
        first = owners.setdefault(stem_of(name), name)
        if first != name:
            problems[image.path] = f"would share its label file with {first}"
    refuse_first_of("YZ262", problems, "mend the instances file, or use --format coco", source.labels)
    there = files_below(target.images_dir, IMAGE_SUFFIXES) if target.images_dir.is_dir() else []
    extra = {
        target.images_dir / name: "is not listed, and without a label file it would count as empty"
        for name in unlisted(there, names)
    }
    way_out = "name another --out" if plan.copies_images else "use --copy-images, or --format coco"
    refuse_first_of("YZ262", extra, way_out, target.images_dir)


def _name(image: LabeledImage, source: Split) -> str:
    """The image's path relative to the directory of images, in which it is."""
    return image.path.relative_to(source.images_dir).as_posix()


def _copy(plan: CocoPlan, images: tuple[LabeledImage, ...], source: Split, target: Split, progress: Progress) -> None:
    files = {target.images_dir / _name(image, source): image.path for image in images}
    if plan.label_format == "coco":
        files[target.labels] = source.labels
    with progress.bar("copying", len(files)) as bar:
        copy_files(files, plan.out, bar)


def _label_files(images: tuple[LabeledImage, ...], source: Split) -> dict[str, bytes | Path]:
    """Content by name of label file; an image without objects gets an empty one."""
    return {f"{stem_of(_name(image, source))}.txt": _lines(image).encode("utf-8") for image in images}


def _lines(image: LabeledImage) -> str:
    rows = [instance for instance in image.instances if not instance.is_crowd]
    return "".join(f"{row.class_index} {' '.join(f'{value:.8f}' for value in row.box_cxcywh)}\n" for row in rows)

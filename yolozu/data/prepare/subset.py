"""Some images of a split as a data set of its own, the same ones every time, with a digest that a protocol can name.

Images are linked to, labels and pose sidecars copied (paths in them made absolute), instances files cut down. What was
chosen, and the digest over it, is in ``subset.json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.artifacts.atomic_files import explaining_write_errors
from yolozu.artifacts.digest import DigestCache, digest_of
from yolozu.artifacts.jsonio import pretty, read_json, write_text_if_changed
from yolozu.data.classes import classes_of_labels, stated_classes
from yolozu.data.labels import LabeledImage
from yolozu.data.layouts.layout import Layout, Split, find_layout
from yolozu.data.prepare.extending import extended, write_descriptor
from yolozu.data.prepare.subset_labels import labels_of
from yolozu.data.readers.listed import open_reader
from yolozu.data.selection import choose
from yolozu.errors import UsageError
from yolozu.structures.classes import ClassTable

SCHEMA_VERSION = 1
SELECTION_NAME = "subset.json"


@dataclass(frozen=True)
class SubsetPlan:
    """What is chosen.

    Attributes:
        dataset: the whole data set.
        split: of it.
        out: directory of the data set that is made or extended.
        seed: of the choice.
        count: images; None means as ``fraction`` or ``per_class`` say.
        fraction: of the split's images, above 0 and at most 1.
        per_class: images that each class shall be on, as far as there are so many.
    """

    dataset: Path
    split: str
    out: Path
    seed: int
    count: int | None = None
    fraction: float | None = None
    per_class: int | None = None


@dataclass(frozen=True)
class Subset:
    """What was chosen: a digest over names, images and labels, and counts."""

    sha256: str
    num_images: int
    num_available: int
    num_objects: int


def subset(plan: SubsetPlan, cache: DigestCache) -> Subset:
    """Make the data set of some images. The same plan on the same data gives the same files.

    Raises:
        InputError: there is no such data set or split, or its labels or classes are not to be understood.
        UsageError: YZ263 the data set that is there has other classes or another such split, YZ270 the count cannot be
            had, YZ314 nothing can be written, YZ905 a file would have to
            be overwritten.
    """
    layout = find_layout(plan.dataset)
    split = layout.split(plan.split)
    classes, found = read_labeled(layout, split)
    labels = labels_of(layout, split, found)
    names = choose(
        {name: {instance.class_index for instance in image.instances} for name, image in labels.images.items()},
        seed=plan.seed,
        count=_wanted(plan, len(labels.images)),
        per_class=plan.per_class,
    )
    _refuse_other_counts(plan, len(names), len(labels.images))
    rows = [
        {"image": name, "image_sha256": cache.file(labels.images[name].path), "labels_sha256": labels.digest(name)}
        for name in names
    ]
    sha256 = digest_of(rows)
    with explaining_write_errors(plan.out):
        descriptor = extended(plan.out, plan.split, labels.entry(plan.out), classes, layout.models)
        selections = _selections(plan, {"sha256": sha256, "images": rows, "available": len(labels.images)})
        labels.write(plan.out, names)
        write_text_if_changed(plan.out / SELECTION_NAME, pretty(selections))
        write_descriptor(plan.out, descriptor)
    num_objects = sum(len(labels.images[name].instances) for name in names)
    return Subset(sha256, len(names), len(labels.images), num_objects)


def read_labeled(layout: Layout, split: Split) -> tuple[ClassTable, tuple[LabeledImage, ...]]:
    """The classes of the whole data set, and the images of the split with their labels."""
    reader = open_reader(layout, split)
    by_labels = reader.stated_classes()
    stated = stated_classes(layout, {} if by_labels is None else {str(split.labels): by_labels})
    read = reader.read(stated)
    if stated is not None:
        return stated, read.images
    others = [other for name, other in layout.splits.items() if name != split.name]
    rest = [open_reader(layout, other).read(None) for other in others]
    return classes_of_labels([read, *rest]), read.images


def _wanted(plan: SubsetPlan, available: int) -> int | None:
    return max(1, round(plan.fraction * available)) if plan.fraction is not None else plan.count


def _refuse_other_counts(plan: SubsetPlan, chosen: int, available: int) -> None:
    wanted = _wanted(plan, available)
    if wanted is None or chosen == wanted:
        return
    place = f"{plan.dataset}: {plan.split}"
    if chosen < wanted:
        raise UsageError.one(
            "YZ270", where=place, problem=f"has {available} images, {wanted} were asked for", fix="ask for fewer"
        )
    raise UsageError.one(
        "YZ270",
        where=place,
        problem=f"{plan.per_class} images of each class are {chosen} images, {wanted} were asked for",
        fix=f"ask for {chosen} or more, or for fewer of each class",
    )


def _selections(plan: SubsetPlan, selection: dict[str, Any]) -> dict[str, Any]:
    """What ``subset.json`` will hold: the splits that are there, and this one."""
    path = plan.out / SELECTION_NAME
    there: dict[str, Any] = {}
    if path.is_file():
        fix = "move it away, or name another --out"
        value = read_json(path, code="YZ905", fix=fix)
        there = value.get("splits", {}) if isinstance(value, dict) else {}
        if there.get(plan.split, selection) != selection:
            raise UsageError.one("YZ905", where=str(path), problem=f"holds another {plan.split!r}", fix=fix)
    return {"schema_version": SCHEMA_VERSION, "splits": {**there, plan.split: selection}}

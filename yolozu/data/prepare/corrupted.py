"""A corrupted copy of a split as a data set of its own: for other programs, and to look at.

Labels are those of `yolozu.data.prepare.subset_labels`: what the pictures show stays where it is. Pictures are written
as PNG, since any other compression would be a second corruption. What was done is in ``corruption.json``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from yolozu.artifacts.atomic_files import AWAY, explaining_write_errors, is_taken, refuse_first_of
from yolozu.artifacts.jsonio import pretty, read_json, write_text_if_changed
from yolozu.data.images import read_image
from yolozu.data.layouts.layout import find_layout
from yolozu.data.prepare.extending import extended, write_descriptor
from yolozu.data.prepare.subset import read_labeled
from yolozu.data.prepare.subset_labels import labels_of, written_name
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yolozu.data.labels import LabeledImage
    from yolozu.data.layouts.descriptor import SplitEntry
    from yolozu.data.prepare.subset_labels import Paint
    from yolozu.data.transform import ImageTransform
    from yolozu.progress import Bar, Progress

SCHEMA_VERSION = 1
RECORD_NAME = "corruption.json"
PNG_EFFORT = 1


@dataclass(frozen=True)
class CorruptPlan:
    """What is made.

    Attributes:
        dataset: the data set whose pictures are corrupted.
        split: of it.
        out: directory of the data set that is made or extended.
        transform: what is done to the pictures.
        max_images: only the first so many, in order of name; None means all.
    """

    dataset: Path
    split: str
    out: Path
    transform: ImageTransform
    max_images: int | None = None


def write_corrupted(plan: CorruptPlan, progress: Progress) -> int:
    """Write ``plan``. The same plan on the same data gives the same files.

    Args:
        plan: what is made.
        progress: where it is shown.

    Returns:
        The number of images.

    Raises:
        InputError: there is no such data set or split, its labels or classes are not to be understood, or YZ207 an
            image cannot be read.
        UsageError: YZ213 the split is there already, YZ263 ``out`` has other classes, YZ281 two images would become
            one, YZ314 nothing can be written, YZ905 a file would have to be overwritten.
    """
    layout = find_layout(plan.dataset)
    split = layout.split(plan.split)
    classes, images = read_labeled(layout, split)
    with progress.bar("corrupting", min(len(images), plan.max_images or len(images))) as bar:
        paint = _painter(plan.transform, bar)
        labels = labels_of(layout, split, images, paint)
        names = sorted(labels.images)[: plan.max_images]
        _refuse_shared_names(plan, names, paint)
        with explaining_write_errors(plan.out):
            entry = labels.entry(plan.out)
            descriptor = extended(plan.out, plan.split, entry, classes, layout.models)
            _refuse_taken(plan, entry)
            records = _records(plan, len(names))
            labels.write(plan.out, names)
            write_text_if_changed(plan.out / RECORD_NAME, pretty(records))
            write_descriptor(plan.out, descriptor)
    return len(names)


def _painter(transform: ImageTransform, bar: Bar) -> Paint:
    def paint(image: LabeledImage, path: Path) -> None:
        corrupted = transform(read_image(image.path), image.image)
        Image.fromarray(corrupted).save(path, "PNG", compress_level=PNG_EFFORT)
        bar.advance()

    return paint


def _refuse_shared_names(plan: CorruptPlan, names: Sequence[str], paint: Paint) -> None:
    """Two images whose names differ in their suffix alone."""
    counts = Counter(written_name(name, paint) for name in names)
    problems = {
        plan.dataset / name: f"and another image of {plan.split!r} would both become {written_name(name, paint)}"
        for name in names
        if counts[written_name(name, paint)] > 1
    }
    refuse_first_of("YZ281", problems, "rename one of them, with its labels", plan.dataset)


def _refuse_taken(plan: CorruptPlan, entry: SplitEntry) -> None:
    written = entry.scenes_dir if entry.scenes_dir is not None else entry.images_dir
    assert written is not None, "every entry names a directory of pictures"
    if is_taken(plan.out / written):
        raise UsageError.one(
            "YZ213",
            where=str(plan.out / written),
            problem="is not empty",
            fix="name a new directory, or delete what is there",
        )


def _records(plan: CorruptPlan, images: int) -> dict[str, Any]:
    """What ``corruption.json`` will hold: the splits that are there, and this one."""
    path = plan.out / RECORD_NAME
    there: dict[str, Any] = {}
    if path.is_file():
        value = read_json(path, code="YZ905", fix=AWAY)
        there = value.get("splits", {}) if isinstance(value, dict) else {}
    record = {**plan.transform.describe(), "source": plan.dataset.resolve().as_posix(), "images": images}
    return {"schema_version": SCHEMA_VERSION, "splits": {**there, plan.split: record}}

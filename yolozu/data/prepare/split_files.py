"""Parts of a data set as lists of its pictures, with a ``data.yaml`` or a ``dataset.json`` that says what they are.

Nothing is copied. A ``data.yaml`` is written where Ultralytics' rule leads from every picture to its labels, so that
other tools read the parts, too; else a ``dataset.json``, which says where the labels are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.jsonio import pretty
from yolozu.data.layouts.descriptor import DESCRIPTOR_NAME, PLACES, SplitEntry
from yolozu.data.layouts.files import stem_of
from yolozu.data.layouts.ultralytics import DATA_YAML, label_stem
from yolozu.data.prepare.extending import described

if TYPE_CHECKING:
    from yolozu.data.labels import LabeledImage
    from yolozu.data.layouts.layout import Layout, Split
    from yolozu.data.survey import Survey
    from yolozu.structures.classes import ClassTable


def part_files(survey: Survey, parts: Mapping[str, Sequence[LabeledImage]], out: Path, note: str) -> dict[Path, str]:
    """Path -> text of every file that describes ``parts``; the last one is what a ``dataset_root`` names.

    Args:
        survey: of the one split whose images are parted.
        parts: name -> images.
        out: directory of the files.
        note: a line that says how they were made.
    """
    layout, classes = survey.layout, survey.classes
    split = layout.splits[survey.splits[0].name]
    lists = {out / f"{name}.txt": _list(images, out) for name, images in parts.items()}
    if _is_found_by_ultralytics(split, [image for images in parts.values() for image in images]):
        return {**lists, out / DATA_YAML: _data_yaml(layout, classes, parts, note)}
    assert split.label_format != "ultralytics", "it is found by its own rule"
    fields = {PLACES[split.label_format]: inside(split.labels, out)}
    if split.label_format != "bop":
        fields["images_dir"] = inside(split.images_dir, out)
    entries = {name: SplitEntry(images_list=f"{name}.txt", **fields) for name in parts}
    descriptor = described(entries, classes, layout.models, out)
    return {**lists, out / DESCRIPTOR_NAME: pretty(descriptor.model_dump(exclude_none=True))}


def inside(path: Path, directory: Path) -> str:
    """``path`` as a file in ``directory`` names it: relative where it is inside, else absolute."""
    plain, root = os.path.abspath(path), os.path.abspath(directory)  # noqa: PTH100 - it takes out the dots
    return Path(plain).relative_to(root).as_posix() if Path(plain).is_relative_to(root) else Path(plain).as_posix()


def _list(images: Iterable[LabeledImage], out: Path) -> str:
    places = (inside(image.path, out) for image in images)
    # Ultralytics takes a path that begins with ./ from where the list is.
    return "".join(f"{place}\n" if place.startswith("/") else f"./{place}\n" for place in places)


def _is_found_by_ultralytics(split: Split, images: Sequence[LabeledImage]) -> bool:
    return split.label_format == "ultralytics" or (
        split.label_format == "yolo"
        and all(
            image.label is None or _plain(label_stem(str(image.path))) == _plain(stem_of(str(image.label)))
            for image in images
        )
    )


def _plain(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - a million names


def _data_yaml(layout: Layout, classes: ClassTable, parts: Iterable[str], note: str) -> str:
    lines = [f"# {note}", *(f"{name}: {name}.txt" for name in parts)]
    if layout.keypoints is not None:
        lines.append(f"kpt_shape: [{layout.keypoints.count}, {layout.keypoints.size}]")
    lines += [
        "names:",
        *(f"  {index}: {json.dumps(name, ensure_ascii=False)}" for index, name in enumerate(classes.names)),
    ]
    return "\n".join(lines) + "\n"

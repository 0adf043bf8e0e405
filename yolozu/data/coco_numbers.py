"""Which numbers COCO files give to a data set's images and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from yolozu.artifacts.coco_classes import COCO_CLASSES
from yolozu.artifacts.predictions.convert.coco_ids import STATED, CocoNumbers, categories_by_name, ways_to_number
from yolozu.artifacts.predictions.image_names import ImageNames, KnownImages
from yolozu.data.readers.coco_file import read_coco_file
from yolozu.data.readers.coco_images import image_paths

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.data.index import DataIndex
    from yolozu.data.layouts.layout import Layout, Split
    from yolozu.structures.classes import ClassTable

CategoryIds = Literal["dataset", "zero-based", "one-based", "coco"]
"""How category ids count: as the data set's files say, by place from 0 or 1, or as COCO's own annotations do."""


def numbers_of_annotations(path: Path) -> tuple[KnownImages, CocoNumbers]:
    """Images, classes and numbers of an instances file; images have the names that it gives.

    Raises:
        InputError: YZ205 it is none.
    """
    file = read_coco_file(path)
    names, sizes = zip(*file.images.values(), strict=True) if file.images else ((), ())
    known = KnownImages(tuple(names), tuple(sizes), frozenset(file.classes.category_ids))
    own = {key: key for key in file.classes.category_ids}
    ways = _beside(own, ways_to_number(file.classes))
    return known, CocoNumbers(dict(zip(names, file.images, strict=True)), None, str(path), ways, stated=True)


def numbers_of_data(
    index: DataIndex, layout: Layout, annotations: Path | None, category_ids: CategoryIds | None = None
) -> CocoNumbers:
    """Numbers of the images and classes of a split.

    Args:
        index: the split.
        layout: of the data set.
        annotations: an instances file of the same images and classes, by name; None takes the one that the data set is
            described by, or else the numbers that name the images, and the data set's own class ids.
        category_ids: how classes are numbered, where not as these files say. None where they say nothing leaves it to
            the ids of the results that are read.

    Raises:
        InputError: YZ205 a file is no instances file, YZ725 its categories are not the data set's classes.
    """
    source, image_ids = "the names of the images", None
    ways = ways_to_number(index.classes)
    class_ids = None if category_ids in {None, "dataset"} else _numbered(ways, index.classes, str(category_ids))
    split = layout.split(index.split)
    if annotations is not None:
        file, source = read_coco_file(annotations), str(annotations)
        names = ImageNames([record.image for record in index.records])
        found = ((names.find(name), number) for number, (name, _) in file.images.items())
        image_ids = {names.images[places[0]]: number for places, number in found if len(places) == 1}
        if class_ids is None:
            class_ids = categories_by_name(index.classes, file.classes, source)
    elif split.label_format == "coco":
        source = str(split.labels)
        listed = read_coco_file(split.labels).images
        paths = image_paths(split.images_dir, [name for name, _ in listed.values()])
        image_ids = {layout.relative(paths[name]): number for number, (name, _) in listed.items()}
    if category_ids is not None:
        return CocoNumbers(image_ids, class_ids, source)
    stated = class_ids is not None or _stated(layout, split, index.classes)
    if stated:
        own = {key: key for key in index.classes.category_ids} if class_ids is None else class_ids
        ways = _beside(own, ways)
    return CocoNumbers(image_ids, class_ids, source, ways, stated)


def _beside(own: dict[int, int], ways: dict[str, dict[int, int]]) -> dict[str, dict[int, int]]:
    """Ids that files state, and where those count from 0 or from 1, what tools may have counted from the other."""
    places = sorted(own.values())
    others = [name for name in ("zero-based", "one-based") if sorted(ways[name].values()) != places]
    if places not in ([*range(len(own))], [*range(1, len(own) + 1)]):
        others = []
    return {STATED: own, **{name: ways[name] for name in others}}


def _numbered(ways: dict[str, dict[int, int]], classes: ClassTable, name: str) -> dict[int, int]:
    return ways[name] if name in ways else categories_by_name(classes, COCO_CLASSES, "the names of the images")


def _stated(layout: Layout, split: Split, classes: ClassTable) -> bool:
    """Whether the data set's files number its classes; labels of YOLO's kind hold places in a list of names."""
    chosen = layout.descriptor is not None and layout.descriptor.category_ids is not None
    return chosen or split.label_format in {"coco", "bop"} or classes.category_ids != tuple(range(len(classes)))

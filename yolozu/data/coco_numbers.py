"""Which numbers COCO files give to a data set's images and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.artifacts.predictions.convert.numbers import CocoNumbers, categories_by_name
from yolozu.artifacts.predictions.names import ImageNames, KnownImages
from yolozu.data.readers.coco import categories_of, listed_images, read_instances

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.artifacts.classes import ClassTable
    from yolozu.data.index import DataIndex
    from yolozu.data.layouts.layout import Layout


def numbers_of_annotations(path: Path) -> tuple[KnownImages, CocoNumbers]:
    """Images, classes and numbers of an instances file; images have the names that it gives.

    Raises:
        InputError: YZ205 it is none.
    """
    document = read_instances(path)
    images = listed_images(document, path)
    names, sizes = tuple(name for name, _ in images.values()), tuple(size for _, size in images.values())
    known = KnownImages(names, sizes, frozenset(categories_of(document, path).category_ids))
    return known, CocoNumbers(dict(zip(names, images, strict=True)), None, str(path))


def numbers_of_data(
    index: DataIndex, layout: Layout, annotations: Path | None, categories: ClassTable | None
) -> CocoNumbers:
    """Numbers of the images and classes of a split.

    Args:
        index: the split.
        layout: of the data set.
        annotations: an instances file of the same images and classes, by name; None takes the one that the data set is
            described by, or else the numbers that name the images, and the data set's own class ids.
        categories: number classes like those of the same name here.

    Raises:
        InputError: YZ205 a file is no instances file, YZ725 its categories are not the data set's classes.
    """
    source, image_ids, by_name = "the names of the images", None, categories
    split = layout.splits[index.split]
    if annotations is not None:
        document, source = read_instances(annotations), str(annotations)
        names = ImageNames([record.image for record in index.records])
        found = ((names.find(name), number) for number, (name, _) in listed_images(document, annotations).items())
        image_ids = {names.images[places[0]]: number for places, number in found if len(places) == 1}
        by_name = categories if categories is not None else categories_of(document, annotations)
    elif split.label_format == "coco":
        source = str(split.labels)
        listed = listed_images(read_instances(split.labels), split.labels)
        image_ids = {layout.relative(split.images_dir / name): number for number, (name, _) in listed.items()}
    class_ids = None if by_name is None else categories_by_name(index.classes, by_name, source)
    return CocoNumbers(image_ids, class_ids, source)

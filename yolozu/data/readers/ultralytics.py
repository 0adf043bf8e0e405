"""The splits of a ``data.yaml``: images wherever it says, labels where Ultralytics looks for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.data.layouts.files import refuse_compressed
from yolozu.data.layouts.ultralytics import LIST_SUFFIX, label_files, label_folders, label_stem, listed_images
from yolozu.data.readers.yolo import LabelFiles, ignored_files

if TYPE_CHECKING:
    from yolozu.data.labels import SplitLabels
    from yolozu.data.layouts.layout import Layout, Split
    from yolozu.structures.classes import ClassTable


class UltralyticsReader:
    """Reads the images of directories and lists, with ``/labels/`` in place of ``/images/``."""

    def __init__(self, layout: Layout, split: Split) -> None:
        self._layout, self._split = layout, split

    def stated_classes(self) -> ClassTable | None:
        """None: label files hold indices only."""
        return None

    def read(self, classes: ClassTable | None) -> SplitLabels:  # noqa: ARG002 - a label's class is the index itself
        """Every image of the split with the lines of its label file, and the shapes that sidecars state."""
        split = self._split
        folders = [source for source in split.sources if source.suffix.lower() != LIST_SUFFIX]
        for folder in folders:
            refuse_compressed(folder)
        paths = listed_images(split.sources)
        found = LabelFiles(self._layout, label_files(paths, split.sources))
        stems = {path: label_stem(path) for path in paths}
        images = sorted((found.read(Path(path), stem) for path, stem in stems.items()), key=lambda entry: entry.image)
        # Of a list of images nobody says that it names every image that has labels.
        stray = found.stray(set(stems.values())) if len(folders) == len(split.sources) else ()
        return found.split(split.name, tuple(images), stray, ignored_files(folders, label_folders(split.sources)))

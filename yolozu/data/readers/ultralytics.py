"""The splits of a ``data.yaml``: images wherever it says, labels where Ultralytics looks for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.data.labels import SplitLabels
from yolozu.data.layouts.ultralytics import LIST_SUFFIX, label_files, label_stem, listed_images
from yolozu.data.readers.sidecar import Shapes
from yolozu.data.readers.yolo import read_labeled, stray_labels

if TYPE_CHECKING:
    from yolozu.artifacts.classes import ClassTable
    from yolozu.data.layouts.layout import Layout, Split


class UltralyticsReader:
    """Reads the images of directories and lists, with ``/labels/`` in place of ``/images/``."""

    def __init__(self, layout: Layout, split: Split) -> None:
        self._layout, self._split = layout, split

    def stated_classes(self) -> ClassTable | None:
        """None: label files hold indices only."""
        return None

    def read(self, classes: ClassTable | None) -> SplitLabels:  # noqa: ARG002 - a label's class is the index itself
        """Every image of the split with the lines of its label file, and the shapes that sidecars state."""
        split, shapes = self._split, Shapes()
        paths = listed_images(split.sources)
        labels = label_files(paths, split.sources)
        found = set(labels)
        stems = {path: label_stem(path) for path in paths}
        images = tuple(read_labeled(self._layout, Path(path), stem, found, shapes) for path, stem in stems.items())
        # Of a list of images nobody says that it names every image that has labels.
        whole = not any(source.suffix.lower() == LIST_SUFFIX for source in split.sources)
        stray = tuple(stray_labels(labels, set(stems.values()))) if whole else ()
        return SplitLabels(split.name, tuple(sorted(images, key=lambda entry: entry.image)), stray, shapes.models)

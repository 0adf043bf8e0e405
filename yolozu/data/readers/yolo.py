"""The YOLO layout: images, with a label file and perhaps a pose sidecar of the same name for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.data.labels import Defect, Instance, LabeledImage, SplitLabels
from yolozu.data.layouts.files import (
    BROKEN_LINK,
    IMAGE_SUFFIXES,
    LABEL_SUFFIXES,
    SIDECAR_SUFFIXES,
    by_stem,
    files_below,
    holds_tars,
    is_folder,
    others_below,
    refuse_compressed,
    stem_of,
)
from yolozu.data.layouts.ultralytics import DATA_YAML, described_keypoints
from yolozu.data.readers.label_lines import LabelLines
from yolozu.data.readers.sidecar import Shapes, Sidecar, read_sidecar

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from yolozu.data.layouts.layout import Layout, Split
    from yolozu.data.layouts.ultralytics import Keypoints
    from yolozu.structures.classes import ClassTable

OTHER_TEXTS = frozenset({"classes", "labels", "train", "val", "test", "readme", "notes"})
"""Text files that are left among label files, in lower case; they label no image, unless one is called so."""


class YoloReader:
    """Reads ``images_dir/a/b.jpg`` with ``labels/a/b.txt`` and the pose sidecar ``labels/a/b.json``."""

    def __init__(self, layout: Layout, split: Split) -> None:
        self._layout, self._split = layout, split

    def stated_classes(self) -> ClassTable | None:
        """None: label files hold indices only."""
        return None

    def read(self, classes: ClassTable | None) -> SplitLabels:  # noqa: ARG002 - a label's class is the index itself
        """Every image of the split with the lines of its label file, and the shapes that sidecars state."""
        images, labels = self._split.images_dir, self._split.labels
        stems = {f"{images}/{name}": f"{labels}/{stem_of(name)}" for name in files_below(images, IMAGE_SUFFIXES)}
        refuse_compressed(images)
        packed, suffixes = holds_tars(images), LABEL_SUFFIXES | SIDECAR_SUFFIXES
        below = files_below(labels, suffixes, packed=packed) if is_folder(labels) else []
        found = LabelFiles(self._layout, [f"{labels}/{name}" for name in below])
        read = tuple(found.read(Path(image), stem) for image, stem in stems.items())
        notes = ignored_files([images], [labels] if is_folder(labels) else [])
        return found.split(self._split.name, read, found.stray(set(stems.values())), notes)


class LabelFiles:
    """The label files and sidecars of a split, while its images are read."""

    def __init__(self, layout: Layout, files: Sequence[str]) -> None:
        """``files`` are those that exist."""
        self._layout, self._files = layout, files
        self._labels, self._sidecars = by_stem(files, LABEL_SUFFIXES), by_stem(files, SIDECAR_SUFFIXES)
        self._lines, self._shapes = LabelLines(layout.keypoints), Shapes()
        self._foreign: list[str] = []

    def read(self, path: Path, stem: str) -> LabeledImage:
        """The image at ``path`` with its labels; ``stem`` is the path of its label file and sidecar without ending."""
        labels, sidecars = self._labels.get(stem, []), self._sidecars.get(stem, [])
        lines = self._lines.read(Path(labels[0])) if labels else None
        read = Sidecar(lines or (), None, ())
        if sidecars:
            read = read_sidecar(Path(sidecars[0]), self._layout.root, lines, self._shapes)
            self._foreign += [sidecars[0]] if read.is_foreign else []
        return LabeledImage(
            image=self._layout.relative(path),
            path=path,
            instances=tuple(line for line in read.lines if isinstance(line, Instance)),
            defects=(
                *(line for line in read.lines if isinstance(line, Defect)),
                *read.defects,
                *_second_files("malformed_label", labels),
                *_second_files("malformed_pose", sidecars),
            ),
            has_labels=lines is not None,
            camera=read.camera,
            label=Path(labels[0]) if labels else None,
            sidecar=Path(sidecars[0]) if sidecars else None,
        )

    def stray(self, stems: Container[str]) -> Iterator[Defect]:
        """Files of labels that belong to none of the images with these ``stems``."""
        for label in self._files:
            if stem_of(label) not in stems and stem_of(label).rpartition("/")[2].lower() not in OTHER_TEXTS:
                yield Defect("label_without_image", label, "no image has its name")

    def split(
        self, name: str, images: tuple[LabeledImage, ...], stray: Iterable[Defect], notes: Iterable[str]
    ) -> SplitLabels:
        """The split called ``name`` of the ``images`` that were read."""
        doubt = self._lines.doubt()
        told = list(notes)
        if self._layout.keypoints is not None:
            told.append("labels are boxes with keypoints (kpt_shape); the boxes are used")
        if self._foreign:
            count = len(self._foreign)
            told.append(
                f"{count} JSON file{'s' * (count > 1)} beside labels, such as {self._foreign[0]}: no pose sidecar"
            )
        return SplitLabels(
            name, images, (*stray, *([] if doubt is None else [doubt])), self._shapes.models, tuple(told)
        )


def read_label_file(path: Path, keypoints: Keypoints | None = None) -> tuple[Instance | Defect, ...]:
    """What each line of a label file holds: an object, or why there is none. Blank lines count for nothing.

    Args:
        path: the file.
        keypoints: stand behind each box; None means what the nearest ``data.yaml`` in a folder above says.
    """
    above = (folder / DATA_YAML for folder in path.absolute().parents)
    described = next((file for file in above if file.is_file()), None) if keypoints is None else None
    return LabelLines(keypoints if described is None else described_keypoints(described)).read(path)


def ignored_files(images: Iterable[Path], labels: Sequence[Path]) -> Iterator[str]:
    """What is said of files that nothing reads.

    Args:
        images: directories of images.
        labels: directories of label files.
    """
    for folder in images:
        known = IMAGE_SUFFIXES | (LABEL_SUFFIXES | SIDECAR_SUFFIXES if folder in labels else frozenset())
        others = others_below(folder, known)
        if others:
            counts = ", ".join(f"{count} {suffix or 'without ending'}" for suffix, count in others.items())
            yield f"{folder}: ignored, because no image that is read here: {counts}"
    for folder in labels:
        broken = others_below(folder, ()).get(BROKEN_LINK, 0)
        if broken:
            yield f"{folder}: ignored: {broken} {BROKEN_LINK}"


def _second_files(rule: str, files: Sequence[str]) -> Iterator[Defect]:
    for path in files[1:]:
        yield Defect(rule, path, f"belongs to the same image as {files[0]}, which is read")

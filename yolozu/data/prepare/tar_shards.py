"""A data set's pictures and labels in tar files of WebDataset's layout: the same records in the same order."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.atomic_files import atomic_directory, explaining_write_errors
from yolozu.artifacts.jsonio import pretty, write_text
from yolozu.artifacts.packed_files import is_packed, read_bytes
from yolozu.artifacts.tar_writer import packed_size, write_tar
from yolozu.data.layouts.descriptor import SplitEntry
from yolozu.data.layouts.files import IMAGE_SUFFIXES, LABEL_SUFFIXES, SIDECAR_SUFFIXES, stem_of, suffix_of
from yolozu.data.layouts.layout import find_layout
from yolozu.data.prepare.extending import described, write_descriptor
from yolozu.data.prepare.subset import read_labeled
from yolozu.data.prepare.subset_labels import PATHS_IN_SIDECARS
from yolozu.data.readers.coco_file import read_coco_file
from yolozu.data.readers.coco_values import whole_number
from yolozu.errors import Finding, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.artifacts.tar_writer import Sample
    from yolozu.data.labels import LabeledImage
    from yolozu.data.layouts.layout import Layout, Split
    from yolozu.progress import Progress
    from yolozu.structures.classes import ClassTable

FORMATS = frozenset({"yolo", "ultralytics", "coco"})
"""Labels that tar files can hold, or that can name pictures in them."""

DIGITS = 6
MOST_SHOWN = 20
_ODD = re.compile(r"[.\s]")
"""What a key in a tar file may not hold: a name's ending begins at its first dot, an index has spaces between."""


@dataclass(frozen=True)
class ShardPlan:
    """What is written where.

    Attributes:
        dataset: the data set.
        out: new directory.
        splits: of the data set; all of them where none is named.
        most_bytes: of a tar file; a picture that has more is in one of its own.
        most_images: in a tar file; None for as many as there is room for.
        seed: of the order; None leaves the pictures in the order that they have.
        order: names of a split's pictures in the order wanted, each once; None as ``seed`` says.
    """

    dataset: Path
    out: Path
    splits: tuple[str, ...]
    most_bytes: int
    most_images: int | None = None
    seed: int | None = None
    order: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Sharded:
    """A split that was written: how many images and tar files, and how many bytes these hold."""

    split: str
    num_images: int
    num_shards: int
    size: int


@dataclass(frozen=True)
class _Sample:
    """One picture on its way: its key in a tar file is its name up to the first dot."""

    image: LabeledImage
    key: str

    @property
    def name(self) -> str:
        return f"{self.key}{self.image.path.suffix}"


def write_shards(plan: ShardPlan, progress: Progress) -> list[Sharded]:
    """Write the data set that ``plan`` describes, as a whole or not at all. The same plan gives the same bytes.

    Raises:
        InputError: there is no such data set or split, or its labels or classes are not to be understood.
        UsageError: YZ746 labels or classes that the new data set cannot hold, YZ747 an order that is not of these
            pictures, YZ905 the directory holds something, YZ314 nothing can be written.
    """
    layout = find_layout(plan.dataset)
    splits = [layout.split(name) for name in plan.splits or layout.separate_splits]
    _require_packable(plan, layout, splits)
    if plan.out.is_dir() and any(plan.out.iterdir()):
        fix = "move it away, or name another --out"
        raise UsageError.one("YZ905", where=str(plan.out), problem="is there already, and holds something", fix=fix)
    read = {split.name: read_labeled(layout, split) for split in splits}
    classes = _require_one_table(plan, {name: table for name, (table, _) in read.items()})
    ordered = {name: _ordered(plan, layout.split(name), images) for name, (_, images) in read.items()}
    with explaining_write_errors(plan.out), atomic_directory(plan.out) as aside:
        done = [_Writer(plan, layout, split, aside, progress).write(ordered[split.name]) for split in splits]
        entries = {split.name: _entry(split) for split in splits}
        write_descriptor(aside, described(entries, classes, layout.models, aside))
    return done


def _require_packable(plan: ShardPlan, layout: Layout, splits: Sequence[Split]) -> None:
    findings = [
        Finding(
            "YZ746",
            f"{plan.dataset}: {split.name}",
            f"has {split.label_format} labels, which tar files cannot hold",
            "convert them first: yolozu data subset writes label files of them, yolozu data prepare-bop of BOP scenes",
        )
        for split in splits
        if split.label_format not in FORMATS
    ]
    if layout.keypoints is not None:
        problem = "has keypoints behind its boxes (kpt_shape), which only its data.yaml explains"
        findings.append(Finding("YZ746", str(plan.dataset), problem, "leave kpt_shape out, or keep the folder"))
    if plan.order is not None and len(splits) != 1:
        names = ", ".join(split.name for split in splits)
        findings.append(Finding("YZ747", "--order", f"is of one split, and these are {names}", "name one with --split"))
    if findings:
        raise UsageError(findings)


def _require_one_table(plan: ShardPlan, tables: dict[str, ClassTable]) -> ClassTable:
    """The classes of all splits, which one ``dataset.json`` is to name."""
    first, *others = tables.items()
    findings = [
        Finding(
            "YZ746",
            f"{plan.dataset}: {name}",
            f"has other classes than {first[0]}, and one dataset.json names those of both",
            "shard them one by one, with --split and another --out",
        )
        for name, table in others
        if table != first[1]
    ]
    if findings:
        raise UsageError(findings)
    return first[1]


def _entry(split: Split) -> SplitEntry:
    images_dir = f"images/{split.name}"
    if split.label_format == "coco":
        return SplitEntry(images_dir=images_dir, instances_json=_instances(split.name))
    return SplitEntry(images_dir=images_dir, labels_dir=images_dir)


def _instances(split: str) -> str:
    return f"annotations/instances_{split}.json"


def _ordered(plan: ShardPlan, split: Split, images: Sequence[LabeledImage]) -> list[_Sample]:
    """The pictures in the order wanted, with keys that sort alike."""
    names = {_name(image, split): image for image in images}
    if plan.order is not None:
        names = {name: names[name] for name in _require_order(plan.order, names)}
    elif plan.seed is not None:
        # By digests, which no release of a library draws otherwise.
        drawn = {name: hashlib.sha256(f"{plan.seed}\0{name}".encode()).digest() for name in names}
        names = {name: names[name] for name in sorted(names, key=drawn.__getitem__)}
    kept = [_Sample(image, stem_of(name)) for name, image in names.items()]
    if _sorts_as_it_is(kept):
        return kept
    width = max(DIGITS, len(str(len(kept))))
    return [
        replace(sample, key=f"{number:0{width}d}-{_ODD.sub('_', sample.key.rpartition('/')[2])}")
        for number, sample in enumerate(kept)
    ]


def _name(image: LabeledImage, split: Split) -> str:
    """A picture by its path in the directory of pictures, or as the data set names it where it lies elsewhere."""
    path = image.path
    return path.relative_to(split.images_dir).as_posix() if path.is_relative_to(split.images_dir) else image.image


def _sorts_as_it_is(samples: Sequence[_Sample]) -> bool:
    names, keys = [sample.name for sample in samples], {sample.key for sample in samples}
    plain = all(not key.startswith("/") and not _ODD.search(key) for key in keys)
    return plain and len(keys) == len(names) and names == sorted(names)


def _require_order(order: Sequence[str], names: dict[str, LabeledImage]) -> Sequence[str]:
    seen: set[str] = set()
    problems = []
    for number, name in enumerate(order, 1):
        if name not in names or name in seen:
            problem = "is no picture of the split" if name not in names else "is named twice"
            problems.append(Finding("YZ747", f"--order: line {number}: {name}", problem, "name every picture once"))
        seen.add(name)
    lacking = [name for name in names if name not in seen]
    if lacking:
        shown = ", ".join(lacking[:3]) + (" …" if len(lacking) > 3 else "")
        problem = f"lacks {len(lacking)} of {len(names)} pictures: {shown}"
        problems.append(Finding("YZ747", "--order", problem, "name every picture once"))
    if problems:
        raise UsageError(problems[:MOST_SHOWN])
    return order


@dataclass(frozen=True)
class _Writer:
    """Writes one split."""

    plan: ShardPlan
    layout: Layout
    split: Split
    out: Path
    progress: Progress

    def write(self, samples: Sequence[_Sample]) -> Sharded:
        """Write all tar files, and the instances file where there is one."""
        place = self.out / "images" / self.split.name
        place.mkdir(parents=True)
        sizes: list[int] = []
        names: dict[int, str] = {}
        with self.progress.bar(f"{self.split.name}: packing", len(samples)) as bar:
            for tar, group in self._groups(samples):
                write_tar(place / tar, [packed for _, packed in group])
                names |= {
                    sample.image.number: f"{tar}/{sample.name}"
                    for sample, _ in group
                    if sample.image.number is not None
                }
                sizes.append((place / tar).stat().st_size)
                bar.advance(len(group))
        if self.split.label_format == "coco":
            self._write_instances(names)
        return Sharded(self.split.name, len(samples), len(sizes), sum(sizes))

    def _groups(self, samples: Sequence[_Sample]) -> Iterator[tuple[str, list[tuple[_Sample, Sample]]]]:
        """Name of a tar file, and what it holds: one at a time in memory."""
        group: list[tuple[_Sample, Sample]] = []
        tar, size = self._tar(0), 0
        number = 0
        for sample in samples:
            packed = self._packed(sample, tar)
            full = len(group) == self.plan.most_images or size + packed_size(packed) > self.plan.most_bytes
            if group and full:
                yield tar, group
                number += 1
                group, size, tar = [], 0, self._tar(number)
                packed = self._packed(sample, tar)  # its masks are named by their tar file
            group.append((sample, packed))
            size += packed_size(packed)
        if group:
            yield tar, group

    def _tar(self, number: int) -> str:
        return f"{self.split.name}-{number:0{DIGITS}d}.tar"

    def _packed(self, sample: _Sample, tar: str) -> Sample:
        """All that belongs to a picture, by name."""
        image, key = sample.image, sample.key
        found = {sample.name: read_bytes(image.path)}
        if image.label is not None:
            found[f"{key}.txt"] = read_bytes(image.label)
        if image.sidecar is not None:
            text, masks = self._with_masks(read_bytes(image.sidecar), key, tar)
            found |= {f"{key}.json": text, **masks}
        for path in _beside(image):
            found.setdefault(f"{key}{path.suffix.lower()}", path.read_bytes())
        return found

    def _with_masks(self, sidecar: bytes, key: str, tar: str) -> tuple[bytes, Sample]:
        """A sidecar that names its files in the tar file, and these files; one that is malformed stays as it is."""
        try:
            document = json.loads(sidecar)
        except (ValueError, RecursionError):
            return sidecar, {}
        packed: dict[Path, str] = {}
        rows: Any = document.get("instances") if isinstance(document, dict) else document
        for row in rows if isinstance(rows, list) else []:
            for kind in PATHS_IN_SIDECARS:
                if not isinstance(row, dict) or not isinstance(row.get(kind), str):
                    continue
                path = self.layout.root / row[kind]
                if not is_packed(path) and not path.is_file():
                    row[kind] = path.resolve().as_posix()  # missing it is there, too, and a finding
                    continue
                name = packed.setdefault(path, f"{key}.{kind.removesuffix('_path')}.{len(packed)}{path.suffix.lower()}")
                row[kind] = f"images/{self.split.name}/{tar}/{name}"
        if not packed:
            return sidecar, {}
        text = json.dumps(document, ensure_ascii=False)
        return f"{text}\n".encode(), {name: read_bytes(path) for path, name in packed.items()}

    def _write_instances(self, names: dict[int, str]) -> None:
        document = read_coco_file(self.split.labels).document
        images = [
            {**row, "file_name": name}
            for row in document["images"]
            if (name := names.get(whole_number(row["id"]))) is not None
        ]
        write_text(self.out / _instances(self.split.name), pretty({**document, "images": images}))


def _beside(image: LabeledImage) -> list[Path]:
    """Other files of a picture's name, in its folder and in that of its labels."""
    folders = dict.fromkeys(path.parent for path in (image.path, image.label, image.sidecar) if path is not None)
    known = IMAGE_SUFFIXES | LABEL_SUFFIXES | SIDECAR_SUFFIXES
    near = (path for folder in folders if folder.is_dir() for path in folder.glob(f"{_escaped(image.path.stem)}.*"))
    return sorted(path for path in near if path.stem == image.path.stem and suffix_of(path.name) not in known)


def _escaped(name: str) -> str:
    import glob

    return glob.escape(name)


def read_order(path: Path) -> tuple[str, ...]:
    """The lines of the file at ``path``; blank ones count for nothing.

    Raises:
        InputError: YZ747, it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        fix = "name a text file with the name of a picture in each line"
        raise InputError.one("YZ747", where=f"--order {path}", problem=f"cannot be read: {error}", fix=fix) from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())

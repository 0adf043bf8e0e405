"""A ``dataset.json`` that is written a split at a time."""

from __future__ import annotations

import re
from pathlib import Path

from yolozu.artifacts.jsonio import pretty, write_text_if_changed
from yolozu.data.layouts.descriptor import DESCRIPTOR_NAME, METRES, Descriptor, SplitEntry, read_descriptor
from yolozu.data.layouts.mesh_files import ModelFiles
from yolozu.errors import UsageError
from yolozu.structures.classes import ClassTable


def extended(
    out: Path, name: str, entry: SplitEntry, classes: ClassTable, models: ModelFiles | None = None
) -> Descriptor:
    """The ``dataset.json`` that ``out`` gets: what is there already, and split ``name``. Nothing is written.

    Args:
        out: directory of the data set.
        name: of the split.
        entry: where its images and labels are.
        classes: of the split.
        models: its meshes, where it has any.

    Raises:
        InputError: YZ203 what is there describes no data set.
        UsageError: YZ264 no directory or file can have the name, YZ263 what is there has other classes or meshes, or
            another split of that name.
    """
    if not re.fullmatch(r"[^./\\][^/\\]*", name):
        fix = "use a name without slashes and without a dot in front"
        raise UsageError.one("YZ264", where=name, problem="cannot name a split", fix=fix)
    path = out / DESCRIPTOR_NAME
    there = read_descriptor(path) if path.is_file() else None
    new = described({name: entry}, classes, models, out)
    if there is None:
        return new
    if (there.classes, there.category_ids) != (new.classes, new.category_ids):
        raise _refused(path, "has other classes than the new split", "name another --out")
    if new.models_dir is not None and (there.models_dir, there.models_unit) != (new.models_dir, new.models_unit):
        raise _refused(path, "has other models than the new split", "name another --out")
    if there.splits.get(name, entry) != entry:
        fix = "remove that split from the file, or name another --out"
        raise _refused(path, f"describes another split {name!r}", fix)
    return described({**there.splits, name: entry}, classes, models, out).model_copy(
        update={"models_dir": there.models_dir, "models_unit": there.models_unit}
    )


def write_descriptor(out: Path, descriptor: Descriptor) -> None:
    """Write the ``dataset.json`` of ``out``; an equal one keeps its modification time."""
    write_text_if_changed(out / DESCRIPTOR_NAME, pretty(descriptor.model_dump(exclude_none=True)))


def as_written(path: Path, out: Path) -> str:
    """``path`` as a ``dataset.json`` in ``out`` names it: relative where it is inside, else absolute."""
    inside = path.is_relative_to(out)
    return path.relative_to(out).as_posix() if inside else path.resolve().as_posix()


def described(splits: dict[str, SplitEntry], classes: ClassTable, models: ModelFiles | None, out: Path) -> Descriptor:
    """The ``dataset.json`` in ``out`` of these splits."""
    formats = {entry.label_format for entry in splits.values()}
    units = {metres: unit for unit, metres in METRES.items()}
    return Descriptor(
        format=formats.pop() if len(formats) == 1 else None,
        splits=splits,
        classes=list(classes.names),
        category_ids=list(classes.category_ids),
        models_dir=None if models is None else as_written(models.directory, out),
        models_unit=None if models is None else units[models.metres],  # type: ignore[arg-type]
    )


def _refused(path: Path, problem: str, fix: str) -> Exception:
    return UsageError.one("YZ263", where=str(path), problem=problem, fix=fix)

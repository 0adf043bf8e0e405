"""Rules about models: what ``models_info.json`` says of a mesh, held against the mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.data.checking.violations import Violation
from yolozu.data.layouts.mesh_files import INFO_NAME
from yolozu.data.readers.meshes import axes_apart, entry_of, read_info
from yolozu.geometry.extent import diameter_of, in_other_unit
from yolozu.geometry.pose_values import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.data.survey import Survey

SAME_LENGTH = 0.05
"""Lengths that differ by less, relative to the diameter, are the same: meshes for evaluation have fewer vertices."""

SIZES, STARTS = ("size_x", "size_y", "size_z"), ("min_x", "min_y", "min_z")

UNITS = {1000.0: ("m", "mm"), 100.0: ("m", "cm"), 10.0: ("cm", "mm"), 25.4: ("inches", "mm")}
"""A factor between two units, and which these are: the larger one first."""


def model_unit(survey: Survey) -> Iterator[Violation]:
    """Stated lengths of a mesh that are in another unit."""
    for entry in _stated(survey):
        wrong = entry.other_unit
        if wrong:
            name, (stated, true) = next(iter(wrong.items()))
            others = f", as for {', '.join(list(wrong)[1:])}" if len(wrong) > 1 else ""
            problem = f"says {name} {stated:.4g}, the mesh has {true:.4g}, {_times(true / stated)}{others}"
            yield Violation(survey.splits[0].name, None, entry.where, problem, fix=_units(true / stated))


def model_size(survey: Survey) -> Iterator[Violation]:
    """Stated lengths of a mesh that are a little off, and meshes that were moved."""
    for entry in _stated(survey):
        off = {} if entry.other_unit else (entry.off(entry.lengths) or entry.off(entry.starts))
        for name, (stated, true) in off.items():
            problem = f"says {name} {stated:.4g}, the mesh has {true:.4g}"
            yield Violation(survey.splits[0].name, None, entry.where, problem)


def symmetry_axes(survey: Survey) -> Iterator[Violation]:
    """Models with several axes of any turn that do not meet."""
    if survey.layout.models is not None:
        for where, problem in axes_apart(survey.layout.models, survey.classes):
            yield Violation(survey.splits[0].name, None, where, f"{problem}; none of them counts")


Pair = tuple[float, float]
"""What is stated, and what the mesh has; in the file's unit."""


@dataclass(frozen=True)
class _Entry:
    """An entry of ``models_info.json`` and its mesh, in the file's unit.

    Attributes:
        where: the entry.
        lengths: diameter and sides, as far as they are stated.
        starts: least coordinates, likewise.
        diameter: of the mesh.
    """

    where: str
    lengths: dict[str, Pair]
    starts: dict[str, Pair]
    diameter: float

    @property
    def other_unit(self) -> dict[str, Pair]:
        """The lengths that are no other way to measure the same."""
        long = {name: pair for name, pair in self.lengths.items() if pair[1] > SAME_LENGTH * self.diameter}
        return {name: pair for name, pair in long.items() if in_other_unit(*pair)}

    def off(self, pairs: dict[str, Pair]) -> dict[str, Pair]:
        """Those of which the two differ, relative to the mesh."""
        return {name: (a, b) for name, (a, b) in pairs.items() if abs(a - b) > SAME_LENGTH * self.diameter}


def _stated(survey: Survey) -> Iterator[_Entry]:
    """Every mesh that an entry describes."""
    files = survey.layout.models
    if files is None:
        return
    info = read_info(files)
    for index, model in survey.models.by_class.items():
        name, category = survey.classes.names[index], survey.classes.category_ids[index]
        entry = entry_of(info, name, category)
        if isinstance(entry, dict) and len(model.points_V3):
            points_V3 = model.points_V3 / files.metres
            low, high = points_V3.min(0), points_V3.max(0)
            diameter = diameter_of(points_V3)
            lengths = {"diameter": diameter, **dict(zip(SIZES, (high - low).tolist(), strict=True))}
            starts = dict(zip(STARTS, low.tolist(), strict=True))
            where = f"{files.directory / INFO_NAME}: {category}"
            yield _Entry(where, _pairs(entry, lengths), _pairs(entry, starts), diameter)


def _pairs(entry: dict[str, Any], true: dict[str, float]) -> dict[str, Pair]:
    found = {}
    for name, value in true.items():
        try:
            found[name] = (number(entry[name]), value)
        except (KeyError, ValueError):
            continue  # not stated, or not needed: what is needed was read before
    return found


def _times(factor: float) -> str:
    return f"{factor:.4g} times as much" if factor > 1.0 else f"{1.0 / factor:.4g} times less"


def _units(factor: float) -> str | None:
    """What mends lengths of which the mesh has so many times as much, where that is the ratio of two units."""
    ratio = max(factor, 1.0 / factor)
    for known, (larger, smaller) in UNITS.items():
        if abs(ratio - known) <= SAME_LENGTH * known:
            info, mesh = (larger, smaller) if factor > 1.0 else (smaller, larger)
            return f"{INFO_NAME} seems to be in {info}, the mesh in {mesh}: write both in the unit of the data set"
    return None

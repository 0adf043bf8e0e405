"""Directories of meshes: ``obj_000001.ply`` or ``<class name>.ply`` for each class, and BOP's ``models_info.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from yolozu.artifacts.jsonio import read_json
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.artifacts.ply import read_vertices
from yolozu.data.layouts.mesh_files import INFO_NAME, ModelFiles, object_id
from yolozu.errors import Finding, InputError
from yolozu.geometry.extent import diameter_of
from yolozu.geometry.pose_values import number
from yolozu.geometry.symmetry import AxesApartError, Symmetries, symmetries_of_info, symmetries_of_text
from yolozu.registry import nearest
from yolozu.structures.classes import ClassTable

FIX = "write a map of object id to {diameter, symmetries_discrete, symmetries_continuous}, as BOP does"


def read_models(files: ModelFiles, classes: ClassTable) -> dict[int, ObjectModel]:
    """The models of a directory, by network class index; a class without mesh and without entry has none.

    The entry of a class is called by its category id or its name.

    Args:
        files: where they are, and in which unit.
        classes: names and category ids.

    Raises:
        InputError: YZ241 a mesh cannot be read, YZ242 ``models_info.json`` cannot be understood.
    """
    info = read_info(files)
    models = {}
    for index, (name, category) in enumerate(zip(classes.names, classes.category_ids, strict=True)):
        mesh = files.mesh_of(name, category)
        entry = entry_of(info, name, category)
        if mesh is not None or entry is not None:
            place = f"{files.directory / INFO_NAME}: {category}"
            models[index] = _model(mesh, {} if entry is None else entry, place, unit=files.metres)
    return models


def with_stated_symmetries(
    models: ObjectModels, stated: Mapping[str, str], classes: ClassTable, *, where: str
) -> ObjectModels:
    """``models`` with the symmetries that the contract states, by class name, instead of what the files say.

    Raises:
        InputError: YZ245 a class does not exist, or a text stands for too much.
    """
    found = dict(models.by_class)
    findings = []
    for name, text in stated.items():
        place = f"{where}.{name}"
        if name not in classes.names:
            guess = nearest(name, list(classes.names))
            fix = f"did you mean {guess!r}?" if guess else f"choose among {', '.join(classes.names)}"
            findings.append(Finding("YZ245", place, "no class has this name", fix))
            continue
        try:
            symmetries = symmetries_of_text(text)
        except ValueError as error:
            findings.append(Finding("YZ245", place, f"{text!r} {error}", "write z, z/2, z/2 x/2 or none"))
            continue
        index = classes.names.index(name)
        model = found.get(index, ObjectModel(np.zeros((0, 3)), None))
        found[index] = ObjectModel(model.points_V3, model.diameter, symmetries)
    if findings:
        raise InputError(findings)
    return ObjectModels(found)


def _model(mesh: Path | None, entry: Any, place: str, *, unit: float) -> ObjectModel:
    points_V3 = np.zeros((0, 3)) if mesh is None else read_vertices(mesh) * unit
    try:
        if not isinstance(entry, dict):
            raise ValueError("is no object")  # noqa: TRY004, TRY301 - what the file says is wrong, whatever its type
        symmetries = _symmetries(entry, unit)
        diameter = number(entry["diameter"]) * unit if "diameter" in entry else None
        if diameter is not None and diameter <= 0.0:
            raise ValueError(f"has diameter {diameter:g}")  # noqa: TRY301
    except ValueError as error:
        raise InputError.one("YZ242", where=place, problem=str(error), fix=FIX) from error
    if diameter is None and len(points_V3) > 0:
        diameter = diameter_of(points_V3)
    return ObjectModel(points_V3, diameter, symmetries)


def _symmetries(entry: dict[str, Any], unit: float) -> Symmetries:
    """What an entry states; of axes that contradict each other none counts, and `axes_apart` tells them."""
    try:
        return symmetries_of_info(entry, unit=unit)
    except AxesApartError:
        return symmetries_of_info({**entry, "symmetries_continuous": []}, unit=unit)


def axes_apart(files: ModelFiles, classes: ClassTable) -> list[tuple[str, str]]:
    """Place and problem of every entry whose axes of any turn contradict each other."""
    info, found = read_info(files), []
    for name, category in zip(classes.names, classes.category_ids, strict=True):
        entry = entry_of(info, name, category)
        try:
            symmetries_of_info(entry if isinstance(entry, dict) else {}, unit=files.metres)
        except AxesApartError as error:
            found.append((f"{files.directory / INFO_NAME}: {category}", str(error)))
    return found


def read_info(files: ModelFiles) -> dict[str, Any]:
    """What ``models_info.json`` holds; empty where there is none.

    Raises:
        InputError: YZ242 it is no object, or two of its keys mean one object.
    """
    path = files.directory / INFO_NAME
    if not path.is_file():
        return {}
    document = read_json(path, code="YZ242", fix=FIX)
    if not isinstance(document, dict):
        raise InputError.one("YZ242", where=str(path), problem="is no object", fix=FIX)
    owners: dict[int, str] = {}
    for key in document:
        number = object_id(key)
        if number is not None and owners.setdefault(number, key) != key:
            problem = f"{owners[number]!r} and {key!r} both mean object {number}"
            raise InputError.one("YZ242", where=str(path), problem=problem, fix="remove one of the two")
    return document


def entry_of(info: Mapping[str, Any], name: str, category: int) -> Any:
    """The entry of a class: called by its category id, by its name, or by its id in other words; None without one."""
    for key in (str(category), name):
        if key in info:
            return info[key]
    return next((entry for key, entry in info.items() if object_id(key) == category), None)

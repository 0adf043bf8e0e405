"""Small data sets on disk, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from yolozu.artifacts.digest import DigestCache
from yolozu.data.checking.check import CheckedData, check
from yolozu.data.index import DataIndex
from yolozu.data.layouts.layout import find_layout
from yolozu.data.survey import Survey, index_of, survey
from yolozu.progress import SilentProgress


def write_image(path: Path, width: int = 64, height: int = 48, seed: int = 0, **save: Any) -> Path:
    """Noise that differs with ``seed``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **save)
    return path


def write_file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def write_yolo(root: Path, labels: dict[str, str | None], classes: str | None = "cat\ndog\n") -> Path:
    """``{"train/a": "0 .5 .5 .2 .2"}`` -> images/train/a.png and labels/train/a.txt; None writes no label file."""
    for seed, (name, text) in enumerate(labels.items()):
        write_image(root / f"images/{name}.png", seed=seed)
        if text is not None:
            write_file(root / f"labels/{name}.txt", text)
    if classes is not None:
        write_file(root / "classes.txt", classes)
    return root


def write_coco(root: Path, annotations: list[dict[str, Any]], **changes: Any) -> Path:
    """Two images of 64×48 px and categories 3 (cat) and 7 (dog), as a ``dataset.json`` with one split ``train``."""
    for seed, name in enumerate(("a.png", "b.png")):
        write_image(root / "pictures" / name, seed=seed)
    document = {
        "images": [
            {"id": 10, "file_name": "b.png", "width": 64, "height": 48},
            {"id": 20, "file_name": "a.png", "width": 64, "height": 48},
        ],
        "categories": [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}],
        "annotations": annotations,
    }
    write_file(root / "instances.json", json.dumps({**document, **changes}))
    splits = {"train": {"images_dir": "pictures", "instances_json": "instances.json"}}
    write_file(root / "dataset.json", json.dumps({"splits": splits}))
    return root


def survey_of(root: Path, *splits: str) -> Survey:
    layout = find_layout(root)
    names = list(splits) if splits else list(layout.splits)
    return survey(layout, names, DigestCache(None), SilentProgress())


def check_of(root: Path, *splits: str) -> CheckedData:
    return check(survey_of(root, *splits))


def index_at(root: Path, split: str) -> DataIndex:
    surveyed = survey_of(root, split)
    return index_of(surveyed, surveyed.splits[0], surveyed.splits[0].images, root_base="cwd")


def found(checked: CheckedData, root: Path) -> list[str]:
    """``rule where: problem`` of every violation, paths relative to the data set."""
    return [
        f"{rule} {violation.where}: {violation.problem}".replace(f"{root}/", "")
        for rule, violation in checked.violations
    ]


IDENTITY = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
BOP_CAMERA = {"cam_K": [100.0, 0.0, 31.5, 0.0, 110.0, 23.5, 0.0, 0.0, 1.0], "depth_scale": 1.0}
TETRAHEDRON = [[0, 0, 0], [30, 0, 0], [0, 40, 0], [0, 0, 20]]
"""A mesh in mm whose diameter is 50."""


def write_ply(path: Path, points: list[list[float]]) -> Path:
    rows = "".join(f"{x} {y} {z}\n" for x, y, z in points)
    axes = "".join(f"property float {axis}\n" for axis in "xyz")
    return write_file(path, f"ply\nformat ascii 1.0\nelement vertex {len(points)}\n{axes}end_header\n{rows}")


def bop_row(obj_id: Any = 7, t_mm: tuple[float, float, float] = (0.0, 0.0, 500.0), **changes: Any) -> dict[str, Any]:
    """A row of ``scene_gt.json``."""
    return {"obj_id": obj_id, "cam_R_m2c": IDENTITY, "cam_t_m2c": list(t_mm), **changes}


def bop_box(*xywh: float, visible: float = 1.0) -> dict[str, Any]:
    """A row of ``scene_gt_info.json``."""
    return {"bbox_visib": list(xywh), "visib_fract": visible}


def write_bop(
    root: Path,
    objects: Mapping[Any, list[dict[str, Any]]],
    info: dict[int, list[dict[str, Any]]] | None = None,
    scene: str = "train/000001",
    models: dict[str, Any] | None = None,
) -> Path:
    """A scene with images 0 and 1 of 64×48 px, and meshes of objects 3 and 7."""
    directory = root / scene
    for number in range(2):
        write_image(directory / f"rgb/{number:06d}.png", seed=len(scene) + number)
    write_file(directory / "scene_camera.json", json.dumps({str(number): BOP_CAMERA for number in range(2)}))
    write_file(directory / "scene_gt.json", json.dumps(objects))
    if info is not None:
        write_file(directory / "scene_gt_info.json", json.dumps(info))
    write_file(root / "models/models_info.json", json.dumps({"3": {"diameter": 50.0}, **(models or {})}))
    for key in (3, 7):
        write_ply(root / f"models/obj_{key:06d}.ply", TETRAHEDRON)
    return root


def write_cameras(root: Path, scene: str, pictures: dict[str, str]) -> Path:
    """One scene as several cameras saw it: by camera, the folder of its two images; object 7 is 1 px wider in each."""
    for place, (camera, folder) in enumerate(pictures.items(), start=1):
        write_bop(root, {0: [bop_row()]}, {0: [bop_box(1, 1, 9 + place, 9)]}, scene=scene)
        directory = root / scene
        (directory / "rgb").rename(directory / folder)
        for name in ("scene_camera", "scene_gt", "scene_gt_info"):
            (directory / f"{name}.json").rename(directory / f"{name}_{camera}.json")
    return root


def write_mask(path: Path, box: tuple[int, int, int, int], value: int = 255, size: tuple[int, int] = (64, 48)) -> Path:
    """A picture that is ``value`` inside left, top, right, bottom and 0 elsewhere."""
    pixels = np.zeros(size[::-1], np.uint8)
    left, top, right, bottom = box
    pixels[top:bottom, left:right] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_sidecar(root: Path, name: str, *instances: Any, **common: Any) -> Path:
    """``labels/<name>.json``."""
    return write_file(root / f"labels/{name}.json", json.dumps({"instances": list(instances), **common}))

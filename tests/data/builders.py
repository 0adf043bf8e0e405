"""Small data sets on disk, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from yolozu.artifacts.digest import DigestCache
from yolozu.data.check import CheckedData, check
from yolozu.data.index import DataIndex
from yolozu.data.layout import find_layout
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
    """``rule where: problem`` of every hit, paths relative to the data set."""
    return [f"{rule} {hit.where}: {hit.problem}".replace(f"{root}/", "") for rule, hit in checked.hits]

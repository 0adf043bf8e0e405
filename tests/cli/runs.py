"""A run directory as `yolozu run` leaves it, made of the tiny detector's files."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.fixtures.exported import CLASSES, CONFIG
from yolozu.artifacts.meshes import ObjectModels
from yolozu.contract.loader import load_contract
from yolozu.contract.show import to_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.exported import Exported


SPELLED_OUT = {
    "config_version": 1,
    "dataset_root": "synthetic",
    "seed": 0,
    "device": "cpu",
    "ddp": False,
    "amp": "none",
}


def write_contract(path: Path, **keys: object) -> None:
    """The contract of the tiny detector; JSON, which any value can be written in."""
    given = {**SPELLED_OUT, "max_steps": 1, "image_size": [64, 96], "model": CONFIG.model_dump(mode="json"), **keys}
    path.write_text(json.dumps(given))


def write_run(root: Path, exported: Exported, **keys: object) -> None:
    """A finished run in ``root`` whose contract has ``keys``."""
    for folder in ("checkpoints", "exports", "data", "reports"):
        (root / folder).mkdir(parents=True)
    shutil.copy(exported.checkpoint, root / "checkpoints/best.pt")
    shutil.copy(exported.onnx, root / "exports/model.onnx")
    shutil.copytree(exported.index.root, root / "data/rendered")
    replace(exported.index, root=root / "data/rendered", root_base="index").write(root / "data/predict.json")
    ObjectModels().write(root / "data/models.json")
    write_contract(root / "contract.json", run_id=root.name, **keys)
    (root / "reports/config_resolved.yaml").write_text(to_yaml(load_contract(root / "contract.json")))


def write_dataset(root: Path, exported: Exported) -> None:
    """The detector's images as a data set that names its classes."""
    shutil.copytree(exported.index.root, root)
    (root / "labels/val").mkdir(parents=True)
    descriptor = {
        "splits": {"val": {"images_dir": "images/val", "labels_dir": "labels/val"}},
        "classes": list(CLASSES.names),
        "category_ids": list(CLASSES.category_ids),
    }
    (root / "dataset.json").write_text(json.dumps(descriptor))

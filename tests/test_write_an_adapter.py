"""The adapter package that the guide shows, as a user makes it: written, installed, used."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import yolozu as package

PAGE = Path(__file__).parents[1] / "docs/how-to/write-an-adapter.md"
FILES = {"toml": "pyproject.toml", "python": "yolozu_blobs.py"}


@pytest.fixture
def installed(tmp_path):
    """The package's own directory after `pip install`, without a network."""
    project, target = tmp_path / "project", tmp_path / "site"
    project.mkdir()
    for language, name in FILES.items():
        (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
        (project / name).write_text(block)
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", target, project], check=True)
    return target


def yolozu(directory, site, *words):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(PAGE.parents[2])])}
    done = subprocess.run(
        [sys.executable, "-m", "yolozu", *words],
        check=False,
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def write_tray(root):
    """Two images of bright parts on a dark tray."""
    (root / "images/val").mkdir(parents=True)
    (root / "labels/val").mkdir(parents=True)
    (root / "classes.txt").write_text("part\n")
    for number, parts in enumerate([[(10, 20, 30, 40, 220)], [(0, 0, 20, 10, 220), (50, 60, 90, 80, 160)]]):
        pixels = np.full((80, 100, 3), 20, dtype=np.uint8)
        for left, top, right, bottom, grey in parts:
            pixels[top:bottom, left:right] = grey
        Image.fromarray(pixels).save(root / f"images/val/{number}.png")
        (root / f"labels/val/{number}.txt").write_text("")


@pytest.mark.slow
def test_the_guide_s_package_installs_and_predicts(installed, tmp_path):
    write_tray(tmp_path / "tray")
    words = ["--adapter", "blobs", "--dataset", "tray", "--wrap", "--output", "found.json"]
    code, said, errors = yolozu(tmp_path, installed, "export-predictions", *words)
    assert (code, said.splitlines()[1]) == (0, "  blobs on tray val"), errors
    document = json.loads((tmp_path / "found.json").read_text())
    assert document["meta"]["package"] == "yolozu-blobs 1.0"
    boxes = [[list(found["bbox"].values()) for found in entry["detections"]] for entry in document["predictions"]]
    assert boxes == [[[0.2, 0.375, 0.2, 0.25]], [[0.1, 0.0625, 0.2, 0.125], [0.7, 0.875, 0.4, 0.25]]]
    code, said, errors = yolozu(
        tmp_path, installed, "validate", "predictions", "found.json", "--dataset", "tray", "--strict"
    )
    assert code == 0, said + errors


@pytest.mark.slow
def test_a_contract_knows_it_and_refuses_its_neighbours(installed, tmp_path):
    (tmp_path / "exp.yaml").write_text("max_steps: 1\nadapter: blobs\n")
    assert yolozu(tmp_path, installed, "contract", "validate", "exp.yaml")[0] == 0
    (tmp_path / "exp.yaml").write_text("max_steps: 1\nadapter: blob\n")
    code, _, errors = yolozu(tmp_path, installed, "contract", "validate", "exp.yaml")
    assert (code, errors) == (
        2,
        "exp.yaml:2: adapter: YZ104 there is no adapter 'blob', neither here nor in an installed package\n"
        "  fix: did you mean 'blobs'? Known: rtdetr_pose, onnxruntime, openvino, precomputed, dummy, blobs\n",
    )


def test_what_the_guide_of_release_0_1_0_imported_is_still_there():
    from yolozu.artifacts.predictions import ImagePredictions
    from yolozu.data.images import read_image
    from yolozu.predict.adapters.base import WithoutModel

    assert (ImagePredictions, read_image, WithoutModel) == (
        package.ImagePredictions,
        package.read_image,
        package.WithoutModel,
    )

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.data.builders import write_file
from tests.data.prepare.test_coco import write_split
from tests.fixtures.projects import CONTRACT
from yolozu.cli.app import main


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_split(tmp_path / "coco")


PREPARE = ["data", "prepare-coco", "--coco-root", "coco", "--split", "val2017", "--out", "out"]


def test_a_split_is_described_in_place(tmp_path, capsys):
    assert main(PREPARE) == 0
    assert capsys.readouterr().out == (
        "out/dataset.json: val2017, 2 images, 1 object, 1 crowd region, 2 classes\n"
        f"images: {tmp_path}/coco/val2017\n"
        f"labels: {tmp_path}/coco/annotations/instances_val2017.json\n"
        "next: yolozu data check out --split val2017\n"
    )
    assert main(["data", "check", "out", "--split", "val2017"]) == 0


def test_what_yolo_labels_lose_is_said(capsys):
    assert main([*PREPARE, "--format", "yolo", "--copy-images"]) == 0
    assert capsys.readouterr().out == (
        "out/dataset.json: val2017, 2 images, 1 object, 1 crowd region, 2 classes\n"
        "images: out/images/val2017\n"
        "labels: out/labels/val2017\n"
        "left out: 1 crowd region; YOLO labels cannot say it, --format coco does\n"
        "next: yolozu data check out --split val2017\n"
    )


def test_missing_images_exit_2(tmp_path, capsys):
    (tmp_path / "coco/val2017/a.png").unlink()
    assert main(PREPARE) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path}/coco/val2017/a.png: YZ261 is listed, and no such file\n"
        "  fix: get the image, or remove it from the instances file\n"
    )


@pytest.mark.slow
def test_absolute_paths_train_export_and_evaluate(tmp_path):
    assert main(PREPARE) == 0
    text = CONTRACT.replace("dataset_root: scenes", "dataset_root: out\nsplit: val2017\nval_split: val2017")
    text = (
        text.replace("max_steps: 24", "max_steps: 2")
        .replace("val_every_steps: 8\n", "")
        .replace("lr_warmup_steps: 4\n", "")
    )
    write_file(tmp_path / "exp.yaml", text)
    command = [sys.executable, "-m", "yolozu", "run", "exp.yaml", "run_id=exp"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads((tmp_path / "runs/exp/reports/eval_coco.json").read_text())["counts"]
    assert (counts["images"], counts["ground_truth"]) == (2, 2)  # the crowd region is among them

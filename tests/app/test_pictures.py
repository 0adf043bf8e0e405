"""Which model is meant, and what is refused before it is opened."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.runs import write_run
from yolozu.app.pictures import PictureOutputs, latest_run, pictures_asked_by, require_sources
from yolozu.contract.overrides import Override
from yolozu.errors import UsageError

OPTIONS = ("run_id", "checkpoint", "onnx", "batch_size", "intrinsics")


def asked(*sources, flags=(), **options):
    overrides = [Override(key, value, f"--{key.replace('_', '-')}") for key, value in flags]
    return pictures_asked_by(sources, overrides, **{**dict.fromkeys(OPTIONS), **options})


def test_pictures_are_predicted_and_counted_by_name(exported, tmp_path):
    prediction = asked(str(exported.index.root), onnx=exported.onnx, flags=[("max_images", 2), ("max_detections", 1)])
    assert (prediction.model.name, prediction.model.path, len(prediction.sources)) == ("onnxruntime", exported.onnx, 5)
    shown = []
    prediction.run(PictureOutputs(), shown.append)
    assert [found.picture.name for found in shown] == ["images/val/0.png", "images/val/1.png"]
    counts = prediction.counts(shown[0].predictions)
    assert sum(counts.values()) == len(shown[0].predictions)
    assert set(counts) <= {"cup", "can", "box"}
    assert json.loads(prediction.row(shown[0]))["image"] == "images/val/0.png"


def test_the_latest_run_is_the_one_whose_model_was_made_last(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="YZ627 no run here has a model"):
        latest_run()
    for age, name in enumerate(("b", "a")):
        write_run(Path("runs") / name, exported)
        os.utime(f"runs/{name}/checkpoints/best.pt", (1000 - age, 1000 - age))
    assert latest_run() == "b"
    Path("runs/b/exports/model.onnx").unlink()
    assert latest_run() == "a"


def test_sources_are_looked_at_before_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="gone: YZ635 is not there"):
        asked("gone")


def test_options_that_were_not_given_do_not_mix_anything():
    require_sources(None, of_pictures={"--jsonl": False}, of_datasets={"--dataset": Path("data")})
    require_sources(["a.jpg"], of_pictures={"--jsonl": True}, of_datasets={"--dataset": None, "--wrap": False})

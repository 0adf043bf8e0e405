"""From a folder of photos to a model, its predictions and a report: what `init` writes runs as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.own_data.photos import write_photos
from yolozu.cli.app import main

QUICK = ["max_steps=2", "lr_warmup_steps=0", "val_every=1"]


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_photos(Path("photos"), 12)


def test_a_plan_of_what_init_writes_says_nothing_wrong(photos, capfd):
    assert main(["init", str(photos)]) == 0
    capfd.readouterr()
    assert main(["plan", "config=exp.yaml"]) == 0
    told = capfd.readouterr()
    assert (told.err, told.out.splitlines()[0]) == ("", "exp: exp.yaml")
    assert all(line.split()[1:] == ["runs", "(new),", "?"] for line in told.out.splitlines()[1:])


@pytest.mark.slow
def test_what_init_writes_is_built_to_the_end(photos, capfd):
    assert main(["init", str(photos)]) == 0
    assert main(["run", "exp.yaml", *QUICK]) == 0
    report = json.loads(Path("runs/exp/reports/eval_coco.json").read_text())
    assert report["metrics"]["map50_95"] is not None
    assert main(["plan", "run_id=exp", "--check"]) == 0
    assert main(["predict", str(photos), "--run-id", "exp", "--save-images", "drawn", "--score-threshold", "0"]) == 0
    assert len(list(Path("drawn").iterdir())) == 12

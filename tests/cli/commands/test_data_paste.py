from __future__ import annotations

import pytest
from PIL import Image

from yolozu.cli.app import main
from yolozu.data.synth.writer import SynthPlan, write_scenes
from yolozu.progress import SilentProgress


@pytest.fixture(autouse=True)
def inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_scenes(tmp_path / "set", SynthPlan(images=2, val_images=2, size=64, max_objects=2, seed=0), SilentProgress())
    (tmp_path / "grounds").mkdir()
    Image.new("RGB", (64, 64), (0, 250, 0)).save(tmp_path / "grounds/a.png")


WORDS = ["data", "paste", "--dataset", "set", "--split", "val", "--backgrounds", "grounds", "--out", "new"]


def test_a_split_is_pasted_and_can_be_checked(tmp_path, capsys):
    assert main([*WORDS, "--size", "96", "--rotate-deg", "20", "--per-image", "3", "--as", "held-out"]) == 0
    assert capsys.readouterr().out == (
        "new/dataset.json: held-out, 6 images of 96 px\nnext: yolozu data check new --split held-out\n"
    )
    assert main(["data", "check", "new", "--split", "held-out"]) == 0
    assert len(list((tmp_path / "new/images/held-out").iterdir())) == 6


def test_a_split_that_is_not_there_is_told(capsys):
    words = [word if word != "val" else "tset" for word in WORDS]
    assert main([*words, "--size", "96"]) == 2
    assert "YZ202" in capsys.readouterr().err

from __future__ import annotations

import pytest

from tests.data.prepare.test_bop import write
from yolozu.cli.app import main


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_split_is_prepared_and_passes_its_check(tmp_path, capsys):
    write(tmp_path / "bop")
    assert main(["data", "prepare-bop", "--bop-root", "bop", "--split", "train", "--out", "out"]) == 0
    assert capsys.readouterr().out == (
        "out/dataset.json: train, 2 images, 2 objects with poses, 2 classes\n"
        "next: yolozu data check out --split train\n"
    )
    assert main(["data", "check", "out", "--split", "train"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "split  images  with objects  no label file  copies  objects  poses  cameras",
        "train       2             1              1       0        2      2        2",
    ]
    assert "2 classes, 2 with a model" in lines
    assert lines[-1] == "2 warnings: 2 × few_objects"


def test_a_missing_split_is_a_mistake_of_the_command(tmp_path, capsys):
    write(tmp_path / "bop")
    assert main(["data", "prepare-bop", "--bop-root", "bop", "--split", "val", "--out", "out"]) == 2
    assert "YZ202 has no split 'val'" in capsys.readouterr().err

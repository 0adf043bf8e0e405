from __future__ import annotations

import json

import pytest
from PIL import Image

from tests.data.builders import write_image, write_yolo
from yolozu.cli.app import main
from yolozu.data.corruption.registry import CORRUPTIONS


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_yolo(tmp_path / "set", {f"{split}/{name}": "0 .5 .5 .2 .2\n" for split in ("train", "val") for name in "ab"})


def test_the_validation_split_is_corrupted_where_none_is_named(tmp_path, capsys):
    assert main(["data", "corrupt", "--dataset", "set", "--out", "out", "--corruption", "fog"]) == 0
    said = capsys.readouterr()
    assert said.out == ("out/dataset.json: val, 2 images, fog 3, seed 0\nnext: yolozu data check out --split val\n")
    assert main(["data", "check", "out", "--split", "val"]) == 0


def test_every_option_counts(tmp_path, capsys):
    options = ["--split", "train", "--severity", "5", "--seed", "4", "--max-images", "1"]
    assert main(["data", "corrupt", "--dataset", "set", "--out", "out", "--corruption", "snow", *options]) == 0
    assert capsys.readouterr().out.startswith("out/dataset.json: train, 1 image, snow 5, seed 4\n")
    record = json.loads((tmp_path / "out/corruption.json").read_text())["splits"]["train"]
    assert {key: record[key] for key in ("corruption", "severity", "seed", "images")} == {
        "corruption": "snow", "severity": 5, "seed": 4, "images": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--corruption", "snoww"], "corruption 'snoww': YZ901 no such corruption\n  fix: did you mean 'snow'?"),
        (["--corruption", "snow", "--split", "test"], "set: YZ202 has no split 'test'"),
        (["--corruption", "snow", "--severity", "6"], "yolozu data corrupt: YZ903 invalid value for '--severity'"),
    ],
)
def test_what_there_is_not_is_refused_before_anything_is_written(tmp_path, capsys, options, said):
    assert main(["data", "corrupt", "--dataset", "set", "--out", "out", *options]) == 2
    assert capsys.readouterr().err.startswith(said)
    assert not (tmp_path / "out").exists()


def test_kinds_are_listed_with_what_they_do_on_eighty_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["data", "corruptions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(CORRUPTIONS)
    assert lines[0] == "gaussian_noise     Independent Gaussian noise on every value: low light"


def test_all_corruptions_of_an_image_are_drawn(tmp_path, capsys):
    write_image(tmp_path / "a.png", 64, 32)
    assert main(["data", "corruptions", "a.png", "--sheet", "sheet.png", "--side", "40", "--seed", "2"]) == 0
    assert capsys.readouterr().out == "sheet.png\n"
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (150 + 6 * 44, 20 + 15 * 24)
    assert main(["data", "corruptions", "a.png"]) == 2
    assert capsys.readouterr().err.startswith("yolozu data corruptions: YZ903 needs --sheet\n")

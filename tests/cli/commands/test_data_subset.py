from __future__ import annotations

import json

import pytest

from tests.data.prepare.test_subset import write_set
from yolozu.cli.app import main


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_set(tmp_path / "set")


CHOOSE = ["data", "subset", "--dataset", "set", "--split", "train", "--out", "out"]


def test_the_digest_is_printed(tmp_path, capsys):
    assert main([*CHOOSE, "--count", "6", "--seed", "1"]) == 0
    sha256 = json.loads((tmp_path / "out/subset.json").read_text())["splits"]["train"]["sha256"]
    assert capsys.readouterr().out == (
        f"out/dataset.json: train, 6 of 20 images, 6 objects\nsha256 {sha256} (in out/subset.json)\n"
    )
    assert main(["data", "check", "out"]) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--count", "1", "--fraction", "0.5"], "--count and --fraction say the same thing twice"),
        ([], "does not know how many images"),
    ],
)
def test_contradictory_options_are_refused(capsys, options, said):
    assert main([*CHOOSE, *options]) == 2
    assert capsys.readouterr().err == (
        f"yolozu data subset: YZ903 {said}\n  fix: give --count, --fraction or --per-class\n"
    )


def test_a_few_of_each_class(capsys):
    assert main([*CHOOSE, "--per-class", "2"]) == 0
    assert "train, 4 of 20 images, 4 objects" in capsys.readouterr().out

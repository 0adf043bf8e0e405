from __future__ import annotations

import pytest

from tests.data.builders import write_file
from yolozu.cli.app import main


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_scenes_are_rendered_into_a_new_directory_only(tmp_path, capsys):
    command = ["data", "synth", "out", "--images", "2", "--val-images", "1", "--size", "64", "--seed", "3"]
    assert main(command) == 0
    assert capsys.readouterr().out == "out: 2 training and 1 held-out images of 64 px\n"
    assert sorted(path.name for path in (tmp_path / "out/images/train").iterdir()) == ["000000.png", "000001.png"]
    assert main(["data", "check", "out"]) == 0
    assert main(command) == 2
    write_file(tmp_path / "file", "")
    assert main(["data", "synth", "file"]) == 2

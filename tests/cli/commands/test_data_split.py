from __future__ import annotations

import pytest

from tests.data.builders import write_file, write_image
from yolozu.cli.app import main


@pytest.fixture(autouse=True)
def _photos(tmp_path, monkeypatch):
    for number in range(10):
        write_image(tmp_path / f"photos/{number}.png", seed=number)
        write_file(tmp_path / f"photos/{number}.txt", f"{number % 2} .5 .5 .2 .2")
    write_file(tmp_path / "photos/classes.txt", "cat\ndog\n")
    monkeypatch.chdir(tmp_path)


def test_it_tells_what_it_wrote(tmp_path, capsys):
    write_image(tmp_path / "photos/copy.png", seed=3)
    assert main(["data", "split", "photos", "--test", ".1", "--out", "parts"]) == 0
    assert capsys.readouterr().out == (
        "parts/train.txt: 7 pictures, 6 objects\n"
        "parts/val.txt: 2 pictures, 2 objects\n"
        "parts/test.txt: 2 pictures, 2 objects\n"
        "parts/data.yaml: the data set of these parts\n"
        "note: 1 copy of pictures kept together\n"
    )


def test_what_it_wrote_is_a_data_set_with_little_data_and_nothing_wrong(capsys):
    assert main(["data", "split", "photos"]) == 0
    capsys.readouterr()
    assert main(["data", "check", "data.yaml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["train", "8"], ["val", "2"]]
    assert lines[-1] == "4 warnings: 4 × few_objects"

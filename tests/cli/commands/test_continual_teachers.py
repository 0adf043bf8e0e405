from __future__ import annotations

import pytest

from tests.cli.runs import write_dataset
from yolozu.artifacts.digest import DigestCache
from yolozu.cli.app import main


@pytest.fixture
def dataset(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "data", exported)
    return tmp_path / "data"


def test_every_image_of_a_split_has_a_file(exported, dataset, capsys):
    words = f"continual teachers --checkpoint {exported.checkpoint} --dataset data --split val --output"
    assert main([*words.split(), "teachers"]) == 0
    assert capsys.readouterr().out.startswith("teachers: 5 files for 5 images of val\n")
    stored = {path.stem for path in (dataset.parent / "teachers").iterdir()}
    assert stored == {record.sha256 for record in exported.index.records}
    assert main([*words.split(), "again"]) == 0
    assert DigestCache(None).tree(dataset.parent / "again") == DigestCache(None).tree(dataset.parent / "teachers")


def test_what_is_not_there_is_an_error(dataset, capsys):
    assert main(["continual", "teachers", "--checkpoint", "missing", "--dataset", "data", "--output", "teachers"]) == 2
    assert "--checkpoint: missing: YZ313 there is no such run" in capsys.readouterr().err
    assert not (dataset.parent / "teachers").exists()

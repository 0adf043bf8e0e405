"""`yolozu lora`: what is written, what is said of it, and what is refused."""

from __future__ import annotations

import json

import pytest
import torch

from tests.fixtures.exported import CLASSES, LORA_CONFIG, random_checkpoint
from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.cli.app import main
from yolozu.model.lora import is_lora_parameter


@pytest.fixture
def best(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_checkpoint(tmp_path / "best.pt", random_checkpoint(0, CLASSES, LORA_CONFIG))
    return tmp_path / "best.pt"


def test_merge_writes_an_ordinary_checkpoint(best, capsys):
    assert main(["lora", "merge", "best.pt", "--output", "merged.pt"]) == 0
    size = best.with_name("merged.pt").stat().st_size
    assert capsys.readouterr().out == (
        f"merged.pt: {size / 1e6:.2f} MB, a checkpoint without adapters: those of rank 4 are merged into the weights\n"
    )
    assert not any(is_lora_parameter(name) for name in read_checkpoint(best.with_name("merged.pt")).weights)


def test_split_and_apply_are_there_and_back(best, capsys):
    assert main(["lora", "split", "best.pt", "-o", "adapters.pt", "--base", "base.pt", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [entry["path"] for entry in said["files"]] == ["adapters.pt", "base.pt"]
    assert said["files"][0]["holds"].startswith("the adapters alone; base ")
    assert main(["lora", "apply", "base.pt", "adapters.pt", "-o", "again.pt"]) == 0
    before, after = (read_checkpoint(best.with_name(name)).weights for name in ("best.pt", "again.pt"))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_another_base_is_refused_and_nothing_is_written(best, capsys):
    write_checkpoint(best.with_name("other.pt"), random_checkpoint(1, CLASSES))
    assert main(["lora", "split", "best.pt", "-o", "adapters.pt"]) == 0
    assert main(["lora", "apply", "other.pt", "adapters.pt", "-o", "again.pt"]) == 2
    assert "other.pt: YZ472 is not what the adapters of adapters.pt belong to" in capsys.readouterr().err
    assert not best.with_name("again.pt").exists()


def test_the_file_that_is_read_stays(best, capsys):
    assert main(["lora", "merge", "best.pt", "-o", "best.pt"]) == 2
    assert "YZ905" in capsys.readouterr().err

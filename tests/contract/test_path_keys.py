"""Paths in contracts, seen from another directory than the one they were written in."""

from pathlib import Path

import pytest

from yolozu.contract.loader import load_contract
from yolozu.contract.path_keys import path_keys, rebased

THERE, HERE = Path("/a/b"), Path("/a/c")


def test_keys_that_hold_paths():
    assert {key for (key,) in path_keys()} == {
        "continual_from", "dataset_root", "derpp_teacher_key", "init_from", "model", "paste_backgrounds", "predictions",
        "scenarios", "self_distill_from", "store_dir",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "reads"),
    [
        ("dataset_root", "data/parts", "../b/data/parts"),
        ("dataset_root", "../c/data", "data"),
        ("dataset_root", "/data", "/data"),
        ("dataset_root", "synthetic", "synthetic"),
        ("scenarios", "standard", "standard"),
        ("scenarios", "hard.yaml", "../b/hard.yaml"),
        ("continual_from", "exp01", "exp01"),
        ("continual_from", "runs/exp01", "../b/runs/exp01"),
        ("init_from", None, None),
        ("init_from", "~/w.pt", "~/w.pt"),
        ("init_from", "rtdetr_r18vd_coco", "rtdetr_r18vd_coco"),
        ("init_from", "../c/rtdetr_r18vd_coco", "./rtdetr_r18vd_coco"),
        ("split", "train", "train"),
        ("model", {"num_queries": 3}, {"num_queries": 3}),
    ],
)
def test_what_a_path_reads_elsewhere(key, value, reads):
    assert rebased((key,), value, THERE, HERE) == reads
    assert rebased((key,), value, THERE, THERE) == value


def test_a_file_is_read_as_in_the_directory_it_was_written_for(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "there/net.yaml").write_text("num_queries: 7\n")
    (tmp_path / "there/exp.yaml").write_text("dataset_root: parts\nmodel: net.yaml\nmax_steps: 1\n")
    monkeypatch.chdir(tmp_path / "here")
    loaded = load_contract(Path("../there/exp.yaml"), base=tmp_path / "there")
    assert loaded.contract.dataset.dataset_root == "../there/parts"
    assert loaded.contract.model.model.num_queries == 7

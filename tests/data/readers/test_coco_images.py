from __future__ import annotations

import pytest

from tests.data.tars import write_tar
from yolozu.data.readers.coco_images import image_path, image_paths
from yolozu.errors import InputError


def test_names_lead_to_files_that_are_there(tmp_path):
    directory = tmp_path / "train"
    (directory / "train").mkdir(parents=True)
    for name in ("a.png", "train/b.png"):
        (directory / name).touch()
    names = ["a.png", "train/a.png", "train\\a.png", "train/b.png", "train\\b.png"]
    assert [image_path(directory, name).relative_to(directory).as_posix() for name in names] == [
        "a.png", "a.png", "a.png", "train/b.png", "train/b.png",
    ]  # fmt: skip


def test_names_lead_into_tar_files_with_the_name_of_the_tar_file_or_without(tmp_path):
    write_tar(tmp_path / "train-0.tar", {"a.png": b"", "c.png": b""})
    write_tar(tmp_path / "train-1.tar", {"deep/b.png": b"", "c.png": b""})
    found = image_paths(tmp_path, ["a.png", "train-0.tar/c.png", "deep/b.png", "gone.png"])
    assert {name: path.relative_to(tmp_path).as_posix() for name, path in found.items()} == {
        "a.png": "train-0.tar/a.png",
        "train-0.tar/c.png": "train-0.tar/c.png",
        "deep/b.png": "train-1.tar/deep/b.png",
        "gone.png": "gone.png",
    }
    assert image_paths(tmp_path / "train-0.tar", ["a.png"]) == {"a.png": tmp_path / "train-0.tar/a.png"}


def test_a_name_that_two_tar_files_hold_is_a_finding(tmp_path):
    for shard in ("0.tar", "1.tar"):
        write_tar(tmp_path / shard, {"a.png": b"", "b.png": b""})
    with pytest.raises(InputError) as refused:
        image_paths(tmp_path, ["a.png", "b.png"])
    assert str(refused.value) == (
        f"{tmp_path}: a.png: YZ279 is in 0.tar/a.png and 1.tar/a.png\n"
        "  fix: write the name of the tar file in front of file_name: TAR/NAME\n"
        f"{tmp_path}: b.png: YZ279 is in 0.tar/b.png and 1.tar/b.png\n"
        "  fix: write the name of the tar file in front of file_name: TAR/NAME"
    )

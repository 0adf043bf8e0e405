from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.builders import write_file, write_image, write_yolo
from yolozu.data.layouts.ultralytics import described_splits, label_files, label_stem, listed_images
from yolozu.errors import InputError


def splits(tmp_path, text):
    path = write_file(tmp_path / "data.yaml", text)
    return {
        split.name: [str(source.relative_to(tmp_path)) for source in split.sources] for split in described_splits(path)
    }


def test_directories_lists_and_lists_of_such_are_splits(tmp_path):
    assert splits(tmp_path, "path: sub\ntrain: images/a\nval: [b.txt, c]\ntest:\nnames: {0: cat}\nnc: 1\n") == {
        "train": ["sub/images/a"],
        "val": ["sub/b.txt", "sub/c"],
    }
    assert splits(tmp_path, "names: [cat]") == {}
    assert splits(tmp_path, "") == {}


def test_roboflows_paths_lie_beside_the_file(tmp_path):
    (tmp_path / "train/images").mkdir(parents=True)
    assert splits(tmp_path, "train: ../train/images") == {"train": ["train/images"]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("train: 7", "train: 7 is no directory, no list of images and no list of such"),
        ("train: []", "train: [] is no directory"),
        ("train: [a, 7]", "train: ['a', 7] is no directory"),
        ("path: 7\ntrain: a", "path: 7 is no directory"),
        ("train: [a\n", "cannot be read: "),
    ],
)
def test_what_describes_no_split_is_refused(tmp_path, text, problem):
    with pytest.raises(InputError) as refused:
        splits(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path}/data.yaml: YZ246 {problem}")


def test_images_are_listed_once_in_order(tmp_path):
    for name in ("a/2.png", "a/1.jpg", "b/3.png"):
        write_image(tmp_path / f"images/{name}")
    listed = write_file(tmp_path / "val.txt", f"./images/a/2.png\n\nimages/b/3.png\n{tmp_path}/images/b/3.png\n")
    assert listed_images((tmp_path / "images/a", listed)) == [
        f"{tmp_path}/images/{name}" for name in ("a/1.jpg", "a/2.png", "b/3.png")
    ]
    with pytest.raises(InputError, match=r"none\.txt: YZ246 cannot be read"):
        listed_images((tmp_path / "none.txt",))


@pytest.mark.parametrize(
    ("image", "stem"),
    [
        ("/d/images/a/b.jpg", "/d/labels/a/b"),
        ("/images/d/images/b.jpg", "/images/d/labels/b"),
        ("/d/myimages/b.jpg", "/d/myimages/b"),
        ("train/images/b.x.jpg", "train/labels/b.x"),
    ],
)
def test_labels_are_beside_the_last_folder_called_images(image, stem):
    assert label_stem(image) == stem


def test_files_of_labels_are_those_of_images_and_what_lies_beside_them(tmp_path):
    root = write_yolo(tmp_path, {"a/1": "", "a/2": None, "b/3": ""})
    write_file(root / "labels/a/9.txt", "")
    folder, listed = root / "images/a", write_file(root / "val.txt", "images/b/3.png")
    for sources, names in (
        ((folder,), ["a/1.txt", "a/9.txt"]),
        ((listed,), ["b/3.txt"]),
        ((folder, listed), ["a/1.txt", "a/9.txt", "b/3.txt"]),
    ):
        found = label_files(listed_images(sources), sources)
        assert [Path(path).relative_to(root / "labels").as_posix() for path in found] == names

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.builders import write_file, write_image, write_yolo
from yolozu.data.layouts.ultralytics import (
    Keypoints,
    described_keypoints,
    described_splits,
    label_files,
    label_stem,
    listed_images,
)
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


def test_a_path_that_is_left_blank_is_the_files_own_folder(tmp_path):
    for path in ("path:\n", "path: ''\n", "path: .\n", ""):
        assert splits(tmp_path, f"{path}train: images\nvalidation: pictures\n") == {
            "train": ["images"],
            "val": ["pictures"],
        }


def test_broken_yaml_is_refused_at_its_line(tmp_path):
    with pytest.raises(InputError) as refused:
        splits(tmp_path, "names: [a]\ntrain: [a\n")
    assert str(refused.value).startswith(f"{tmp_path}/data.yaml:2: YZ246 cannot be read: a '[' that is not closed")


@pytest.mark.parametrize(
    ("text", "shape"), [("kpt_shape: [17, 3]", Keypoints(17, 3)), ("kpt_shape:", None), ("", None)]
)
def test_the_shape_of_keypoints_is_described(tmp_path, text, shape):
    assert described_keypoints(write_file(tmp_path / "data.yaml", text)) == shape


@pytest.mark.parametrize("value", ["[17]", "[17, 4]", "[0, 2]", "17", "[17, 3.0, 1]", "[true, 2]"])
def test_a_shape_that_is_none_is_refused(tmp_path, value):
    with pytest.raises(InputError, match=r"YZ246 kpt_shape: .* is no shape of keypoints"):
        described_keypoints(write_file(tmp_path / "data.yaml", f"kpt_shape: {value}"))


def test_roboflows_paths_lie_beside_the_file(tmp_path):
    (tmp_path / "train/images").mkdir(parents=True)
    assert splits(tmp_path, "train: ../train/images") == {"train": ["train/images"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("train: 7", "train: 7 is no directory, no list of images and no list of such"),
        ("train: []", "train: [] is no directory"),
        ("train: [a, 7]", "train: ['a', 7] is no directory"),
        ("path: 7\ntrain: a", "path: 7 is no directory"),
        ("val: a\nvalidation: b", "validation: names the split 'val' a second time"),
        ("train: " + "[" * 2000, "cannot be read: nests too deeply"),
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
        ("images/a/b.jpg", "labels/a/b"),
        ("../images/b.jpg", "../labels/b"),
        ("myimages/b.jpg", "myimages/b"),
    ],
)
def test_labels_are_beside_the_last_folder_called_images(image, stem):
    assert label_stem(image) == stem


def test_a_folder_called_images_counts_above_the_working_directory_too(tmp_path, monkeypatch):
    (tmp_path / "images/a").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "images")
    assert label_stem("a/b.jpg") == f"{tmp_path}/labels/a/b"


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

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.own_data.photos import write_photos
from tests.data.builders import bop_row, write_bop, write_coco, write_file, write_image, write_yolo
from yolozu.app.own_data.meaning import Meaning, meaning_of
from yolozu.errors import InputError, UsageError


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.mark.parametrize(
    "write",
    [
        write_photos,
        lambda root: write_yolo(root, {"train/a": "0 .5 .5 .2 .2"}),
        lambda root: write_coco(root, []),
        lambda root: write_bop(root, {0: [bop_row()]}),
        lambda root: write_file(write_yolo(root, {"a/b": "0 .5 .5 .2 .2"}) / "data.yaml", "train: images/a"),
    ],
)
def test_a_data_set_is_data(write):
    write(Path("set"))
    meaning = meaning_of(Path("set"))
    assert (meaning.data, meaning.layout is None) == (Path("set"), False)


def test_a_file_that_describes_data_is_data():
    write_yolo(Path("set"), {"a/b": "0 .5 .5 .2 .2"})
    path = write_file(Path("set/mine.yaml"), "train: images/a")
    assert meaning_of(path).data == path


def test_pictures_without_labels_are_data():
    write_image(Path("photos/2026/a.jpg"))
    assert meaning_of(Path("photos")) == Meaning(Path("photos"))
    write_image(Path("set/images/train/a.jpg"))
    assert meaning_of(Path("set")) == Meaning(Path("set"))


def test_what_is_missing_or_empty_or_holds_something_else_is_a_place_to_write_into():
    Path("empty").mkdir()
    write_file(Path("code/main.py"), "")
    assert [meaning_of(Path(name)) for name in ("new", "empty", "code")] == [Meaning()] * 3


def test_a_mistyped_name_of_data_is_no_new_directory():
    write_photos(Path("photos"))
    with pytest.raises(UsageError) as caught:
        meaning_of(Path("phots"))
    assert str(caught.value) == (
        "phots: YZ908 is not there, and data of nearly that name are\n"
        "  fix: did you mean photos? To begin in a new directory, make it first: mkdir phots"
    )
    assert meaning_of(Path("scenes")) == Meaning()


def test_a_project_stays_a_place_to_write_into_whatever_pictures_it_holds():
    write_photos(Path("project/photos"))
    write_file(Path("project/exp.yaml"), "")
    assert meaning_of(Path("project")) == Meaning()


def test_the_working_directory_is_data_where_pictures_lie_in_it():
    write_photos(Path("photos"))
    write_image(Path("images/logo.png"))
    assert meaning_of(Path()) == Meaning(pictures_below=(Path("images"), Path("photos")))
    write_image(Path("a.jpg"))
    assert meaning_of(Path()).data == Path()


def test_a_data_set_that_cannot_be_understood_is_told():
    write_file(Path("set/dataset.json"), "{}")
    with pytest.raises(InputError, match="YZ203"):
        meaning_of(Path("set"))

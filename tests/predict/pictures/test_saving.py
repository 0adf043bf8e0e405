"""What is left of pictures, under which names."""

import numpy as np
import pytest
from PIL import Image

from yolozu.data.images import size_of
from yolozu.errors import UsageError
from yolozu.predict.pictures.picture import Picture
from yolozu.predict.pictures.saving import SavedPictures
from yolozu.predict.pictures.sources import sources_in
from yolozu.structures.classes import ClassTable
from yolozu.structures.predictions import ImagePredictions

CLASSES = ClassTable(("cup", "../a/b: c"), (7, 3))


@pytest.fixture
def picture(tmp_path):
    (tmp_path / "in/sub").mkdir(parents=True)
    Image.new("RGB", (40, 20), "white").save(tmp_path / "in/sub/p.bmp")
    return sources_in([str(tmp_path / "in")])[0]


def found():
    boxes = np.array([[0.25, 0.5, 0.5, 1.0], [0.9, 0.5, 0.2, 0.5], [0.5, 0.5, 0.0, 0.0]])
    return ImagePredictions("sub/p.bmp", 40, 20, np.array([7, 3, 7]), np.array([0.9, 0.8, 0.7]), boxes)


def below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_names_keep_their_folders_and_class_names_lead_nowhere_else(tmp_path, picture):
    out = tmp_path / "out"
    SavedPictures(CLASSES, out / "images", out / "crops", out / "txt").save(picture, found())
    assert below(out) == [
        "crops/_a_b_ c/sub/p-2.jpg", "crops/cup/sub/p-1.jpg", "images/sub/p.bmp.png", "txt/sub/p.txt",
    ]  # fmt: skip
    assert size_of(out / "crops/cup/sub/p-1.jpg") == (20, 20)
    assert size_of(out / "crops/_a_b_ c/sub/p-2.jpg") == (8, 10)
    assert (out / "txt/sub/p.txt").read_text().splitlines()[1] == "1 0.900000 0.500000 0.200000 0.500000 0.800000"


def test_nothing_asked_for_leaves_nothing(tmp_path, picture):
    before = below(tmp_path)
    SavedPictures(CLASSES).save(picture, found())
    assert below(tmp_path) == before


def test_a_drawn_picture_never_takes_the_place_of_the_one_it_was_drawn_from(tmp_path):
    path = tmp_path / "p.png"
    Image.new("RGB", (4, 4)).save(path)
    with pytest.raises(UsageError) as caught:
        SavedPictures(CLASSES, tmp_path).require_safe([Picture(path, "p.png")])
    assert str(caught.value) == (
        f"--save-images {tmp_path}: YZ905 {path} is a picture that is predicted\n  fix: name another folder"
    )
    SavedPictures(CLASSES, tmp_path / "other").require_safe([Picture(path, "p.png")])


def test_labels_never_take_the_place_of_those_beside_the_pictures(tmp_path, picture):
    labels = SavedPictures(CLASSES, labels=tmp_path / "in")
    labels.require_safe([picture])
    (tmp_path / "in/sub/p.txt").write_text("0 .5 .5 1 1\n")
    with pytest.raises(UsageError, match=r"--save-txt .*/in: YZ905 .*p.txt lies beside a picture that is predicted"):
        labels.require_safe([picture])
    SavedPictures(CLASSES, labels=tmp_path / "out").require_safe([picture])

"""What a program may give, and what is said of anything else."""

import numpy as np
import pytest
from PIL import Image

from yolozu.errors import InputError, UsageError
from yolozu.predict.pictures.image_inputs import pictures_of_inputs

BLACK = np.zeros((6, 8, 3), np.uint8)


def given(images):
    return [(picture.name, picture.read().shape) for picture in pictures_of_inputs(images)]


@pytest.fixture
def photos(tmp_path):
    for name in ("a.png", "b.jpg"):
        Image.new("RGB", (8, 6)).save(tmp_path / name)
    return tmp_path


def test_one_of_each_and_many_of_all(photos):
    assert given(photos / "a.png") == given(str(photos / "a.png")) == [("a.png", (6, 8, 3))]
    assert given(BLACK) == [("image-000000", (6, 8, 3))]
    assert given(np.stack([BLACK, BLACK])) == [("image-000000", (6, 8, 3)), ("image-000001", (6, 8, 3))]
    with Image.open(photos / "b.jpg") as opened:
        mixed = [BLACK[:, ::-1], photos, opened, Image.new("L", (3, 2))]
        assert given(image for image in mixed) == [
            ("image-000000", (6, 8, 3)),
            ("a.png", (6, 8, 3)),
            ("b.jpg", (6, 8, 3)),
            ("b.jpg", (6, 8, 3)),
            ("image-000003", (2, 3, 3)),
        ]
    assert given([]) == []


def test_an_iterable_is_not_advanced_beyond_what_is_asked_for():
    pictures = pictures_of_inputs(BLACK for _ in iter(int, 1))  # without end
    assert [next(pictures).name for _ in range(3)][-1] == "image-000002"


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (BLACK.astype(float), "image-000000: YZ638 is no picture: an array (6, 8, 3) of float64"),
        ([BLACK, BLACK[..., 0]], "image-000001: YZ638 is no picture: an array (6, 8) of uint8"),
        (BLACK[:0], "image-000000: YZ638 is no picture: an array (0, 8, 3) of uint8"),
        ([None], "image-000000: YZ638 is no picture: NoneType"),
        (7, "images: YZ638 is no picture: int"),
    ],
)
def test_what_is_no_picture_is_told_with_what_is(images, said):
    with pytest.raises(UsageError) as caught:
        given(images)
    fix = "give a path, a Pillow image or an array (H, W, 3) of uint8 in RGB (of OpenCV's BGR: image[..., ::-1])"
    assert str(caught.value) == f"{said}\n  fix: {fix}"


def test_a_path_that_gives_nothing_and_an_image_that_is_cut_short_are_errors(photos):
    with pytest.raises(UsageError, match=r"c.png: YZ635 is not there"):
        given(photos / "c.png")
    Image.effect_noise((80, 60), 50).save(photos / "c.png")
    data = (photos / "c.png").read_bytes()
    (photos / "c.png").write_bytes(data[:1000])
    with Image.open(photos / "c.png") as opened, pytest.raises(InputError, match=r"c.png: YZ207"):
        given(opened)

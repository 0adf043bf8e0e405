from __future__ import annotations

import pytest

from yolozu.artifacts.predictions.image_names import NEAREST_AMONG, NEAREST_TIMES, ImageNames, KnownImages

IMAGES = ("images/val/a/1.jpg", "images/val/b/1.jpg", "images/val/2.jpg", "3.jpg")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("images/val/2.jpg", (2,)),
        ("./images/val/2.jpg", (2,)),
        ("2.jpg", (2,)),
        ("val/2.jpg", (2,)),
        ("/data/coco/images/val/2.jpg", (2,)),
        ("b/1.jpg", (1,)),
        ("1.jpg", (0, 1)),
        ("images/train/2.jpg", ()),
        ("12.jpg", ()),
        ("other/3.jpg", (3,)),
        ("", ()),
    ],
)
def test_a_name_means_the_image_with_that_path_or_the_one_it_shares_an_end_with(name, found):
    assert ImageNames(IMAGES).find(name) == found


def test_the_nearest_name_is_offered_while_that_is_cheap():
    names = ImageNames(IMAGES)
    assert names.nearest("images/val/2.png") == "images/val/2.jpg"
    assert [names.nearest("images/val/2.png") for _ in range(NEAREST_TIMES)][-1] is None
    assert ImageNames([f"{i}.jpg" for i in range(NEAREST_AMONG + 1)]).nearest("1.jpeg") is None


def test_only_the_first_images_are_expected_when_so_asked():
    sizes = ((4, 4),) * len(IMAGES)
    assert KnownImages(IMAGES, sizes, frozenset()).expected_count == 4
    assert KnownImages(IMAGES, sizes, frozenset(), expected=2).expected_count == 2
    assert KnownImages(IMAGES, sizes, frozenset(), expected=9).expected_count == 4


def test_every_image_has_a_size():
    with pytest.raises(ValueError, match="4 images, 1 sizes"):
        KnownImages(IMAGES, ((1, 1),), frozenset())

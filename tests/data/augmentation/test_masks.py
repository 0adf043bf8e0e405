from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import index_at, write_yolo
from yolozu.data.augmentation.masks import MaskStore, joined_mask, read_levels, require_masks
from yolozu.errors import InputError


@pytest.fixture
def index(tmp_path):
    """One image of 64×48 px with three objects: of a shared file, of a file alone, without a mask."""
    index = index_at(write_yolo(tmp_path, {"train/a": "0 .2 .5 .2 .2\n1 .5 .5 .2 .2\n0 .8 .5 .2 .2\n"}), "train")
    levels = np.zeros((48, 64), np.uint8)
    levels[10:20, 5:15], levels[10:20, 30:35] = 1, 2
    Image.fromarray(levels).save(tmp_path / "shared.png")
    Image.fromarray(np.where(levels == 2, 255, 0).astype(np.uint8)).save(tmp_path / "alone.png")
    masks = (("shared.png", 1), ("alone.png", None), None)
    return replace(index, records=(replace(index.records[0], masks=masks),))


def test_an_object_is_a_grey_level_of_its_file_or_all_above_zero(index):
    first, second, third = MaskStore(index, keep=False).masks(0)
    assert (first.sum(), second.sum(), third) == (100, 50, None)
    assert first[10:20, 5:15].all()
    assert joined_mask([first, second, third], 48, 64).sum() == 150


def test_kept_masks_are_read_once(index):
    store = MaskStore(index, keep=True)
    before = store.masks(0)
    (index.root / "shared.png").unlink()
    np.testing.assert_array_equal(store.masks(0)[0], before[0])
    with pytest.raises(InputError, match="YZ251 mask cannot be read"):
        MaskStore(index, keep=False).masks(0)


def test_an_image_without_masks_has_none_for_every_object(index):
    bare = replace(index, records=(replace(index.records[0], masks=()),))
    assert MaskStore(bare, keep=False).masks(0) == [None, None, None]


def test_a_mask_of_another_size_is_refused(index):
    Image.new("L", (10, 20)).save(index.root / "shared.png")
    with pytest.raises(InputError) as caught:
        read_levels(index.root / "shared.png", index.records[0])
    assert str(caught.value) == (
        f"{index.root}/shared.png: YZ251 is 10×20 px, its image has 64×48\n  fix: a mask has the size of its image"
    )


@pytest.mark.parametrize(("mode", "levels"), [("1", [0, 255]), ("P", [0, 3]), ("L", [0, 3]), ("RGB", [0, 3])])
def test_levels_are_what_the_file_holds(index, mode, levels):
    pixels = np.zeros((48, 64), np.uint8)
    pixels[5:9, 5:9] = 3
    image = Image.fromarray(pixels)
    if mode == "P":
        image.putpalette([255 - level // 3 for level in range(768)])
    elif mode != "L":
        image = image.point(lambda level: level * 85 if mode == "1" else level).convert(mode)
    image.save(index.root / "other.png")
    assert np.unique(read_levels(index.root / "other.png", index.records[0])).tolist() == levels


def test_levels_beyond_255_are_kept(index):
    Image.fromarray(np.full((48, 64), 1000, np.uint16)).save(index.root / "other.png")
    assert np.unique(read_levels(index.root / "other.png", index.records[0])).tolist() == [1000]


def test_many_images_without_masks_are_counted(index):
    record = replace(index.records[0], masks=())
    many = replace(index, records=tuple(replace(record, image=f"{number}.png") for number in range(25)))
    with pytest.raises(InputError) as caught:
        require_masks(many, "key")
    assert len(caught.value.findings) == 21
    assert caught.value.findings[-1].problem == "5 more images have objects without a mask"


def test_crowd_regions_and_empty_images_need_no_mask(index):
    record = replace(index.records[0], is_crowd=np.array([False, False, True]))
    empty = replace(record, class_indices=np.zeros(0, np.int64), is_crowd=np.zeros(0, bool), masks=())
    require_masks(replace(index, records=(record, empty)), "key")

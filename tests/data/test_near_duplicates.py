"""Which pictures are one photo: copies of known kinds, and pictures that are only alike."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from tests.data.builders import write_file
from yolozu.artifacts.digest import DigestCache
from yolozu.data import near_duplicates
from yolozu.data.near_duplicates import near_duplicate_groups
from yolozu.data.synth.writer import SynthPlan, write_scenes
from yolozu.progress import SilentProgress

COPIES = {
    "saved as JPEG of quality 30": lambda image: again(image, 30),
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "brighter by 20 %": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "darker by 20 %": lambda image: ImageEnhance.Brightness(image).enhance(0.8),
    "without 2.5 % at each border": lambda image: cut(image, 0.025, 0.025),
    "without 5 % at one": lambda image: cut(image, 0.05, 0.0),
}


def again(image, quality):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def cut(image, left, right):
    return image.crop((round(left * image.width), 0, round((1 - right) * image.width), image.height))


def photo(seed, width=160, height=120):
    """Spots of random colors: structure at the scales that photos have."""
    rough = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)


def saved(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def groups_of(paths, cache_path=None):
    with DigestCache(cache_path) as cache:
        return near_duplicate_groups(paths, cache=cache)


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_found_among_others(tmp_path, kind):
    photos = [photo(seed) for seed in range(8)]
    paths = [saved(image, tmp_path / f"{seed}.png") for seed, image in enumerate(photos)]
    paths += [saved(COPIES[kind](photos[seed]), tmp_path / f"copy{seed}.png") for seed in (5, 2)]
    assert groups_of(paths) == [[2, 9], [5, 8]]


def test_whatever_is_like_one_of_a_group_belongs_to_it(tmp_path):
    whole = photo(1)
    images = [cut(whole, 0.1, 0.0), photo(2), whole, cut(whole, 0.05, 0.0), again(whole, 30)]
    assert groups_of([saved(image, tmp_path / f"{place}.png") for place, image in enumerate(images)]) == [[0, 2, 3, 4]]


def test_a_photo_that_a_camera_turned_is_the_one_it_shows(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = photo(3).transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "turned.jpg", exif=exif, quality=90)
    assert groups_of([saved(photo(3), tmp_path / "a.png"), tmp_path / "turned.jpg"]) == [[0, 1]]


def test_what_cannot_be_read_or_has_one_color_is_like_no_other(tmp_path):
    flat = [saved(Image.new("RGB", (64, 64), "white"), tmp_path / f"{place}.png") for place in range(2)]
    broken = [write_file(tmp_path / f"{place}.jpg", "no picture") for place in range(2)]
    assert groups_of([*flat, *broken, tmp_path / "missing.png"]) == []
    assert groups_of(broken) == groups_of([]) == []


def test_what_is_known_of_a_content_is_not_read_again(tmp_path, monkeypatch):
    paths = [saved(photo(1), tmp_path / "a.png"), saved(again(photo(1), 50), tmp_path / "b.png")]
    assert groups_of(paths, tmp_path / "cache.sqlite") == [[0, 1]]
    monkeypatch.setattr(near_duplicates, "small_gray", None)
    assert groups_of([*paths, saved(photo(1), tmp_path / "c.png")], tmp_path / "cache.sqlite") == [[0, 1, 2]]


def test_blocks_of_pairs_change_nothing(tmp_path, monkeypatch):
    paths = [saved(photo(seed % 7), tmp_path / f"{seed}.png") for seed in range(20)]
    found = groups_of(paths)
    monkeypatch.setattr(near_duplicates, "PAIRS_AT_ONCE", 50)
    assert groups_of(paths) == found == [[place for place in range(20) if place % 7 == group] for group in range(7)]


@pytest.mark.slow
def test_synthetic_scenes_are_alike_and_not_the_same(tmp_path):
    write_scenes(
        tmp_path / "s", SynthPlan(images=150, val_images=10, size=128, max_objects=4, seed=0), SilentProgress()
    )
    assert groups_of(sorted((tmp_path / "s").glob("images/*/*.png"))) == []


@pytest.mark.slow
def test_photos_of_coco_are_not_the_same_and_their_copies_are(tmp_path, real_data):
    originals = sorted((real_data / "coco128/images/train2017").glob("*.jpg"))
    assert groups_of(originals) == []
    for place, path in enumerate(originals):
        with Image.open(path) as image:
            smaller = image.convert("RGB").resize((image.width // 2, image.height // 2))
            smaller.save(tmp_path / f"{place:03}.jpg", quality=30)
    copies = sorted(tmp_path.glob("*.jpg"))
    assert groups_of([*originals, *copies]) == [[place, len(originals) + place] for place in range(len(originals))]

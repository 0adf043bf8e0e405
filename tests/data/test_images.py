from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import write_image
from yolozu.data.images import ImageFacts, image_facts, read_image, size_of
from yolozu.errors import InputError

FORMATS = ["jpg", "png", "bmp", "webp", "tif"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_whole_image_has_a_size_and_pixels(tmp_path, suffix):
    path = write_image(tmp_path / f"a.{suffix}", 64, 48)
    assert image_facts(path) == ImageFacts(64, 48, None)
    assert read_image(path).shape == (48, 64, 3)
    assert read_image(path).dtype == np.uint8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_size_and_pixels(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = write_image(tmp_path / "a.jpg", 64, 48, exif=exif)
    facts = image_facts(path)
    assert (facts.height, facts.width) == read_image(path).shape[:2]
    assert facts.width == (64 if orientation < 5 else 48)
    assert size_of(path) == (facts.width, facts.height)


def test_the_size_is_in_the_files_head_and_of_no_picture_there_is_none(tmp_path):
    path = write_image(tmp_path / "a.png", 200, 150)
    path.write_bytes(path.read_bytes()[:100])
    assert size_of(path) == (200, 150)
    assert size_of(tmp_path / "b.png") is None
    (tmp_path / "b.png").write_bytes(b"no picture")
    assert size_of(tmp_path / "b.png") is None


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.95])
def test_a_file_that_was_cut_short_is_found_whenever_reading_it_would_fail(tmp_path, suffix, kept):
    path = write_image(tmp_path / f"a.{suffix}", 200, 150)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    assert image_facts(path).problem is not None
    with pytest.raises(InputError, match="YZ207 image cannot be read"):
        read_image(path)


def test_what_is_no_image_or_not_there_is_said(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    assert "cannot identify image file" in image_facts(tmp_path / "a.png").problem
    assert image_facts(tmp_path / "b.png").problem == "No such file or directory"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_other_modes_become_rgb(tmp_path, mode):
    Image.new(mode, (8, 6)).save(tmp_path / "a.tif")
    assert read_image(tmp_path / "a.tif").shape == (6, 8, 3)


def test_sixteen_bits_keep_the_upper_byte(tmp_path):
    values = np.array([[0x0000, 0x12FF, 0xFFFF]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png")[0, :, 0].tolist() == [0x00, 0x12, 0xFF]


def test_pixels_without_a_range_are_refused(tmp_path):
    Image.new("F", (8, 6)).save(tmp_path / "a.tif")
    assert image_facts(tmp_path / "a.tif").problem == "pixels of mode F have no known range"
    with pytest.raises(InputError, match="pixels of mode F have no known range"):
        read_image(tmp_path / "a.tif")

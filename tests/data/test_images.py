from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image

from tests.data.builders import write_image
from tests.fixtures.damage import flip_a_bit, settle
from yolozu.artifacts.digest import DigestCache, digest_file
from yolozu.data.images import (
    UPRIGHT,
    ImageFacts,
    decode_image,
    focal_px_of,
    image_facts,
    pixels_of,
    read_image,
    size_of,
)
from yolozu.errors import InputError
from yolozu.paths import digest_cache_path
from yolozu.structures.image_record import ImageRecord

FORMATS = ["jpg", "png", "bmp", "webp", "tif"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_whole_image_has_a_size_and_pixels(tmp_path, suffix):
    path = write_image(tmp_path / f"a.{suffix}", 64, 48)
    assert image_facts(path) == ImageFacts(64, 48, None)
    assert read_image(path).shape == (48, 64, 3)
    assert read_image(path).dtype == np.uint8


def upright_picture():
    """Four quarters of their own grey levels, 32×16 px."""
    return np.array([[20, 90], [160, 230]], np.uint8).repeat(8, axis=0).repeat(16, axis=1)


STORED = {**UPRIGHT, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""What turns an upright picture into the one that a file with this orientation holds: the inverse of `UPRIGHT`."""


def write_oriented(path, orientation, mode="RGB"):
    image = Image.fromarray(upright_picture()).convert(mode)
    if orientation in STORED:
        image = image.transpose(STORED[orientation])
    if path.suffix == ".tif":
        image.save(path, tiffinfo={0x0112: orientation})
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        image.save(path, exif=exif, **({"lossless": True} if path.suffix == ".webp" else {}))
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("suffix", "mode"),
    [("jpg", "L"), ("jpg", "RGB"), ("png", "RGBA"), ("webp", "RGB"), *(("tif", mode) for mode in ("L", "RGB", "RGBA"))],
)
def test_orientation_turns_size_and_pixels_alike(tmp_path, suffix, orientation, mode):
    path = write_oriented(tmp_path / f"a.{suffix}", orientation, mode)
    image = read_image(path)
    assert image_facts(path) == ImageFacts(32, 16, None)
    assert size_of(path) == (32, 16)
    assert np.abs(image[..., 0].astype(int) - upright_picture()).max() <= 3


@pytest.mark.parametrize("suffix", FORMATS)
def test_bytes_and_pillow_s_images_are_what_the_file_is(tmp_path, suffix):
    path = write_oriented(tmp_path / f"a.{suffix}", 6) if suffix != "bmp" else write_image(tmp_path / "a.bmp", 32, 16)
    with Image.open(path) as image:
        assert np.array_equal(decode_image(image, where="a"), read_image(path))
        assert image.filename == (str(path) if suffix == "tif" else image.filename)
    assert np.array_equal(decode_image(path.read_bytes(), where="a"), read_image(path))


def test_what_cannot_be_decoded_is_named():
    with pytest.raises(InputError, match=r"^-: YZ207 image cannot be read: cannot identify image file\n"):
        decode_image(b"no picture", where="-")


def with_focal(path, *, size=(40, 30), **tags):
    exif = Image.Exif()
    exif[0x0110] = "camera"  # a PNG without a tag of the picture itself is written without any
    exif.get_ifd(0x8769).update({0xA405: 26, **{int(key[1:], 16): value for key, value in tags.items()}})
    Image.new("RGB", size).save(path, exif=exif)
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_focal_length_is_that_of_the_diagonal(tmp_path, suffix):
    path = with_focal(tmp_path / f"a.{suffix}")
    wanted = pytest.approx(26 * 50 / np.hypot(36, 24))
    assert focal_px_of(path) == focal_px_of(path.read_bytes()) == wanted
    with Image.open(path) as image:
        assert focal_px_of(image) == wanted
    assert focal_px_of(with_focal(tmp_path / f"b.{suffix}", xA002=4000, xA003=3000)) == wanted


@pytest.mark.parametrize("tags", [{"xA405": 0}, {"xA002": 4000, "xA003": 2000}])
def test_what_was_cropped_or_says_nothing_has_no_focal_length(tmp_path, tags):
    assert focal_px_of(with_focal(tmp_path / "a.jpg", **tags)) is None
    assert focal_px_of(write_image(tmp_path / "b.jpg", 8, 6)) is None
    assert focal_px_of(b"no picture") is None


def test_a_record_shows_the_pixels_that_it_brings_or_those_of_its_file(tmp_path):
    record = record_of(write_image(tmp_path / "a.png", 8, 6))
    brought = np.full((6, 8, 3), 7, np.uint8)
    assert np.array_equal(pixels_of(record), read_image(record.path))
    assert pixels_of(replace(record, path=Path("nowhere"), pixels_HW3=brought)) is brought


def record_of(path):
    empty = np.zeros(0)
    return ImageRecord(path.name, path, 8, 6, "", empty.astype(int), empty.reshape(0, 4), empty.astype(bool), empty)


def test_an_orientation_behind_the_pixels_of_a_png_counts_everywhere(tmp_path):
    path = write_oriented(tmp_path / "a.png", 6)
    data = path.read_bytes()
    start = data.index(b"eXIf") - 4
    length = int.from_bytes(data[start : start + 4], "big") + 12
    chunk, rest = data[start : start + length], data[:start] + data[start + length :]
    end = rest.index(b"IEND") - 4
    path.write_bytes(rest[:end] + chunk + rest[end:])
    assert size_of(path) == (32, 16)
    assert image_facts(path) == ImageFacts(32, 16, None)
    assert read_image(path).shape == (16, 32, 3)


def test_exif_that_could_not_be_written_again_hinders_nothing(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    path = write_image(tmp_path / "a.jpg", 16, 32, exif=exif)
    data = bytearray(path.read_bytes())
    data[data.index(b"Exif") + 17] = 0  # the type of the maker's name
    path.write_bytes(bytes(data))
    assert image_facts(path) == ImageFacts(32, 16, None)
    assert read_image(path).shape == (16, 32, 3)


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


NEEDS_PILLOW_13 = pytest.mark.skipif(
    int(PIL.__version__.partition(".")[0]) < 13, reason="before Pillow 13 such a TIFF cannot be read, and is a finding"
)
MODES = {
    "png": ("1", "L", "LA", "P", "RGBA"),
    "tif": ("1", "L", "LA", "P", "PA", "RGBA", "CMYK", "YCbCr", "LAB"),
    "webp": ("L", "P", "RGBA"),
    "jpg": ("1", "L", "CMYK", "YCbCr"),
}


@pytest.mark.parametrize(
    ("suffix", "mode"),
    [
        pytest.param(suffix, mode, marks=NEEDS_PILLOW_13 if mode == "YCbCr" and suffix == "tif" else ())
        for suffix, modes in MODES.items()
        for mode in modes
    ],
)
def test_other_modes_become_rgb(tmp_path, suffix, mode):
    path = tmp_path / f"a.{suffix}"
    Image.new(mode, (8, 6)).save(path)
    assert image_facts(path) == ImageFacts(8, 6, None)
    assert read_image(path).shape == (6, 8, 3)


def test_transparency_is_dropped(tmp_path):
    colors = Image.new("RGBA", (4, 4), (10, 200, 30, 0))
    colors.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png")[0, 0].tolist() == [10, 200, 30]
    palette = colors.convert("RGB").quantize(4)
    palette.save(tmp_path / "b.png", transparency=0)
    assert read_image(tmp_path / "b.png")[0, 0].tolist() == [10, 200, 30]


@NEEDS_PILLOW_13
def test_grey_that_was_multiplied_with_its_transparency_is_divided_again(tmp_path):
    Image.new("LA", (8, 6), (50, 128)).save(tmp_path / "a.tif")
    alpha, multiplied = (struct.pack("<HHIH", 338, 3, 1, kind) for kind in (2, 1))
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes().replace(alpha, multiplied))
    assert image_facts(tmp_path / "a.tif") == ImageFacts(8, 6, None)
    assert read_image(tmp_path / "a.tif")[0, 0].tolist() == [99, 99, 99]


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_sixteen_bits_keep_the_upper_byte(tmp_path, order):
    path = tmp_path / ("a.tif" if order == ">u2" else "a.png")
    values = np.array([[0x0000, 0x12FF, 0xFFFF]], dtype=order)
    Image.fromarray(values).save(path)
    assert read_image(path)[0, :, 0].tolist() == [0x00, 0x12, 0xFF]
    assert image_facts(path) == ImageFacts(3, 1, None, highest_byte=255)


def test_twelve_bits_of_a_tiff_fill_the_range(tmp_path):
    tags = {256: 2, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 3}
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    pixels = bytes([0xAB, 0xC0, 0x12])  # 0xABC, 0x012
    directory = struct.pack("<H", len(tags)) + rows + bytes(4)
    (tmp_path / "a.tif").write_bytes(b"II*\0" + struct.pack("<I", 12) + pixels + bytes(1) + directory)
    assert read_image(tmp_path / "a.tif")[0, :, 0].tolist() == [0xAB, 0x01]
    assert image_facts(tmp_path / "a.tif") == ImageFacts(2, 1, None)


def test_sixteen_bits_a_channel_are_known_by_their_highest_byte(tmp_path):
    tags = {256: 1, 257: 1, 259: 1, 262: 2, 273: 8, 277: 3, 278: 1, 279: 6}
    bits = struct.pack("<HHI", 258, 3, 3)
    rows = b"".join(
        struct.pack("<HHII", tag, 4, 1, value) if tag != 258 else bits + struct.pack("<I", 14)
        for tag, value in sorted({**tags, 258: 0}.items())
    )
    head = (
        b"II*\0" + struct.pack("<I", 20) + struct.pack("<HHH", 0x0FFF, 0x0100, 0x0001) + struct.pack("<HHH", 16, 16, 16)
    )
    (tmp_path / "a.tif").write_bytes(head + struct.pack("<H", 9) + rows + bytes(4))
    assert image_facts(tmp_path / "a.tif") == ImageFacts(1, 1, None, highest_byte=0x0F)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_without_a_range_are_refused(tmp_path, mode):
    Image.new(mode, (8, 6)).save(tmp_path / "a.tif")
    problem, fix = f"pixels of mode {mode} have no known range", "save it with 8 or 16 bits a channel"
    assert image_facts(tmp_path / "a.tif") == ImageFacts(8, 6, problem, fix)
    with pytest.raises(InputError, match=problem):
        read_image(tmp_path / "a.tif")


def test_a_picture_that_is_not_the_prepared_one_is_refused_though_nothing_shows_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = record_of(write_image(tmp_path / "a.png", 8, 6))
    record = replace(record, sha256=digest_file(record.path))
    settle(tmp_path)
    with DigestCache(digest_cache_path()) as cache:
        cache.tree(tmp_path)
        assert cache.file(record.path) == record.sha256
    assert pixels_of(record).shape == (6, 8, 3)
    flip_a_bit(record.path)
    found = digest_file(record.path)
    with pytest.raises(InputError) as refused:
        pixels_of(record)
    assert str(refused.value) == (
        f"{record.path}: YZ211 has changed since the data was prepared: sha256 {record.sha256[:12]} → {found[:12]}\n"
        "  fix: put it back as it was; or run the same command again: it prepares the data anew"
    )
    with DigestCache(digest_cache_path()) as cache:
        assert cache.file(record.path) == found

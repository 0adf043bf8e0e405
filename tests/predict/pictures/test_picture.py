"""A picture is read from its file unless it brings its pixels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolozu.errors import InputError
from yolozu.predict.pictures.picture import Picture


def test_pixels_come_from_the_file_or_from_the_picture_itself(tmp_path):
    Image.new("RGB", (8, 6), "red").save(tmp_path / "a.png")
    assert Picture(tmp_path / "a.png", "a.png").read()[0, 0].tolist() == [255, 0, 0]
    pixels = np.zeros((6, 8, 3), np.uint8)
    assert Picture(Path("x"), "x", pixels).read() is pixels


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(InputError, match=r"a.png: YZ207 image cannot be read: No such file"):
        Picture(tmp_path / "a.png", "a.png").read()

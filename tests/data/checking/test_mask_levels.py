from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from yolozu.data.checking.mask_levels import MaskFile, look_at_mask

LEVELS_HW = np.array([[0, 3, 3], [0, 0, 200]])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_size_and_levels_of_a_mask(tmp_path, dtype):
    path = tmp_path / "mask.png"
    Image.fromarray(LEVELS_HW.astype(dtype)).save(path)
    assert look_at_mask(path) == MaskFile((3, 2), frozenset({0, 3, 200}), None)


def test_levels_of_a_palette_are_its_numbers(tmp_path):
    path = tmp_path / "mask.png"
    image = Image.new("P", (3, 2))
    image.putdata(LEVELS_HW.ravel().tolist())
    image.putpalette([255] * 768)
    image.save(path)
    assert look_at_mask(path).levels == {0, 3, 200}


def test_a_file_that_is_no_picture_says_so(tmp_path):
    path = tmp_path / "mask.png"
    path.write_text("hello")
    assert look_at_mask(path).problem == f"cannot identify image file {str(path)!r}"

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import check_of, found, index_at, write_coco, write_file
from yolozu.contract.sections.data import PreprocessSection
from yolozu.data.dataset import ValidationImages
from yolozu.data.preprocess import Preprocess


# python-pillow/Pillow#4063: a TIFF is turned by Pillow itself, at once or while it is loaded, depending on the version.
@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_turned_tiff_is_checked_and_trained_on_at_one_size(tmp_path, orientation):
    box = {"image_id": 20, "category_id": 3, "bbox": [4, 4, 40, 20]}
    root = write_coco(tmp_path, [box], images=[{"id": 20, "file_name": "a.tif", "width": 64, "height": 48}])
    Image.new("RGB", (48, 64)).save(root / "pictures/a.tif", tiffinfo={0x0112: orientation})
    assert found(check_of(root), root) == []
    samples = ValidationImages(index_at(root, "train"), Preprocess.from_section(PreprocessSection(image_size=64)))
    assert samples[0].boxes_cxcywh.shape == (1, 4)


# ultralytics/yolov5#8481, Peterande/D-FINE#156: pictures of 12 bits, saved in 16, are black.
def test_values_of_twelve_bits_in_sixteen_are_warned_of(tmp_path):
    (tmp_path / "images/train").mkdir(parents=True)
    pixels = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) % 4096
    Image.fromarray(pixels).save(tmp_path / "images/train/a.png")
    write_file(tmp_path / "labels/train/a.txt", "0 .5 .5 .5 .5")
    write_file(tmp_path / "classes.txt", "cat\n")
    checked = check_of(tmp_path)
    assert [rule for rule, _ in checked.violations] == ["sixteen_bit_low_range"]
    assert "the network sees 12 of 256 grey levels" in checked.violations[0][1].problem

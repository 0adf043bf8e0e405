from __future__ import annotations

import numpy as np

from tests.data.corruption.pictures import scene
from yolozu.data.corruption.contact_sheet import LABEL_HEIGHT, LABEL_WIDTH, MARGIN, contact_sheet
from yolozu.data.corruption.corruption import Corruption
from yolozu.data.corruption.registry import CORRUPTIONS


def test_every_kind_has_a_row_and_every_severity_a_column():
    image = scene(60, 80)
    sheet = np.asarray(contact_sheet(image, "a.png", seed=2, side=80))
    row, column = 60 + MARGIN, 80 + MARGIN
    assert sheet.shape == (LABEL_HEIGHT + 15 * row, LABEL_WIDTH + 6 * column, 3)
    for line, kind in enumerate(CORRUPTIONS):
        pictures = [image, *(Corruption(kind, severity, 2)(image, "a.png") for severity in range(1, 6))]
        for number, picture in enumerate(pictures):
            top, left = LABEL_HEIGHT + line * row, LABEL_WIDTH + number * column
            assert np.array_equal(sheet[top : top + 60, left : left + 80], picture)


def test_pictures_fit_whatever_their_shape():
    assert contact_sheet(scene(200, 2), "a.png", side=40).size == (LABEL_WIDTH + 6 * (1 + MARGIN), 20 + 15 * 44)

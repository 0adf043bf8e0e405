"""The sheet of pictures."""

import pytest

from tests.report.made import SCENES, material_in
from yolozu.errors import InputError
from yolozu.report.material import Show
from yolozu.report.sheet import prediction_sheet


def test_a_pair_for_each_picture_two_pairs_a_row(tmp_path):
    sheet = prediction_sheet(material_in(tmp_path))
    assert sheet.size == (16 + 2 * (2 * 300 + 4 + 16), 34 + 16 + 2 * (225 + 24 + 16))
    assert prediction_sheet(material_in(tmp_path, show=Show(1, 0.25))).size == (636, 315)


def test_names_that_are_long_or_not_for_terminals_are_drawn(tmp_path):
    assert prediction_sheet(material_in(tmp_path, run="a\x1b[31m" + "long" * 80)) is not None


def test_nothing_predicted_is_no_sheet(tmp_path):
    assert prediction_sheet(material_in(tmp_path, predictions=None)) is None


def test_a_picture_that_is_gone_is_named(tmp_path):
    material = material_in(tmp_path, SCENES[:1])
    material.pairs[0][0].path.unlink()
    with pytest.raises(InputError, match=r"0000\.jpg"):
        prediction_sheet(material)

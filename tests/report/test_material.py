"""Files of a run, read where they are there."""

import numpy as np
import pytest

from tests.report.made import SCENES, Scene, material_in, rows_in
from yolozu.errors import InputError
from yolozu.report.material import Material, RunFiles, Show


def test_what_is_not_there_is_none_or_empty():
    nothing = Material("exp", RunFiles(), Show(4, 0.25))
    assert [nothing.index, nothing.predictions, nothing.boxes, nothing.diagnosis, nothing.sure] == [None] * 5
    assert (nothing.pairs, nothing.train_rows, nothing.names, nothing.max_images) == ([], [], {}, None)


def test_an_image_without_an_entry_has_no_detections(tmp_path):
    material = material_in(tmp_path, [SCENES[0], Scene(SCENES[0].truth, None)])
    assert [len(found) for _, found in material.pairs] == [1, 0]


def test_the_sure_detections_are_those_from_the_threshold_on(tmp_path):
    material = material_in(tmp_path)
    assert [len(found) for found in material.sure_predictions] == [1, 1, 2, 0]
    assert np.trace(material.sure.confusion) == 2
    assert len(material.diagnosis.errors) == 6


@pytest.mark.parametrize("line", ["no json", "[]", '{"meta": {}}'])
def test_a_damaged_row_is_named(tmp_path, line):
    path = rows_in(tmp_path / "rows.jsonl", ("train_step", 1, {}, {}))
    path.write_text(f"{path.read_text()}{line}\n")
    with pytest.raises(InputError, match=r"rows.jsonl:2: YZ527 is no row of metrics"):
        _ = material_in(tmp_path, train_metrics=path).train_rows


def test_a_report_of_another_form_is_named(tmp_path):
    material = material_in(tmp_path)
    material.files.boxes.write_text("{}")
    with pytest.raises(InputError, match="YZ855"):
        _ = material.boxes

"""The page of a run as a whole."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.report.html_reading import read_page
from tests.report.made import SCENES, material_in, rows_in
from yolozu.report.material import Material, RunFiles, Show
from yolozu.report.write import page_text, write_page, write_sheet

HOSTILE = ("</title><script>alert(1)</script>", '" onerror="x', "&lt;b&gt;\u202e\x00")


def test_a_page_is_well_formed_and_fetches_nothing_whatever_names_there_are(tmp_path):
    material = material_in(tmp_path, names=HOSTILE, run='a<b>"&')
    read = read_page(page_text(material))
    assert 'Run a<b>"&' in read.text
    assert len(read.pictures) == 8


def test_data_that_lie_in_the_working_directory_are_named_by_it(tmp_path, monkeypatch):
    material = material_in(tmp_path)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    object.__setattr__(material.index, "root", Path())
    assert "here, split “val”" in page_text(material)


def test_page_and_sheet_are_files(tmp_path):
    material = material_in(tmp_path)
    write_page(material, tmp_path / "out/report.html")
    write_sheet(material, tmp_path / "out/predictions.jpg")
    assert read_page((tmp_path / "out/report.html").read_text()).title == "Run exp · yolozu"
    with Image.open(tmp_path / "out/predictions.jpg") as sheet:
        assert sheet.format == "JPEG"


def test_what_a_run_does_not_have_is_left_out(tmp_path):
    steps = [("train_step", step, {"total": 1.0 / step}, {"lr": 0.1}) for step in (1, 2)]
    path = rows_in(tmp_path / "rows.jsonl", *steps)
    read = read_page(page_text(Material("exp", RunFiles(train_metrics=path), Show(4, 0.25))))
    assert "training" in read.ids
    assert "pictures" not in read.ids
    assert read_page(page_text(Material("exp", RunFiles(), Show(4, 0.25)))).ids == ["content"]


@pytest.mark.slow
def test_a_page_is_small_even_where_pictures_are_nothing_but_noise(tmp_path):
    scenes = [SCENES[place % 3] for place in range(24)]
    material = material_in(tmp_path, scenes, show=Show(12, 0.25))
    for seed, (record, _) in enumerate(material.pairs):
        noise = np.random.default_rng(seed).integers(0, 256, (record.height, record.width, 3), np.uint8)
        Image.fromarray(noise).save(record.path)
    assert 0.5e6 < len(page_text(material)) < 3e6

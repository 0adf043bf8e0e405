"""Curves as pictures of their own."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from yolozu.report.charts import Line
from yolozu.report.picture_of_curves import COLORS, Chart, write_picture

SVG = "{http://www.w3.org/2000/svg}"
LOSS = Chart("loss", [Line("a train", [(1, 4.0), (50, 2.0), (100, 1.0)]), Line("a val", [(100, 1.5)], dashed=True)])
SCORE = Chart("map50_95", [Line("a val", [(50, 0.25), (100, 0.5)], dashed=True)])


def rgb(color):
    return tuple(int(color[start : start + 2], 16) for start in (1, 3, 5))


def test_an_svg_has_a_line_a_name_and_a_scale_for_each(tmp_path):
    write_picture(tmp_path / "m.svg", [LOSS, SCORE])
    root = ET.parse(tmp_path / "m.svg").getroot()
    assert root.get("viewBox") == "0 0 900 867"
    texts = [entry.text for entry in root.iter(f"{SVG}text")]
    assert texts[:2] == ["a train", "a val"]
    assert {"loss", "map50_95", "optimizer steps"} <= set(texts)
    lines = [entry for entry in root.iter(f"{SVG}polyline") if entry.get("stroke") == COLORS[0]]
    assert [len(entry.get("points").split()) for entry in lines] == [2, 3]  # in the legend, and in the chart
    dashed = [entry for entry in root.iter(f"{SVG}polyline") if entry.get("stroke-dasharray")]
    assert {entry.get("stroke") for entry in dashed} == {COLORS[1]}


def test_values_stand_where_the_scale_says(tmp_path):
    write_picture(tmp_path / "m.svg", [LOSS])
    root = ET.parse(tmp_path / "m.svg").getroot()
    drawn = [entry.get("points").split() for entry in root.iter(f"{SVG}polyline") if entry.get("stroke") == COLORS[0]]
    (x0, y0), _, (x1, y1) = (tuple(map(float, pair.split(","))) for pair in drawn[-1])
    assert (x0, x1) == (78.1, 880.0)  # steps 1 and 100 of 0 … 100, over 70 … 880
    assert (y0, y1) == (61.0, 317.5)  # 4 is the top of 0 … 4, which is 342 px high, and 1 stands at a quarter


def test_names_are_text_and_nothing_else(tmp_path):
    write_picture(tmp_path / "m.svg", [Chart("loss", [Line("<b>&", [(1, 1.0)])])])
    root = ET.parse(tmp_path / "m.svg").getroot()
    assert next(root.iter(f"{SVG}text")).text == "<b>&"


@pytest.mark.slow
def test_a_png_shows_the_same(tmp_path):
    write_picture(tmp_path / "m.png", [LOSS, SCORE])
    image = np.asarray(Image.open(tmp_path / "m.png"))
    assert image.shape == (867, 900, 3)
    for color in COLORS[:2]:
        assert (np.abs(image.astype(int) - rgb(color)).max(axis=2) < 40).sum() > 50


def test_a_legend_that_is_too_long_takes_further_rows(tmp_path):
    lines = [Line(f"a run with a rather long name {number}", [(1, 1.0)]) for number in range(9)]
    write_picture(tmp_path / "m.svg", [Chart("loss", lines)])
    root = ET.parse(tmp_path / "m.svg").getroot()
    assert max(float(entry.get("x")) for entry in root.iter(f"{SVG}text") if "rather" in entry.text) < 700

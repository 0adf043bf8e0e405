from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.data.builders import write_image, write_yolo
from yolozu.app.derived_datasets import corrupt, draw_corruptions, paste, subset, wants_sheet
from yolozu.errors import InputError, UsageError
from yolozu.progress import SilentProgress

SET, OUT, QUIET = Path("set"), Path("out"), SilentProgress()
NONE = {"seed": 0, "count": None, "fraction": None, "per_class": None}


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_yolo(tmp_path / "set", {f"{split}/{name}": "0 .5 .5 .2 .2\n" for split in ("train", "val") for name in "ab"})


def refused(function, *arguments, **options) -> str:
    with pytest.raises(UsageError) as caught:
        function(*arguments, **options)
    return str(caught.value)


def test_a_subset_has_as_many_images_as_are_asked_for():
    assert subset(SET, "train", OUT, **{**NONE, "count": 1}).num_images == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"count": 1, "fraction": 0.5}, "--count and --fraction say the same thing twice"),
        ({}, "does not know how many images"),
        ({"fraction": 0.0}, "--fraction 0 is not above 0 and at most 1"),
        ({"fraction": 1.5}, "--fraction 1.5 is not above 0 and at most 1"),
        ({"fraction": float("nan")}, "--fraction nan is not above 0 and at most 1"),
    ],
)
def test_a_subset_whose_size_is_unclear_is_refused(options, said):
    assert refused(subset, SET, "train", OUT, **{**NONE, **options}) == (
        f"yolozu data subset: YZ903 {said}\n  fix: give --count, --fraction or --per-class"
    )


def test_limits_of_the_zoom_in_the_wrong_order_are_refused():
    limits = {"scale_min": 2.0, "scale_max": 1.0}
    assert refused(paste, SET, "val", OUT, new_split="val", progress=QUIET, **limits) == (
        "yolozu data paste: YZ903 --scale-min 2 is above --scale-max 1\n  fix: lower --scale-min or raise --scale-max"
    )


def test_the_validation_split_is_corrupted_where_none_is_named():
    strength = {"severity": 3, "seed": 0, "progress": QUIET}
    assert corrupt(SET, None, OUT, "fog", max_images=None, **strength) == ("val", 2)
    with pytest.raises(InputError, match="YZ202"):
        corrupt(SET, "test", Path("other"), "fog", max_images=None, **strength)


def test_a_sheet_is_drawn_once(tmp_path):
    write_image(tmp_path / "a.png", 64, 32)
    sheet = Path("sheet.png")
    draw_corruptions(Path("a.png"), sheet, side=40, seed=2)
    with Image.open(sheet) as drawn:
        assert drawn.size == (150 + 6 * 44, 20 + 15 * 24)
    assert refused(draw_corruptions, Path("a.png"), sheet, side=40, seed=2) == (
        "sheet.png: YZ905 is there already\n  fix: move it away, or name another file with --sheet"
    )


def test_a_sheet_needs_an_image_and_a_name():
    assert (wants_sheet(None, None), wants_sheet(Path("a.png"), Path("s.PNG"))) == (False, True)
    both = "\n  fix: give IMAGE and --sheet FILE.png, or neither for the list"
    for arguments, said in (
        (("a.png", None), f"needs --sheet{both}"),
        ((None, "s.png"), f"needs an IMAGE{both}"),
        (("a.png", "s.jpg"), "--sheet s.jpg is no name of a PNG file\n  fix: name it s.png"),
    ):
        paths = [None if name is None else Path(name) for name in arguments]
        assert refused(wants_sheet, *paths) == f"yolozu data corruptions: YZ903 {said}"

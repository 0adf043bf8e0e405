from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.test_datasets import make_split
from tests.engine.test_run_files import SCENES, finish_run
from tests.evaluation.scenes import predictions_of
from yolozu.app.compared_sides import better_side, compared
from yolozu.artifacts.predictions import write_predictions
from yolozu.errors import YolozuError
from yolozu.progress import SilentProgress


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def sides(a, b, *, dataset=None, split=None, max_images=None):
    return compared((a, b), dataset=dataset, split=split, max_images=max_images, progress=SilentProgress())


def refusal(a, b, **options):
    with pytest.raises(YolozuError) as caught:
        sides(a, b, **options)
    return str(caught.value)


def test_runs_by_name_and_by_directory(tmp_path):
    finish_run(tmp_path / "runs" / "one")
    finish_run(tmp_path / "elsewhere" / "two")
    found = sides("one", "elsewhere/two")
    assert found.paths == (
        Path("runs/one/predictions/predictions.json"),
        Path("elsewhere/two/predictions/predictions.json"),
    )
    assert [len(loaded.images) for loaded in found.loaded] == [2, 2]
    assert (found.data.max_images, found.warnings) == (None, ())


def test_a_file_is_held_against_the_data_of_the_run_beside_it(tmp_path):
    finish_run(tmp_path / "runs" / "one", max_images=1, score_threshold=0.001)
    write_predictions(Path("b.json"), predictions_of(SCENES), {"score_threshold": 0.05, "tta": ["x" * 80]})
    found = sides("one", "b.json")
    assert found.data.max_images == 1
    assert found.warnings == (
        "score_threshold is 0.001 in one, 0.05 in b.json",
        f'tta is not stated in one, ["{"x" * 57}… in b.json',
    )


def test_files_need_a_data_set(tmp_path):
    write_predictions(Path("a.json"), [], {})
    assert refusal("a.json", "a.json") == (
        "compare: YZ853 files do not say what is in the images\n"
        "  fix: name the data set that they predict: --dataset ROOT"
    )
    make_split(tmp_path / "data", "val")
    found = sides("a.json", "a.json", dataset=Path("data"))
    assert len(found.data.records) == 1
    assert found.warnings == ("a.json: 1 of 1 images have no entry; their objects count as missed",) * 2


def test_a_slip_in_a_run_s_name_offers_the_nearest(tmp_path):
    (tmp_path / "runs/exp01/reports").mkdir(parents=True)
    (tmp_path / "runs/exp01/reports/config_resolved.yaml").touch()
    assert "fix: did you mean 'exp01'? runs here: exp01; name a run" in refusal("exp10", "exp10")


def test_what_is_neither_run_nor_file_is_named(tmp_path):
    (tmp_path / "runs" / "new").mkdir(parents=True)
    assert "YZ851 stage predict of this run is not finished" in refusal("new", "new")
    (tmp_path / "data").mkdir()
    assert refusal("data", "gone") == (
        "data: YZ850 is neither a run nor a file\n"
        "  fix: name a run below runs/, the directory of one, or a predictions file\n"
        "gone: YZ850 is neither a run nor a file\n"
        "  fix: name a run below runs/, the directory of one, or a predictions file"
    )


def test_runs_of_different_data_are_refused_with_what_differs(tmp_path):
    finish_run(tmp_path / "runs" / "one")
    finish_run(tmp_path / "runs" / "two", [SCENES[0], replace(SCENES[1], width=641)])
    finish_run(tmp_path / "runs" / "three", max_images=1)
    assert refusal("one", "two") == (
        "one and two: YZ852 predicted different data: other labels: 1 image (the first is images/val/0001.jpg)\n"
        "  fix: see why: yolozu contract diff runs/one/reports/config_resolved.yaml "
        "runs/two/reports/config_resolved.yaml; or name what to compare on: --dataset ROOT"
    )
    assert "one is of 2 images, three is of the first 1 of 2 images" in refusal("one", "three")
    assert len(sides("one", "three", max_images=1).data.records) == 1


def test_a_split_belongs_to_a_data_set(tmp_path):
    finish_run(tmp_path / "runs" / "one")
    assert "--split val: YZ853" in refusal("one", "one", split="val")


def test_all_errors_of_both_files_come_together(tmp_path):
    make_split(tmp_path / "data", "val")
    Path("a.json").write_text("[")
    Path("b.json").write_text('[{"image": "x.png", "detections": []}]')
    told = refusal("a.json", "b.json", dataset=Path("data"))
    assert "a.json: " in told
    assert "b.json: [0].image: YZ714" in told


@pytest.mark.parametrize(
    ("name", "delta", "side"),
    [
        ("map50", 0.1, "b"),
        ("map50", -0.1, "a"),
        ("t_mm_median", 0.1, "a"),
        ("t_mm_median", -0.1, "b"),
        ("ar1", 0, None),
    ],
)
def test_a_difference_that_leaves_out_0_is_in_favor_of_a_side(name, delta, side):
    assert better_side(name, {"delta": delta, "excludes_zero": True}) == side
    assert better_side(name, {"delta": delta, "excludes_zero": False}) is None

import shutil
from pathlib import Path

import pytest

from yolozu.app.evaluation import evaluate_boxes, evaluate_poses
from yolozu.errors import UsageError
from yolozu.progress import SilentProgress

RUN = next((Path(__file__).parents[1] / "fixtures").glob("release_*")) / "runs/finished"
POSES = {"models_unit": "mm", "targets": None, "camera": None, "max_images": None, "bop_csv": None}


@pytest.fixture
def rendered(tmp_path, monkeypatch):
    """A data set of which a run has predicted the split val."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(RUN / "data/rendered", tmp_path / "rendered")


def test_boxes_are_measured_on_the_split_that_is_meant(rendered):
    options = {"bbox_format": None, "max_images": 1, "engine": "hotcoco", "dry_run": True}
    found = RUN / "predictions/predictions.json"
    report, split = evaluate_boxes(found, rendered, None, **options, progress=SilentProgress())
    assert (split, report["counts"]["images"], report["dry_run"]) == ("val", 1, True)


def test_poses_are_measured_with_the_data_set_s_meshes(rendered):
    found = RUN / "predictions/predictions.json"
    report, split = evaluate_poses(found, rendered, "val", models=None, **POSES, progress=SilentProgress())
    assert split == "val"
    assert report["metrics"]["rot_deg_median"] is None or report["metrics"]["rot_deg_median"] >= 0.0


def test_a_missing_directory_of_meshes_is_refused(rendered):
    found = RUN / "predictions/predictions.json"
    with pytest.raises(UsageError, match="--models: YZ813 nowhere is no directory"):
        evaluate_poses(found, rendered, "val", models=Path("nowhere"), **POSES, progress=SilentProgress())

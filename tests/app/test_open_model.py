"""Which settings count for pictures that are in no data set."""

import numpy as np
import pytest

from tests.cli.runs import write_run
from yolozu.app.open_model import open_model
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.contract.overrides import Override
from yolozu.errors import UsageError


def opened(exported, **keys):
    flags = [Override(key, value, f"--{key}") for key, value in keys.items()]
    return open_model(flags, run_id=None, files={"onnx": exported.onnx}, batch_size=None, camera=None)


def test_what_is_shown_to_people_is_surer_than_what_is_evaluated(exported):
    model = opened(exported)
    assert (model.name, model.path, model.batch_size, model.max_images) == ("onnxruntime", exported.onnx, 8, None)
    assert (model.meta["score_threshold"], model.meta["max_detections"]) == (0.25, 300)
    assert [row["name"] for row in model.meta["classes"]] == ["cup", "can", "box"]
    model = opened(exported, score_threshold=0.001, max_detections=7, max_images=3)
    assert (model.meta["score_threshold"], model.meta["max_detections"], model.max_images) == (0.001, 7, 3)


def test_what_needs_a_whole_data_set_is_refused(exported):
    with pytest.raises(UsageError, match="--ttt: YZ636 looks at a whole data set"):
        opened(exported, ttt=True, adapter="rtdetr_pose")


def test_extents_of_objects_are_those_of_the_run_that_the_model_lies_in(exported, tmp_path):
    write_run(tmp_path / "runs/a", exported)
    points = np.array([[0.0, 1.0, 2.0], [3.0, -1.0, 2.5]])
    ObjectModels({1: ObjectModel(points, 4.0)}).write(tmp_path / "runs/a/data/models.json")
    files = {"onnx": tmp_path / "runs/a/exports/model.onnx"}
    model = open_model([], run_id=None, files=files, batch_size=None, camera=None)
    assert {key: extent.tolist() for key, extent in model.extents.items()} == {3: [[0, -1, 2], [3, 1, 2.5]]}
    assert opened(exported).extents == {}

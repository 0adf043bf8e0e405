import numpy as np
import pytest

from tests.stages.contexts import Notes
from yolozu.data.corruption.corruption import Corruption
from yolozu.data.detections import with_cameras
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.scenario_predictor import AdapterPredictor


def predictor_of(exported, adapter="onnxruntime", notes=None, **files):
    files = files or {"onnx": exported.onnx, "checkpoint": exported.checkpoint}
    request = AdapterRequest(classes=exported.index.classes, progress=notes or Notes(), **files)
    return AdapterPredictor(adapter, request)


@pytest.mark.parametrize("adapter", ["onnxruntime", "rtdetr_pose"])
def test_an_adapter_is_shown_each_picture_after_the_transform(exported, adapter):
    predictor, records = predictor_of(exported, adapter), exported.index.records
    clean = predictor("clean", records, None)
    foggy = predictor("fog", records, Corruption("fog", 5))
    again = predictor("fog", records, Corruption("fog", 5))
    assert clean.seconds > 0.0
    assert [entry.image for entry in foggy.entries] == [record.image for record in records]

    def scores(predicted):
        return np.concatenate([entry.scores for entry in predicted.entries])

    assert not np.array_equal(scores(clean), scores(foggy))
    assert np.array_equal(scores(foggy), scores(again))


def test_a_file_of_predictions_has_no_speed(exported, tmp_path):
    (tmp_path / "predictions.json").write_text("[]")
    predictor = predictor_of(exported, "precomputed", predictions=tmp_path / "predictions.json")
    assert predictor("clean", exported.index.records, None).seconds is None
    assert predictor.describe()["predictions_sha256"]


def test_what_every_scenario_says_is_said_once(exported_pose):
    notes = Notes()
    predictor = predictor_of(exported_pose, notes=notes)
    for transform in (None, Corruption("fog", 1)):
        predictor("any", exported_pose.index.records, transform)
    assert len(notes.lines) == 1
    assert notes.lines[0].startswith("predict: warning: 1 of 5 images have no known camera")


def test_a_camera_given_by_hand_becomes_that_of_images_without_one(exported_pose):
    index = exported_pose.index
    cameras = [record.poses.K_4.tolist() for record in with_cameras(index, (1.0, 2.0, 3.0, 4.0)).records]
    assert cameras[-1] == [1.0, 2.0, 3.0, 4.0]
    assert cameras[:-1] == [record.poses.K_4.tolist() for record in index.records[:-1]]
    assert with_cameras(index, None) is index

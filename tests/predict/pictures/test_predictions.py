"""What was found, as arrays, as JSON values, and in the words of other packages."""

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from yolozu.errors import UsageError
from yolozu.predict.pictures.picture import Picture
from yolozu.predict.pictures.predictions import Predictions
from yolozu.predict.pictures.run import PredictedPicture
from yolozu.structures.classes import ClassTable
from yolozu.structures.predictions import ImagePredictions

PICTURE = Picture(Path("x"), "x", np.zeros((100, 200, 3), np.uint8))
CAMERA = {"fx": 100.0, "fy": 110.0, "cx": 100.0, "cy": 50.0}
POSES = {"R": np.stack([np.eye(3)] * 2), "t_xyz": np.array([[0.0, 0.0, 1.0], [0.1, 0.0, 2.0]])}


def found(camera=None, **further):
    boxes = np.array([[0.5, 0.5, 0.25, 0.5], [0.25, 0.25, 0.5, 0.5]])
    raw = ImagePredictions("x", 200, 100, np.array([3, 7]), np.array([0.75, 0.5]), boxes, **further)
    return Predictions._of(PredictedPicture(PICTURE, raw, 0.1, camera), ClassTable(("cup", "can"), (7, 3)), dict)


def test_boxes_scores_and_classes_are_arrays():
    one = found()
    assert len(one) == 2
    assert (one.image, one.width, one.height) == ("x", 200, 100)
    assert one.boxes_xyxy_px.tolist() == [[75, 25, 125, 75], [0, 0, 100, 50]]
    assert one.class_names.tolist() == ["can", "cup"]
    assert one.scores[one.class_names == "cup"].tolist() == [0.5]
    assert (one.R_m2c, one.t_m2c, one.intrinsics) == (None, None, None)


def test_poses_have_a_rotation_and_with_a_camera_a_translation():
    one = found(poses={"R": POSES["R"]})
    assert one.R_m2c.shape == (2, 3, 3)
    assert (one.t_m2c, one.intrinsics) == (None, None)
    one = found("given", poses=POSES, intrinsics=CAMERA)
    assert one.intrinsics_from == one.to_dict()["intrinsics_from"] == "given"
    assert one.t_m2c.tolist() == POSES["t_xyz"].tolist()
    assert one.intrinsics.tolist() == [100, 110, 100, 50]


def test_it_is_drawn_into_the_picture():
    drawn = np.asarray(found(poses=POSES, intrinsics=CAMERA).draw())
    assert drawn.shape == (100, 200, 3)
    assert drawn.any()
    assert not PICTURE.pixels_HW3.any()


def test_rows_of_coco_have_the_corner_the_size_and_the_category_id():
    assert found().to_coco(image_id=42) == [
        {"image_id": 42, "category_id": 3, "bbox": [75, 25, 50, 50], "score": 0.75},
        {"image_id": 42, "category_id": 7, "bbox": [0, 0, 100, 50], "score": 0.5},
    ]


@dataclass
class Detections:
    """Takes what `supervision.Detections` 0.31 takes."""

    xyxy: Any
    mask: Any = None
    confidence: Any = None
    class_id: Any = None
    tracker_id: Any = None
    data: Any = None
    metadata: Any = None


def test_supervision_gets_boxes_scores_ids_and_names(monkeypatch):
    module = ModuleType("supervision")
    module.Detections = Detections
    monkeypatch.setitem(sys.modules, "supervision", module)
    theirs = found().to_supervision()
    assert (theirs.xyxy.dtype, theirs.confidence.dtype) == (np.float32, np.float32)
    assert theirs.xyxy.tolist() == [[75, 25, 125, 75], [0, 0, 100, 50]]
    assert theirs.confidence.tolist() == [0.75, 0.5]
    assert theirs.class_id.tolist() == [3, 7]
    assert {key: names.tolist() for key, names in theirs.data.items()} == {"class_name": ["can", "cup"]}


def test_without_supervision_it_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(UsageError) as caught:
        found().to_supervision()
    assert str(caught.value) == (
        "to_supervision: YZ639 the package supervision is not installed\n  fix: pip install supervision"
    )

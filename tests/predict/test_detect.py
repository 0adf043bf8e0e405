from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fixtures.exported import CLASSES, PREPROCESS
from yolozu.errors import InputError
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.detect import DetectorRun, require_classes
from yolozu.progress import SilentProgress
from yolozu.structures.classes import ClassTable

REQUEST = AdapterRequest(classes=CLASSES, progress=SilentProgress(), batch_size=2, score_threshold=0.5)


def network_of(*rows):
    """A network that always gives the same queries: (logits per class, box)."""
    logits = np.array([row[0] for row in rows], dtype=np.float32)
    boxes = np.array([row[1] for row in rows], dtype=np.float32)

    def network(canvases_BHW3):
        assert canvases_BHW3.dtype == np.uint8
        batch = len(canvases_BHW3)
        return {"pred_logits": np.tile(logits, (batch, 1, 1)), "pred_boxes": np.tile(boxes, (batch, 1, 1))}

    return network


def test_detections_are_scored_best_first_with_category_ids_and_boxes_on_the_original_image(exported):
    # Image 3 is 50 x 50, scaled to 64 x 64 in the middle of 96 x 64: 16 px on either side.
    network = network_of(
        ((-9.0, 1.0, -9.0), (0.5, 0.5, 32 / 96, 0.5)),
        ((-9.0, -9.0, 2.0), (16 / 96, 0.5, 32 / 96, 1.0)),
    )
    run = DetectorRun(network, PREPROCESS, CLASSES, REQUEST)
    (found,) = run.predict(exported.index.records[3:4])
    assert (found.image, found.width, found.height) == ("images/val/3.png", 50, 50)
    assert found.class_ids.tolist() == [7, 3]
    assert found.scores == pytest.approx(1 / (1 + np.exp([-2.0, -1.0])))
    assert found.boxes_cxcywh == pytest.approx(np.array([(0.125, 0.5, 0.25, 1.0), (0.5, 0.5, 0.5, 0.5)]))


def test_what_lies_in_the_border_is_no_detection(exported):
    network = network_of(((5.0, -9.0, -9.0), (0.05, 0.5, 0.05, 0.5)), ((4.0, -9.0, -9.0), (0.5, 0.5, 0.1, 0.1)))
    (found,) = DetectorRun(network, PREPROCESS, CLASSES, REQUEST).predict(exported.index.records[3:4])
    assert found.scores == pytest.approx([1 / (1 + np.exp(-4.0))])


def test_every_image_has_an_entry_in_order(exported):
    network = network_of(((-9.0, -9.0, -9.0), (0.5, 0.5, 0.1, 0.1)))
    found = DetectorRun(network, PREPROCESS, CLASSES, REQUEST).predict(exported.index.records)
    assert [entry.image for entry in found] == [f"images/val/{number}.png" for number in range(5)]
    assert [len(entry) for entry in found] == [0] * 5


class Notes(SilentProgress):
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


def posing(canvases_BHW3):
    """One object in the middle of the input, upright, at a depth of the normalized focal length."""
    batch = len(canvases_BHW3)
    found = network_of(((5.0, -9.0, -9.0), (0.5, 0.5, 0.1, 0.1)))(canvases_BHW3)
    poses = {
        "pred_log_z": np.zeros((batch, 1, 1)),
        "pred_rot6d": np.tile([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], (batch, 1, 1)),
        "pred_offsets": np.zeros((batch, 1, 2)),
        "pred_k_delta": np.zeros((batch, 4)),
    }
    return {**found, **poses}


def test_images_without_a_camera_are_counted_once_with_a_way_out(exported_pose):
    notes = Notes()
    run = DetectorRun(posing, PREPROCESS, CLASSES, replace(REQUEST, progress=notes))
    found = run.predict(exported_pose.index.records)
    assert ["t_xyz" in entry.fields()[0] for entry in found] == [True, True, True, True, False]
    assert notes.lines == [
        "predict: warning: 1 of 5 images have no known camera: their detections have R, but neither t_xyz nor log_z\n"
        "  fix: give K_gt in their sidecars, or --camera fx,fy,cx,cy to export-predictions"
    ]


def test_a_camera_given_for_all_is_that_of_images_without_one(exported_pose):
    notes = Notes()
    request = replace(REQUEST, progress=notes, intrinsics=(100.0, 100.0, 100.0, 50.0))
    found = DetectorRun(posing, PREPROCESS, CLASSES, request).predict(exported_pose.index.records)
    assert notes.lines == []
    assert found[0].intrinsics == {"fx": 132.0, "fy": 144.0, "cx": 0.52 * 120, "cy": 0.47 * 90}
    assert found[4].intrinsics == {"fx": 100.0, "fy": 100.0, "cx": 100.0, "cy": 50.0}
    # 200 x 100 px become 96 x 48: a focal length of 48 px in an input of 96 x 64.
    assert found[4].fields()[0]["t_xyz"] == pytest.approx([0.0, 0.0, 48 / np.sqrt(96 * 64)])


def test_without_pose_heads_a_camera_is_not_missed(exported):
    notes = Notes()
    network = network_of(((5.0, -9.0, -9.0), (0.5, 0.5, 0.1, 0.1)))
    (found, *_) = DetectorRun(network, PREPROCESS, CLASSES, replace(REQUEST, progress=notes)).predict(
        exported.index.records
    )
    assert (found.poses, notes.lines) == ({}, [])


@pytest.mark.parametrize(
    "dataset", [None, CLASSES, ClassTable(("box", "cup", "can"), (7, 1, 3))], ids=["none", "same", "other order"]
)
def test_classes_agree_by_id_and_name(dataset):
    require_classes(CLASSES, dataset, where="model.onnx")


def test_every_disagreement_about_classes_is_named():
    dataset = ClassTable(("cup", "bottle", "a", "b", "c", "d", "e", "f"), (1, 3, 11, 12, 13, 14, 15, 16))
    with pytest.raises(InputError) as refused:
        require_classes(CLASSES, dataset, where="model.onnx")
    fix = "  fix: predict the data set this model was trained for"
    assert str(refused.value) == (
        f"model.onnx: YZ611 the model has class 7 (box) that the data set lacks\n{fix}\n"
        "model.onnx: YZ611 the data set has classes 11 (a), 12 (b), 13 (c), 14 (d), 15 (e) and 1 more that the model "
        "lacks\n"
        f"{fix}\n"
        f"model.onnx: YZ611 model and data set name class 3 (can / bottle) differently\n{fix}"
    )

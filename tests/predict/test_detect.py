from __future__ import annotations

import numpy as np
import pytest

from tests.fixtures.exported import CLASSES, PREPROCESS
from yolozu.artifacts.classes import ClassTable
from yolozu.errors import InputError
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.detect import DetectorRun, require_classes
from yolozu.progress import SilentProgress

REQUEST = AdapterRequest(classes=CLASSES, progress=SilentProgress(), batch_size=2, score_threshold=0.5)


def network_of(*rows):
    """A network that always gives the same queries: (logits per class, box)."""
    logits = np.array([row[0] for row in rows], dtype=np.float32)
    boxes = np.array([row[1] for row in rows], dtype=np.float32)

    def network(canvases_BHW3):
        assert canvases_BHW3.dtype == np.uint8
        batch = len(canvases_BHW3)
        return np.tile(logits, (batch, 1, 1)), np.tile(boxes, (batch, 1, 1))

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

from __future__ import annotations

import numpy as np
import pytest

from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.parity_report import Thresholds
from yolozu.errors import InputError
from yolozu.export.comparison import Pair
from yolozu.export.selection import SelectionProbe
from yolozu.model.loading import detector_from
from yolozu.model.onnx_network import OnnxNetwork

CPU = {"providers": ["CPUExecutionProvider"], "threads": 1}
NAMES = ("a.png", "b.png")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((2, 3, 64, 96), dtype=np.float32)


@pytest.fixture
def pair(exported):
    return Pair(
        detector_from(read_checkpoint(exported.checkpoint)),
        OnnxNetwork(exported.onnx, **CPU),
        SelectionProbe(exported.onnx, **CPU),
        Thresholds(score_atol=1e-4, bbox_atol=1e-4),
    )


def test_each_image_of_a_batch_is_compared(pair, images):
    first, second = pair.compare(images, NAMES)
    assert [(entry.image, entry.batch_size) for entry in (first, second)] == [("a.png", 2), ("b.png", 2)]
    assert first.outputs["pred_logits"].shape == (20, 3)
    assert first.outputs["pred_boxes"].shape == (20, 4)
    assert max(values.max() for values in first.outputs.values()) < 1e-5
    assert len(first.detections.ious) == 20


def test_another_weight_shows(pair, images):
    pair.detector.decoder.heads["logits"][-1].bias.data.add_(0.5)
    (entry, _) = pair.compare(images, NAMES)
    assert entry.outputs["pred_logits"] == pytest.approx(np.full((20, 3), 0.5), abs=1e-5)
    assert entry.outputs["pred_boxes"].max() < 1e-5


def test_outputs_that_are_no_numbers_are_not_decoded(pair, images):
    broken_images = images.copy()
    broken_images[1] = np.nan
    sound, broken = pair.compare(broken_images, NAMES)
    assert sound.detections is not None
    assert broken.detections is None
    assert not np.isfinite(broken.outputs["pred_logits"]).all()


def test_outputs_of_another_shape_are_refused(pair, images, monkeypatch):
    monkeypatch.setattr(type(pair.network), "__call__", lambda _, __: (np.zeros((2, 20, 4)), np.zeros((2, 20, 4))))
    with pytest.raises(InputError) as refused:
        pair.compare(images, NAMES)
    assert str(refused.value) == (
        "pred_logits: YZ604 the exported file gives shape [2, 20, 4], its checkpoint [2, 20, 3]\n"
        "  fix: export this checkpoint again"
    )

"""Several views of each picture, from its file to fused detections."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.fixtures.exported import CLASSES, camera
from yolozu.contract.sections.predict import TtaSection
from yolozu.data.preprocess import Preprocess
from yolozu.errors import UsageError
from yolozu.predict import detect as module
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.opening import open_adapter
from yolozu.predict.detect import DetectorRun
from yolozu.progress import SilentProgress

PREPROCESS = Preprocess(height=96, width=128, fill=0)
WIDTH, HEIGHT, RADII_PX = 240, 170, (40, 26)
MIDDLE_PX = (100, 90)
MODEL = TtaSection(tta=True, tta_mode="model")


def request_of(section, **changes):
    return AdapterRequest(
        **{"classes": CLASSES, "progress": SilentProgress(), "batch_size": 4, "score_threshold": 0.5, **changes},
        views=section,
    )


@pytest.fixture
def record(exported, tmp_path):
    """A picture of one white ellipse."""
    x, y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
    inside = ((x - MIDDLE_PX[0]) / RADII_PX[0]) ** 2 + ((y - MIDDLE_PX[1]) / RADII_PX[1]) ** 2 < 1
    pixels = np.repeat(np.where(inside, 255, 0).astype(np.uint8)[..., None], 3, axis=2)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    poses = camera(WIDTH, HEIGHT)
    picture = {"path": tmp_path / "a.png", "sha256": "", "width": WIDTH, "height": HEIGHT}
    return replace(exported.index.records[0], **picture, poses=poses)


def finder(shapes):
    """A network that finds the white thing, wherever it is; notes the shapes of its batches."""

    def network(canvases_BHW3):
        shapes.append(canvases_BHW3.shape)
        height, width = canvases_BHW3.shape[1:3]
        boxes = []
        for canvas in canvases_BHW3:
            rows, columns = (np.flatnonzero(canvas[..., 0].max(axis=axis) > 127) for axis in (1, 0))
            low, high = np.array([columns[0], rows[0]]), np.array([columns[-1] + 1, rows[-1] + 1])
            boxes.append(np.concatenate([(low + high) / 2, high - low]) / [width, height, width, height])
        logits = np.tile([2.0, -9.0, -9.0], (len(boxes), 1, 1))
        return {"pred_logits": logits, "pred_boxes": np.array(boxes)[:, None]}

    return network


def predicted(record, shapes, **keys):
    request = request_of(TtaSection(tta=True, tta_mode="model", **keys))
    (found,) = DetectorRun(finder(shapes), PREPROCESS, CLASSES, request, any_size=True).predict([record])
    return found


TURNED = {"tta_rotations_deg": (0.0, 30.0, -75.0)}
SCALED = {"tta_scales": (0.5, 1.0, 2.0), "tta_rotations_deg": (0.0,)}
MIRRORED = {"tta_rotations_deg": (0.0,), "tta_flip": True}
ALL = {"tta_scales": (1.0, 0.75), "tta_rotations_deg": (0.0, 20.0), "tta_flip": True}


@pytest.mark.parametrize(
    ("keys", "shapes"),
    [
        (SCALED, {(1, 96, 128, 3), (1, 64, 64, 3), (1, 192, 256, 3)}),
        (TURNED, {(3, 96, 128, 3)}),
        (MIRRORED, {(2, 96, 128, 3)}),
        (ALL, {(4, 96, 128, 3), (4, 96, 96, 3)}),
    ],
    ids=["scaled", "turned", "mirrored", "all"],
)
def test_an_object_is_where_all_views_show_it(record, keys, shapes):
    """Up to the pixels of the views; views of one size go through the network together."""
    seen = []
    found = predicted(record, seen, **keys)
    assert set(seen) == shapes
    assert found.scores == pytest.approx([1 / (1 + np.exp(-2.0))])
    expected_px = np.array([*MIDDLE_PX, 2 * RADII_PX[0], 2 * RADII_PX[1]])
    np.testing.assert_allclose(found.boxes_cxcywh[0] * [WIDTH, HEIGHT, WIDTH, HEIGHT], expected_px, atol=2.5)


def test_threshold_and_cut_choose_from_what_is_fused(exported):
    """Whatever is asked for, the detections are the same ones."""
    records = exported.index.records[:2]

    def scores(**changes):
        request = request_of(MODEL, **{"checkpoint": exported.checkpoint, **changes})
        return [entry.scores.tolist() for entry in open_adapter("rtdetr_pose", request).predict(records)]

    everything = scores(score_threshold=0.0, max_detections=1000)
    middle = float(np.median(everything[0]))
    assert scores(score_threshold=middle) == [[s for s in entry if s >= middle] for entry in everything]
    few = scores(score_threshold=0.0, max_detections=3)
    assert all(kept == found[: len(kept)] for kept, found in zip(few, everything, strict=True))
    assert max(map(len, few)) == 3


def test_more_detections_than_usual_are_taken_from_each_view_where_they_are_asked_for(exported, monkeypatch):
    monkeypatch.setattr(module, "MOST_IN_A_VIEW", 2)
    request = request_of(MODEL, checkpoint=exported.checkpoint, score_threshold=0.0, max_detections=20)
    (found,) = open_adapter("rtdetr_pose", request).predict(exported.index.records[:1])
    assert len(found) == 20


def test_both_runtimes_agree_on_views_that_fit_one_input(exported):
    section = TtaSection(tta=True, tta_mode="model", tta_scales=(1.0,), tta_flip=True)
    request = request_of(section, checkpoint=exported.checkpoint, onnx=exported.onnx)
    torch_runs, onnx_runs = (
        open_adapter(name, request).predict(exported.index.records) for name in ("rtdetr_pose", "onnxruntime")
    )
    for ours, theirs in zip(torch_runs, onnx_runs, strict=True):
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-3)


def test_an_exported_network_refuses_larger_views_when_it_is_opened(exported):
    section = TtaSection(tta=True, tta_mode="model", tta_scales=(1.0, 1.25))
    with pytest.raises(UsageError, match="YZ622 the network takes one input size only"):
        open_adapter("onnxruntime", request_of(section, onnx=exported.onnx))


def test_poses_are_fused_for_images_with_and_without_a_camera(exported_pose):
    request = request_of(MODEL, checkpoint=exported_pose.checkpoint, score_threshold=0.0)
    found = open_adapter("rtdetr_pose", request).predict(exported_pose.index.records)
    assert ["t_xyz" in entry.fields()[0] for entry in found] == [True, True, True, True, False]
    for entry in found:
        R_N33 = np.array([pose["R"] for pose in entry.fields()])
        np.testing.assert_allclose(R_N33 @ R_N33.transpose(0, 2, 1), np.tile(np.eye(3), (len(R_N33), 1, 1)), atol=1e-9)

"""An exported file of free height and width: the same numbers as the checkpoint's at every size, in every runtime."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.fixtures.exported import CLASSES, POSE_CONFIG, PREPROCESS, Exported, random_checkpoint, write_images
from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.artifacts.onnx_metadata import InputSizes
from yolozu.artifacts.parity_report import Thresholds
from yolozu.contract.sections.export import ExportSection
from yolozu.contract.sections.predict import TtaSection
from yolozu.errors import InputError, UsageError
from yolozu.export.onnx import least_sizes
from yolozu.export.parity import check_parity, other_sizes
from yolozu.export.processing_parity import compare_processing, stand_in_cameras
from yolozu.model.loading import detector_from
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.model.openvino_network import OpenVinoNetwork
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.onnxruntime import OnnxRuntimeAdapter
from yolozu.predict.adapters.rtdetr_pose import RtdetrPoseAdapter
from yolozu.progress import SilentProgress
from yolozu.stages.export_onnx import ExportInputs, ExportOutputs, ExportSpec, run

pytestmark = [pytest.mark.slow, pytest.mark.openvino, pytest.mark.xdist_group("dynamic_size")]

LIMITS = Thresholds(score_atol=1e-4, bbox_atol=1e-4, rot_deg=0.1, t_mm=0.1)
LARGER = TtaSection(tta=True, tta_mode="model", tta_scales=(1.0, 1.5), tta_flip=False)


@pytest.fixture(scope="module")
def dynamic(tmp_path_factory):
    root = tmp_path_factory.mktemp("dynamic")
    files = Exported(root / "best.pt", root / "model.onnx", root / "model.onnx.meta.json", root / "val.json")
    write_checkpoint(files.checkpoint, random_checkpoint(0, config=POSE_CONFIG))
    write_images(root / "data", cameras=True).write(files.index_path)
    notes = Notes()
    outputs = ExportOutputs(files.onnx, files.meta, root / "golden", root / "model.with_processing.onnx")
    spec = ExportSpec(export=ExportSection(onnx_dynamic_hw=True, onnx_with_processing=True))
    run(spec, ExportInputs(files.checkpoint), outputs, context_in(root, notes))
    assert notes.lines == ["export: ONNX, opset 18, any height and width"]
    return files


def parity(files):
    return check_parity(
        files.checkpoint, files.onnx, files.index, thresholds=LIMITS, policy="fail", images=2, progress=SilentProgress()
    )


@pytest.mark.effect("onnx_dynamic_hw")
@pytest.mark.parametrize("size", [(64, 96), (96, 64), (32, 32), (160, 128)], ids=str)
def test_the_file_computes_what_the_detector_computes_at_any_size(dynamic, size):
    detector = detector_from(read_checkpoint(dynamic.checkpoint))
    images = np.random.default_rng(sum(size)).random((2, 3, *size), dtype=np.float32)
    with torch.inference_mode():
        expected = detector(torch.from_numpy(images)).named()
    for network in (OnnxNetwork(dynamic.onnx, threads=1), OpenVinoNetwork(dynamic.onnx, threads=1)):
        outputs = network(images)
        assert outputs.keys() == expected.keys()
        for name, values in outputs.items():
            in_px = name in ("pred_offsets", "pred_k_delta")
            assert values == pytest.approx(expected[name].numpy(), abs=1e-3 if in_px else 1e-4), name


def test_the_metadata_says_which_sizes(dynamic):
    metadata = OnnxNetwork(dynamic.onnx, threads=1).metadata
    assert metadata.input_shapes == {"images": ("batch", 3, "height", "width")}
    assert metadata.input_sizes == InputSizes(least_height=32, least_width=32, multiple_of=32)
    assert (metadata.preprocess["height"], metadata.preprocess["width"]) == (64, 96)


@pytest.mark.parametrize(("size", "code"), [((64, 95), "YZ402"), ((0, 96), "YZ401"), ((16, 32), "YZ402")], ids=str)
@pytest.mark.parametrize("kind", [OnnxNetwork, OpenVinoNetwork])
def test_another_size_is_refused_with_those_that_are_taken(dynamic, kind, size, code):
    with pytest.raises(InputError) as refused:
        kind(dynamic.onnx, threads=1)(np.zeros((1, 3, *size), dtype=np.float32))
    assert str(refused.value) == (
        f"network input {size[0]}x{size[1]}: {code} {dynamic.onnx} takes multiples of 32 px, heights from 32 and "
        "widths from 32\n  fix: letterbox the images to such a size"
    )


def test_larger_views_are_predicted_as_torch_predicts_them(dynamic, exported_pose):
    request = AdapterRequest(
        classes=CLASSES,
        progress=SilentProgress(),
        checkpoint=dynamic.checkpoint,
        onnx=dynamic.onnx,
        views=LARGER,
        max_detections=10,
    )
    records = dynamic.index.records[:3]
    pairs = zip(*(kind.open(request).predict(records) for kind in (RtdetrPoseAdapter, OnnxRuntimeAdapter)), strict=True)
    for first, second in pairs:
        assert first.class_ids.tolist() == second.class_ids.tolist()
        assert first.scores == pytest.approx(second.scores, abs=1e-4)
        assert first.boxes_cxcywh == pytest.approx(second.boxes_cxcywh, abs=1e-4)
    with pytest.raises(UsageError) as refused:
        OnnxRuntimeAdapter.open(replace(request, checkpoint=exported_pose.checkpoint, onnx=exported_pose.onnx))
    assert refused.value.findings[0].code == "YZ622"


def test_the_gate_compares_at_several_sizes(dynamic):
    report = parity(dynamic)
    assert report.passed, report.reason
    assert report.inputs.other_sizes == [[96, 64], [32, 160]]
    assert report.reason == (
        "all outputs within tolerance on 2 images at batch sizes 1 and 3 and at 96x64 and 32x160 px"
    )
    assert report.matched.pairs == (2 + 3 + 2 + 2) * 20


def test_the_gate_sees_a_difference_at_one_size_alone(dynamic, monkeypatch):
    called = OnnxNetwork.__call__

    def off_where_wide(network, images):
        outputs = called(network, images)
        return {**outputs, "pred_boxes": outputs["pred_boxes"] + (0.01 if images.shape[3] == 160 else 0.0)}

    monkeypatch.setattr(OnnxNetwork, "__call__", off_where_wide)
    report = parity(dynamic)
    assert not report.passed
    assert report.reason.startswith("pred_boxes differ by 0.01 (tolerance 0.0001) on images/val/")
    assert " at 32x160 px at batch size 1" in report.reason


def sizes_of(num_queries, height, width):
    detector = SimpleNamespace(selector=SimpleNamespace(num_queries=num_queries))
    return least_sizes(detector, replace(PREPROCESS, height=height, width=width))


@pytest.mark.parametrize(
    ("num_queries", "own", "least"),
    [
        (20, (64, 96), (32, 32)),
        (21, (64, 96), (32, 32)),
        (22, (64, 96), (64, 32)),
        (300, (640, 640), (128, 128)),
        (300, (96, 640), (96, 160)),
        (300, (640, 96), (160, 96)),
        (1000, (640, 640), (224, 224)),
    ],
)
def test_the_least_sizes_have_a_position_for_every_query(num_queries, own, least):
    found = sizes_of(num_queries, *own)
    assert (found.least_height, found.least_width) == least
    assert 21 * (least[0] // 32) * (least[1] // 32) >= num_queries
    assert found.takes(*own)


def test_other_sizes_are_no_smaller_than_the_least():
    found = other_sizes(InputSizes(96, 64, 32), replace(PREPROCESS, height=96, width=64))
    assert [(one.height, one.width) for one in found] == [(128, 64), (96, 128)]


def test_with_processing_inside_pictures_are_letterboxed_to_the_size_of_training(dynamic):
    records = stand_in_cameras(dynamic.index.records)
    request = AdapterRequest(None, SilentProgress(), onnx=dynamic.onnx, batch_size=1)
    found = compare_processing(
        dynamic.onnx.with_name("model.with_processing.onnx"),
        OnnxNetwork(dynamic.onnx, threads=1).metadata,
        records,
        OnnxRuntimeAdapter.open(request).predict(records),
        thresholds=LIMITS,
        threads=1,
        progress=SilentProgress(),
    )
    assert (found.passed, found.reason) == (True, "the same detections on 5 images")

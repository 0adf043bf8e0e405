from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fixtures.exported import CLASSES
from yolozu.artifacts.digest import digest_file
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.onnxruntime import OnnxRuntimeAdapter
from yolozu.predict.adapters.openvino import OpenVinoAdapter
from yolozu.progress import SilentProgress

pytestmark = pytest.mark.openvino


@pytest.fixture
def request_(exported_pose):
    return AdapterRequest(
        classes=CLASSES, progress=SilentProgress(), onnx=exported_pose.onnx, batch_size=2, score_threshold=0.0
    )


def test_it_finds_what_onnx_runtime_finds(exported_pose, request_):
    records = exported_pose.index.records
    for first, second in zip(
        OnnxRuntimeAdapter.open(request_).predict(records), OpenVinoAdapter.open(request_).predict(records), strict=True
    ):
        assert first.class_ids.tolist() == second.class_ids.tolist()
        assert np.abs(first.scores - second.scores).max() <= 1e-4
        assert np.abs(first.boxes_cxcywh - second.boxes_cxcywh).max() <= 1e-4
        assert len(first.fields()) == len(second.fields()) > 0


def test_it_says_the_precision_that_it_really_computes_in(exported_pose, request_):
    adapter = OpenVinoAdapter.open(replace(request_, inference_precision="fp32"))
    described = adapter.describe()
    assert described.pop("openvino").count(".") == 2
    assert described == {
        "onnx_sha256": digest_file(exported_pose.onnx),
        "checkpoint_sha256": digest_file(exported_pose.checkpoint),
        "inference_precision": "fp32",
    }

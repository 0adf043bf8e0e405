from __future__ import annotations

import numpy as np
import onnx
import pytest

from tests.fixtures.perturbed import save_changed
from yolozu.export.divergence import divergence
from yolozu.export.layers import convolutions

pytestmark = pytest.mark.openvino

IMAGES = [np.random.default_rng(0).random((1, 3, 64, 96), dtype=np.float32)]
OPTIONS = {"precision": "fp32", "threads": 1}


@pytest.mark.parametrize("adapter", ["onnxruntime", "openvino"])
def test_the_same_file_diverges_nowhere(exported, adapter):
    found = divergence(exported.onnx, exported.onnx, IMAGES, adapter=adapter, **OPTIONS)
    assert found.first is None
    assert found.largest < 1e-5


@pytest.mark.parametrize("adapter", ["onnxruntime", "openvino"])
def test_the_layer_from_which_numbers_are_others_is_named(exported, tmp_path, adapter):
    model = onnx.load(exported.onnx)
    changed = convolutions(model)[2]
    node = next(node for node in model.graph.node if node.name == changed.node)
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == node.input[1])
    weight.CopyFrom(onnx.numpy_helper.from_array(2.0 * onnx.numpy_helper.to_array(weight), weight.name))
    save_changed(model, tmp_path / "changed.onnx")
    found = divergence(exported.onnx, tmp_path / "changed.onnx", IMAGES, adapter=adapter, **OPTIONS)
    assert found.first == changed.module
    assert found.largest > 0.1

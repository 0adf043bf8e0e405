import numpy as np
import onnx
import pytest

from yolozu.model.onnx_network import OnnxNetwork
from yolozu.model.probed_outputs import probe_of

pytestmark = pytest.mark.openvino


@pytest.mark.parametrize("adapter", ["onnxruntime", "openvino"])
def test_a_tensor_is_what_the_runtime_computes_and_the_model_stays(exported, adapter):
    model = onnx.load(exported.onnx)
    before = model.SerializeToString(deterministic=True)
    images = np.zeros((2, 3, 64, 96), dtype=np.float32)
    probe = probe_of(model, ["pred_boxes"], adapter=adapter, precision="fp32", threads=1, where="model.onnx")
    (boxes,) = probe(images)
    assert boxes == pytest.approx(OnnxNetwork(exported.onnx, threads=1)(images)["pred_boxes"], abs=1e-5)
    assert model.SerializeToString(deterministic=True) == before

import numpy as np
import onnx
import pytest

from yolozu.errors import InputError
from yolozu.export.quantize import quantize
from yolozu.progress import SilentProgress


def test_a_network_that_gives_nan_is_refused(exported, tmp_path):
    image = np.full((1, 3, 64, 96), np.nan, dtype=np.float32)
    good = np.zeros((1, 3, 64, 96), dtype=np.float32)
    with pytest.raises(InputError, match="YZ403 the network gave NaN or infinity"):
        quantize(exported.onnx, [image], [good], max_error=1.0, threads=1, progress=SilentProgress())


def test_convolutions_alone_are_quantized(exported):
    images = [np.random.default_rng(n).random((1, 3, 64, 96), dtype=np.float32) for n in range(2)]
    done = quantize(exported.onnx, images[:1], images[1:], max_error=1.0, threads=1, progress=SilentProgress())
    of_whole_numbers = {node.output[0] for node in done.model.graph.node if node.op_type == "DequantizeLinear"}
    readers = {
        node.op_type for node in done.model.graph.node if node.op_type == "Conv" and node.input[0] in of_whole_numbers
    }
    assert readers == {"Conv"}
    linear = [node for node in onnx.load(exported.onnx).graph.node if node.op_type in ("MatMul", "Gemm")]
    kept = [node for node in done.model.graph.node if node.op_type in ("MatMul", "Gemm")]
    assert len(kept) == len(linear)
    assert sum(done.convolutions.values()) == sum(node.op_type == "Conv" for node in done.model.graph.node)

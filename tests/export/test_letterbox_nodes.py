"""Letterboxing within a graph: the levels of `Preprocess.letterbox`, to the bit."""

from __future__ import annotations

import random

import numpy as np
import onnx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.export.test_file_alone import SIZES, pixels
from yolozu.data.preprocess import Preprocess
from yolozu.export.letterbox_nodes import letterbox_nodes, network_input_nodes
from yolozu.export.onnx_nodes import Nodes
from yolozu.model.onnx_runtime import session_of
from yolozu.model.openvino_runtime import compiled_model

pytestmark = pytest.mark.slow

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
INPUTS = {
    "small": Preprocess(64, 96, 114),
    "tall": Preprocess(96, 32, 0),
    "large": Preprocess(320, 320, 114),
    "odd": Preprocess(37, 61, 255, mean=MEAN, std=STD),
}
_random = random.Random(3)
LARGE = [(1, 9000), (9000, 1), (2000, 1500), (33, 2500), (5000, 31), (320, 320), (319, 321), (80, 400), (150, 400)]
LARGE += [(_random.randint(1, 60), _random.randint(1, 60)) for _ in range(40)]
LARGE += [(_random.randint(1, 40), _random.randint(1, 3000)) for _ in range(40)]


def model_of(preprocess):
    nodes, make, kinds = Nodes("ours/"), onnx.helper, onnx.TensorProto
    levels, place = letterbox_nodes(nodes, "image", preprocess)
    nodes("Identity", levels, output="levels")
    network_input_nodes(nodes, levels, preprocess, output="images")
    scale = nodes("Identity", place.scale, output="scale")
    size = (preprocess.height, preprocess.width)
    graph = make.make_graph(
        nodes.nodes,
        "letterbox",
        [make.make_tensor_value_info("image", kinds.UINT8, ("height", "width", 3))],
        [
            make.make_tensor_value_info("levels", kinds.UINT8, (*size, 3)),
            make.make_tensor_value_info("images", kinds.FLOAT, (1, 3, *size)),
            make.make_tensor_value_info(scale, kinds.DOUBLE, ()),
        ],
        nodes.constants,
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


@pytest.fixture(scope="module")
def sessions():
    return {
        name: session_of(model_of(preprocess), device="cpu", threads=1, where=name)
        for name, preprocess in INPUTS.items()
    }


def noise(width, height):
    """Levels that make roundings show: anything, and in every other picture black and white alone."""
    found = np.random.default_rng(width * 10007 + height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return found if width % 2 else (found > 127).astype(np.uint8) * 255


@pytest.mark.parametrize("name", INPUTS)
def test_levels_are_equal_to_the_bit(sessions, name):
    preprocess = INPUTS[name]
    for size in [*SIZES, *LARGE]:
        for picture in (pixels(*size), noise(*size)):
            expected, placement = preprocess.letterbox(picture)
            levels, images, scale = sessions[name].run(None, {"image": picture})
            assert np.array_equal(levels, expected), size
            assert np.array_equal(images, preprocess.to_network(expected[None])), size
            assert scale == placement.scale, size


@settings(deadline=None, max_examples=200)
@example(3, 7, "tall")
@given(w=st.integers(1, 700), h=st.integers(1, 700), name=st.sampled_from(list(INPUTS)))
def test_so_they_are_of_any_size(sessions, w, h, name):
    levels, _, _ = sessions[name].run(None, {"image": noise(w, h)})
    assert np.array_equal(levels, INPUTS[name].letterbox(noise(w, h))[0])


@pytest.mark.openvino
@pytest.mark.parametrize(("name", "share"), [("small", 0.002), ("large", 0.006)])
def test_in_openvino_few_levels_are_off_and_little(tmp_path, name, share):
    """It computes weights in float32."""
    preprocess, path = INPUTS[name], tmp_path / "letterbox.onnx"
    path.write_bytes(model_of(preprocess))
    request = compiled_model(path, precision="fp32", threads=1, where="letterbox").create_infer_request()
    differing = 0
    for size in SIZES:
        levels = request.infer({"image": noise(*size)})["levels"].astype(np.int64)
        away = np.abs(levels - preprocess.letterbox(noise(*size))[0])
        assert away.max() <= 2, size
        differing += np.count_nonzero(away)
    assert differing / (len(SIZES) * preprocess.height * preprocess.width * 3) < share

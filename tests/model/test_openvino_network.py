from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pytest

from tests.fixtures.perturbed import save_changed
from yolozu.errors import InputError
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.model.openvino_network import OpenVinoNetwork

pytestmark = pytest.mark.openvino

FIX = "  fix: check the path, or export the model again from its checkpoint"


@pytest.mark.parametrize("batch", [1, 3])
def test_it_computes_what_onnx_runtime_computes(exported_pose, batch):
    images = np.random.default_rng(0).standard_normal((batch, 3, 64, 96)).astype(np.float32)
    found = OpenVinoNetwork(exported_pose.onnx, threads=1)(images)
    expected = OnnxNetwork(exported_pose.onnx, threads=1)(images)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert np.abs(found[name] - values).max() < 1e-4, name


def test_outputs_stay_when_it_computes_again(exported):
    network = OpenVinoNetwork(exported.onnx, threads=1)
    first = network(np.zeros((1, 3, 64, 96), dtype=np.float32))["pred_logits"]
    kept = first.copy()
    network(np.ones((1, 3, 64, 96), dtype=np.float32))
    assert np.array_equal(first, kept)


def test_it_says_what_it_is_and_what_runs_it(exported):
    network = OpenVinoNetwork(exported.onnx, threads=1)
    assert network.metadata == OnnxNetwork(exported.onnx, threads=1).metadata
    assert network.describe() == {"openvino": network.version, "inference_precision": "fp32"}
    assert network.version.count(".") == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "YZ602 no such file"),
        (b"hello", "YZ602 is no ONNX file: field of kind 4 at byte 2"),
    ],
)
def test_what_is_no_model_is_refused_before_openvino_sees_it(tmp_path, content, problem):
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        OpenVinoNetwork(path, threads=1)
    assert str(refused.value) == f"{path}: {problem}\n{FIX}"


def test_a_graph_that_is_not_what_its_metadata_tells_is_refused(exported, tmp_path):
    model = onnx.load(exported.onnx)
    entry = next(entry for entry in model.metadata_props if entry.key == "yolozu.outputs")
    entry.value = entry.value.replace('["batch",20,4]', '["batch",21,4]')
    path = tmp_path / "model.onnx"
    save_changed(model, path)
    with pytest.raises(InputError, match=r"YZ603 its metadata tells of outputs .*'pred_boxes': \('any', 21, 4\)"):
        OpenVinoNetwork(path, threads=1)


@pytest.mark.slow
def test_neither_torch_nor_onnx_runtime_is_imported(exported):
    code = (
        "import sys; from pathlib import Path; from yolozu.model.openvino_network import OpenVinoNetwork\n"
        f"OpenVinoNetwork(Path({str(exported.onnx)!r}), threads=1)\n"
        "heavy = {'torch', 'onnxruntime', 'onnx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.fixtures.perturbed import save_changed
from yolozu.errors import InputError
from yolozu.model.onnx_network import OnnxNetwork

RELEASED = Path(__file__).parents[1] / "fixtures/release_0_1_0"
CPU = {"device": "cpu", "threads": 1}
FIX = "  fix: check the path, or export the model again from its checkpoint"


def test_a_batch_of_any_size_gives_logits_and_boxes(exported):
    network = OnnxNetwork(exported.onnx, **CPU)
    for batch in (1, 4):
        outputs = network(np.zeros((batch, 3, 64, 96), dtype=np.float32))
        shapes = {name: values.shape for name, values in outputs.items()}
        assert shapes == {"pred_logits": (batch, 20, 3), "pred_boxes": (batch, 20, 4)}
        assert 0.0 <= outputs["pred_boxes"].min() <= outputs["pred_boxes"].max() <= 1.0
    assert network.providers == ["CPUExecutionProvider"]


def test_outputs_of_pose_heads_come_by_name(exported_pose):
    outputs = OnnxNetwork(exported_pose.onnx, **CPU)(np.zeros((3, 3, 64, 96), dtype=np.float32))
    assert {name: values.shape for name, values in outputs.items()} == {
        "pred_logits": (3, 20, 3),
        "pred_boxes": (3, 20, 4),
        "pred_log_z": (3, 20, 1),
        "pred_rot6d": (3, 20, 6),
        "pred_offsets": (3, 20, 2),
        "pred_k_delta": (3, 4),
        "pred_log_sigma_z": (3, 20, 1),
        "pred_log_sigma_rot": (3, 20, 1),
    }


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "model.onnx"
    with pytest.raises(InputError) as refused:
        OnnxNetwork(path, **CPU)
    assert str(refused.value) == f"{path}: YZ602 no such file\n{FIX}"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x0a" * 40])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        OnnxNetwork(path, **CPU)
    (finding,) = refused.value.findings
    assert (finding.code, finding.where) == ("YZ602", str(path))
    assert finding.problem.startswith("ONNX Runtime cannot load it: ")
    assert "\n" not in finding.problem


def test_a_file_cut_short_is_refused(exported, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(exported.onnx.read_bytes()[:-1000])
    with pytest.raises(InputError) as refused:
        OnnxNetwork(path, **CPU)
    assert refused.value.findings[0].code in {"YZ602", "YZ603"}


def test_a_model_of_somebody_else_is_refused(tmp_path):
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "graph",
        [value("x", onnx.TensorProto.FLOAT, [1])],
        [value("y", onnx.TensorProto.FLOAT, [1])],
    )
    path = tmp_path / "model.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10), path)
    with pytest.raises(InputError) as refused:
        OnnxNetwork(path, **CPU)
    assert refused.value.findings[0].code == "YZ603"


def test_a_graph_that_is_not_what_its_metadata_tells_is_refused(exported, tmp_path):
    model = onnx.load(exported.onnx)
    entry = next(entry for entry in model.metadata_props if entry.key == "yolozu.outputs")
    entry.value = entry.value.replace("20", "21")
    path = tmp_path / "model.onnx"
    save_changed(model, path)
    with pytest.raises(InputError) as refused:
        OnnxNetwork(path, **CPU)
    assert str(refused.value) == (
        f"{path}: YZ603 its metadata tells of outputs "
        "{'pred_boxes': ('batch', 21, 4), 'pred_logits': ('batch', 21, 3)}, its graph has "
        "{'pred_logits': ('batch', 20, 3), 'pred_boxes': ('batch', 20, 4)}\n"
        "  fix: export the model again from its checkpoint with this version of yolozu"
    )


@pytest.mark.slow
def test_an_exported_file_runs_without_torch(exported):
    code = (
        "import sys; from pathlib import Path\n"
        "from yolozu.model.onnx_network import OnnxNetwork\n"
        f"OnnxNetwork(Path({str(exported.onnx)!r}), threads=1)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_file_of_an_earlier_release_states_no_digest_and_is_read():
    path = RELEASED / "runs/finished/exports/model.onnx"
    assert b"content_sha256" not in path.read_bytes()
    assert set(OnnxNetwork(path, **CPU).metadata.output_shapes) >= {"pred_logits", "pred_boxes"}

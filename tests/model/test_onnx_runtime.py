from __future__ import annotations

import os

import numpy as np
import onnx
import onnxruntime
import pytest

from yolozu.errors import InputError, UsageError
from yolozu.model.onnx_runtime import (
    SILENCED,
    onnx_runtime,
    providers_for,
    run_session,
    session_of,
    silence,
)

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
VERSION = onnxruntime.__version__


@pytest.fixture
def built_for_cuda(monkeypatch):
    """What onnxruntime-gpu says of itself, on any machine."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])


def sessions_on(monkeypatch, started, error=None, *, failing=(CUDA,)):
    """Sessions that come up with the providers ``started`` whatever was asked for, or fail on those of ``failing``."""
    asked = []

    class Session:
        def __init__(self, *_, providers, enable_fallback):
            asked.append((providers, enable_fallback))
            first = providers[0] if providers == [CPU] else providers[0][0]
            if error is not None and first in failing:
                raise error

        def get_providers(self):
            return started

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    return asked


@pytest.mark.parametrize("said", ["0", "", None])
def test_onnx_runtime_is_silenced_whatever_the_environment_says(monkeypatch, said):
    monkeypatch.delenv(SILENCED, raising=False)
    if said is not None:
        monkeypatch.setenv(SILENCED, said)
    calls = []
    monkeypatch.setattr(onnxruntime, "disable_telemetry_events", lambda: calls.append(os.environ[SILENCED]))
    assert onnx_runtime() is onnxruntime
    assert calls == ["1"]
    monkeypatch.setenv(SILENCED, "0")
    silence()
    assert os.environ[SILENCED] == "1"


def test_a_device_has_its_provider_and_the_cpu_for_the_rest(built_for_cuda):
    assert providers_for("cpu") == [CPU]
    assert providers_for("cuda") == [(CUDA, {"device_id": 0}), CPU]
    assert providers_for("cuda:3") == [(CUDA, {"device_id": 3}), CPU]


def test_a_package_that_is_not_built_for_a_device_is_refused(monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    with pytest.raises(UsageError) as refused:
        providers_for("cuda:1")
    assert str(refused.value) == (
        f"device: cuda:1: YZ615 the installed ONNX Runtime {VERSION} has no {CUDA}\n"
        "  fix: install onnxruntime-gpu, or predict with adapter: rtdetr_pose or device: cpu"
    )


def test_a_session_that_runs_elsewhere_than_asked_is_refused(monkeypatch, built_for_cuda):
    asked = sessions_on(monkeypatch, [CPU])
    with pytest.raises(UsageError) as refused:
        session_of(b"", device="cuda", threads=1, where="model.onnx")
    assert str(refused.value) == (
        f"device: cuda: YZ615 ONNX Runtime {VERSION} is built for it and cannot start it here: its libraries (CUDA, "
        "cuDNN) or the device are missing\n"
        "  fix: install the CUDA and cuDNN it was built for, or predict with adapter: rtdetr_pose or device: cpu"
    )
    assert asked == [([(CUDA, {"device_id": 0}), CPU], 0)]  # nor may a session go over to the CPU later


def test_a_session_that_runs_where_it_was_asked_to_is_given(monkeypatch, built_for_cuda):
    sessions_on(monkeypatch, [CUDA, CPU])
    assert session_of(b"", device="cuda:0", threads=1, where="model.onnx").get_providers() == [CUDA, CPU]


def test_a_device_that_fails_to_start_is_told_from_a_model_that_cannot_be_loaded(monkeypatch, built_for_cuda):
    failure = onnxruntime.capi.onnxruntime_pybind11_state.Fail("CUDA failure 101: invalid device ordinal")
    sessions_on(monkeypatch, [CPU], failure)
    with pytest.raises(UsageError) as refused:
        session_of(b"", device="cuda:9", threads=1, where="model.onnx")
    assert "cannot start it here: CUDA failure 101: invalid device ordinal\n" in str(refused.value)
    sessions_on(monkeypatch, [CPU], failure, failing=(CUDA, CPU))
    with pytest.raises(InputError, match="YZ602 ONNX Runtime cannot load it"):
        session_of(b"", device="cuda", threads=1, where="model.onnx")


def test_a_session_can_be_made_of_bytes(exported):
    session = session_of(exported.onnx.read_bytes(), device="cpu", threads=1, where="model")
    assert [entry.name for entry in session.get_outputs()] == ["pred_logits", "pred_boxes"]


def test_a_graph_that_fails_while_it_is_computed_is_named():
    """It can be loaded: that the numbers cannot be taken as a shape only shows when there are numbers."""
    value, kinds = onnx.helper.make_tensor_value_info, onnx.TensorProto
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Reshape", ["x", "shape"], ["y"])],
        "graph",
        [value("x", kinds.FLOAT, [6]), value("shape", kinds.INT64, [2])],
        [value("y", kinds.FLOAT, None)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    session = session_of(model.SerializeToString(), device="cpu", threads=1, where="model.onnx")
    inputs = {"x": np.zeros(6, np.float32), "shape": np.array([4, 2])}
    with pytest.raises(InputError) as refused:
        run_session(session, ["y"], inputs, where="model.onnx")
    (finding,) = refused.value.findings
    assert (finding.code, finding.where) == ("YZ632", "model.onnx")
    assert finding.problem.startswith("ONNX Runtime fails while it computes: ")
    assert "\n" not in finding.problem

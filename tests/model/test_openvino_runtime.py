from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fixtures.watching import Watching
from yolozu.errors import InputError, UsageError
from yolozu.model import openvino_runtime
from yolozu.model.openvino_runtime import PRECISIONS, compiled_model, precision_of, run_compiled

pytestmark = pytest.mark.openvino


def capabilities():
    return openvino_runtime.openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def test_it_computes_in_fp32_unless_told_otherwise(exported):
    """Left to itself it takes bf16 where the processor has it."""
    compiled = compiled_model(exported.onnx, precision="fp32", threads=1, where="model.onnx")
    assert precision_of(compiled) == "fp32"
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 1


@pytest.mark.parametrize("precision", [name for name in PRECISIONS if name != "fp32"])
def test_another_precision_is_used_or_refused(exported, precision):
    if PRECISIONS[precision].replace("f16", "fp16").upper().replace("BFP", "BF") in capabilities():
        compiled = compiled_model(exported.onnx, precision=precision, threads=1, where="model.onnx")
        assert precision_of(compiled) == precision
        return
    with pytest.raises(UsageError) as refused:
        compiled_model(exported.onnx, precision=precision, threads=1, where="model.onnx")
    (finding,) = refused.value.findings
    assert (finding.code, finding.where) == ("YZ648", f"inference_precision: {precision}")


def test_a_precision_that_openvino_replaces_is_refused(exported, monkeypatch):
    """As a processor with bf16 and without fp16 does: fp16 is taken for bf16."""
    monkeypatch.setattr(openvino_runtime, "precision_of", lambda _: "bf16")
    with pytest.raises(UsageError) as refused:
        compiled_model(exported.onnx, precision="fp16", threads=1, where="model.onnx")
    version = openvino_runtime.openvino().__version__
    assert str(refused.value) == (
        f"inference_precision: fp16: YZ648 OpenVINO {version} would compute in bf16 on this processor\n"
        "  fix: set inference_precision: bf16 or fp32, or predict on a processor that has fp16"
    )


def test_where_it_is_not_installed_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(UsageError) as refused:
        openvino_runtime.openvino()
    assert str(refused.value) == (
        "adapter: openvino: YZ647 OpenVINO is not installed\n"
        "  fix: pip install 'yolozu[openvino]', or predict with adapter: onnxruntime"
    )


def test_what_it_cannot_load_is_said_in_a_line(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\x08\x0a" * 40)
    with pytest.raises(InputError) as refused:
        compiled_model(path, precision="fp32", threads=1, where="model.onnx")
    (finding,) = refused.value.findings
    assert (finding.code, finding.where) == ("YZ602", "model.onnx")
    assert finding.problem.startswith("OpenVINO cannot load it: ")
    assert "\n" not in finding.problem


def test_a_failure_while_it_computes_names_the_model():
    class Failing:
        def infer(self, _, **__):
            raise RuntimeError("Exception from src/a.cpp:1:\nout of memory\n")

    with pytest.raises(InputError) as refused:
        run_compiled(Failing(), {}, where="model.onnx")
    assert str(refused.value) == (
        "model.onnx: YZ632 OpenVINO fails while it computes: out of memory\n"
        "  fix: export the model again from its checkpoint; where memory is short, use a smaller batch_size"
    )


CODE = "import sys; from yolozu.model.openvino_runtime import openvino; openvino(); {more}"


# Its converter sends events from a thread and writes an id below the home directory, by being imported alone.
def test_nobody_is_called_and_nothing_is_written_elsewhere(tmp_path):
    seen = Watching(tmp_path / "outside", (tmp_path,))
    code = CODE.format(more="assert not [name for name in sys.modules if name.startswith('openvino_telemetry')]")
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=tmp_path, env=seen.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (seen.log, seen.left) == ("", [])

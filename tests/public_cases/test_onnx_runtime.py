import subprocess
import sys

import onnxruntime
import pytest

from tests.cli.runs import write_dataset
from tests.fixtures.watching import Watching
from yolozu.cli.app import main

PARITY = """
from pathlib import Path
from yolozu.artifacts.parity_report import Thresholds
from yolozu.data.index import DataIndex
from yolozu.export.parity import check_parity
from yolozu.progress import SilentProgress

checkpoint, onnx, index = map(Path, {files!r})
limits = Thresholds(score_atol=1e-3, bbox_atol=1e-3, rot_deg=1.0, t_mm=1.0)
check_parity(checkpoint, onnx, DataIndex.read(index), thresholds=limits, policy="warn", images=1,
             progress=SilentProgress())
"""


# microsoft/onnxruntime#3898, OHF-Voice/wyoming-piper#64: since its version 1.29 ONNX Runtime writes a device id below
# the home directory and looks up a host to send events to, unless a variable says no before it is imported.
@pytest.mark.parametrize("said", [None, "0"])
@pytest.mark.parametrize("what", ["predict", "parity"])
def test_nobody_is_called_and_nothing_is_written_elsewhere(exported, tmp_path, what, said):
    write_dataset(tmp_path / "work/data", exported)
    seen = Watching(tmp_path / "outside", (tmp_path / "work",))
    words = {
        "predict": ["-m", "yolozu", "predict", "--onnx", str(exported.onnx), "--dataset", "data"],
        "parity": ["-c", PARITY.format(files=[str(exported.checkpoint), str(exported.onnx), str(exported.index_path)])],
    }[what]
    environment = seen.environment if said is None else {**seen.environment, "ORT_DISABLE_TELEMETRY": said}
    run = [sys.executable, *words]
    done = subprocess.run(run, cwd=tmp_path / "work", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (seen.log, seen.left) == ("", [])


# microsoft/onnxruntime#23372, microsoft/onnxruntime#17801: without CUDA's libraries a session that was asked for a GPU
# computes on the CPU, and the list of available providers still names CUDA.
def test_a_gpu_that_onnx_runtime_cannot_use_is_refused(exported, tmp_path, monkeypatch, capsys):
    on_the_cpu = onnxruntime.InferenceSession

    def fallen_back(source, options, *, providers, enable_fallback):
        return on_the_cpu(source, options, providers=["CPUExecutionProvider"])

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    monkeypatch.setattr(onnxruntime, "InferenceSession", fallen_back)
    write_dataset(tmp_path / "data", exported)
    for command in ("predict", "test"):
        assert main(f"{command} --onnx {exported.onnx} --dataset data --device cuda --output out.json".split()) == 2
        assert "device: cuda: YZ615 ONNX Runtime " in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()

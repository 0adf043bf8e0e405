from __future__ import annotations

import pytest

from tests.engine.conftest import CONTRACT, opened
from yolozu import devices
from yolozu.cli.app import main
from yolozu.engine.devices import missing_devices
from yolozu.engine.doit.tasks import Build

REFUSED = "device: cuda: YZ501 this machine has no CUDA device that torch 9.9+cpu can use\n  fix: set device: cpu\n"


@pytest.fixture
def gpus(tmp_path, monkeypatch):
    """A machine with so many GPUs, and a contract in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT)
    monkeypatch.setattr(devices, "torch_build", lambda: {"__version__": "9.9+cpu"})

    def of(count):
        monkeypatch.setattr(devices, "cuda_devices", lambda: count)

    of(0)
    return of


def lacking(*words, names=()):
    return [finding.where for finding in missing_devices(opened(*words), names)]


def test_a_build_for_a_device_that_is_not_there_is_refused_before_anything_is_written(gpus, tmp_path, capsys):
    assert main(["run", "exp.yaml", "run_id=a", "device=cuda"]) == 2
    assert capsys.readouterr().err == REFUSED
    assert main(["train", "exp.yaml", "--run-id", "a", "--device", "cuda"]) == 2
    assert capsys.readouterr().err == REFUSED
    assert not (tmp_path / "runs/a").exists()


@pytest.mark.parametrize("question", ["plan", "why", "status"])
def test_a_question_is_answered_all_the_same(gpus, capsys, question):
    assert main([question, "exp.yaml", "run_id=a", "device=cuda"]) == 0
    told = capsys.readouterr()
    assert "train" in told.out
    assert told.err == REFUSED


def test_only_stages_that_are_asked_for_need_their_device(gpus, capsys):
    assert lacking("device=cuda") == ["device: cuda"]
    assert lacking("device=cuda", names=["onnx_parity"]) == ["device: cuda"]
    assert lacking("device=cuda", names=["prepare_data"]) == []
    session = opened("device=cuda")
    build = Build(session, asked=["prepare_data"])
    (resolve,) = next(task for task in build.tasks() if task["basename"] == "_resolve")["actions"][0]
    assert resolve() is None
    build.release()
    assert capsys.readouterr().err == ""


def test_a_stage_whose_result_stands_needs_no_device(gpus, monkeypatch):
    session = opened("device=cuda")
    monkeypatch.setattr(type(session), "verdicts", lambda *_: [])
    assert missing_devices(session, []) == []


def test_what_onnx_runtime_predicts_makes_do_with_the_cpu(gpus):
    for adapter, needed in (("onnxruntime", "cpu"), ("openvino", "cpu"), ("rtdetr_pose", "cuda"), ("dummy", "cpu")):
        session = opened("device=cuda", f"adapter={adapter}")
        for stage in ("predict", "scenarios"):
            spec = session.plan[stage].stage.spec.slice_of(session.loaded.contract)
            assert spec.needs_device() == needed


def test_processes_need_a_device_each(gpus):
    gpus(2)
    assert lacking("device=cuda", "ddp=true", "nproc_per_node=2") == []
    assert lacking("device=cuda", "ddp=true", "nproc_per_node=3") == ["device: cuda:2"]
    assert lacking("device=cuda", "nproc_per_node=3") == []


def test_a_machine_that_only_submits_jobs_needs_no_device(gpus):
    assert lacking("device=cuda", "executor=slurm") == []
    assert lacking("device=cuda", "executor=ray") == []

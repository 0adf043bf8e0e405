"""`yolozu replay`, word for word."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.tiny import Tiny, make_index, training_config
from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.cli.app import main
from yolozu.errors import UsageError
from yolozu.model.loading import detector_from

pytestmark = pytest.mark.slow

REPRODUCED = """\
step-000002.pt: optimizer step 2 of 10, seed 3, trained on cpu with 1 thread
  recorded: the loss is not a finite number, on train/001.png, train/004.png
            the output of backbone.stages.0.0.conv (Conv2d) is not finite, its input was
  replayed on cpu with amp none:
    batch 1: train/001.png, train/004.png
      no loss: the outputs cannot be matched
    batch 2: train/006.png, train/010.png
      no loss: the outputs cannot be matched
    first: the output of backbone.stages.0.0.conv (Conv2d) is not finite, its input was (batch 1)
      input.0  float32 [2, 8, 32, 32], 0 to 1e+30
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """Of a training whose learning rate is absurd."""
    root, threads = tmp_path_factory.mktemp("replayed"), torch.get_num_threads()
    torch.set_num_threads(1)
    tiny = Tiny(make_index(root, "train", 11, seed=0), make_index(root, "val", 3, seed=1))
    with pytest.raises(UsageError):
        tiny.fit(root / "out", training_config(lr=1e30, clip_grad_norm=0.0, lr_warmup_steps=0))
    torch.set_num_threads(threads)
    return root / "out" / "black_box" / "step-000002.pt"


@pytest.fixture
def here(bundle, tmp_path, monkeypatch):
    shutil.copy(bundle, tmp_path)
    monkeypatch.chdir(tmp_path)


def test_a_reproduced_finding_is_exit_1(here, capsys):
    assert main(["replay", "step-000002.pt"]) == 1
    text = capsys.readouterr().out
    assert text.startswith(REPRODUCED)
    assert text.splitlines()[-2].startswith("      output   float32 [2, 8, 16, 16], ")
    assert text.splitlines()[-2].endswith(" inf")
    assert text.splitlines()[-1] == "reproduced"


def test_json_and_another_precision(here, capsys):
    assert main(["replay", "step-000002.pt", "--json", "--amp", "bf16"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["replayed"]["amp"] == "bf16"
    assert found["reproduced"] is True
    assert main(["replay", "step-000002.pt", "--amp", "bf16"]) == 1
    assert (
        capsys.readouterr()
        .out.splitlines()[-1]
        .endswith("; yolozu replay step-000002.pt --amp none tells whether precision is the cause")
    )


def test_a_step_that_is_finite_now_is_exit_0(here, capsys):
    """The same step with other weights: those that a detector begins with."""
    path = Path("step-000002.pt")
    broken = read_checkpoint(path)
    detector = detector_from(broken)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for part in detector.modules():
            if hasattr(part, "reset_parameters"):
                part.reset_parameters()
    write_checkpoint(path, replace(broken, weights=dict(detector.state_dict())))
    assert main(["replay", "step-000002.pt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "finite: the step could be taken"
    assert lines[-2].startswith("    gradient norm ")
    assert lines[5].startswith("      total ")


def test_what_is_no_bundle_is_exit_2(here, tmp_path, capsys):
    assert main(["replay", "missing.pt"]) == 2
    assert capsys.readouterr().err == (
        "missing.pt: YZ450 checkpoint cannot be read: No such file or directory\n"
        "  fix: check the path; doit run_id=… train makes one\n"
    )

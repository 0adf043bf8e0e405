"""What machines do to trainings: disks fill up, processes are killed, locks are missing, files are damaged."""

import errno
import json
import os
import signal

import pytest
import torch
from torch.utils.data import Dataset

from tests.artifacts.test_checkpoint import sample
from tests.engine.conftest import contract, toy  # noqa: F401 - a fixture
from tests.fixtures.small_disk import files_end_at
from yolozu.artifacts.checkpoint import write_checkpoint
from yolozu.cli.app import main
from yolozu.engine import worker
from yolozu.errors import UsageError
from yolozu.training.batches import Loading, validation_batches


def worker_that(does, toy, monkeypatch, capsys):  # noqa: F811
    """Exit code and words of a stage's worker that does something else than its stage."""
    toy.plan(contract())
    toy.layout.operations_path.write_text(json.dumps({"operations": {}, "provenance": {}}))
    monkeypatch.setattr(worker, "read_request", lambda _: toy.plan(contract())["letters"])
    monkeypatch.setattr(worker, "execute", lambda *_, **__: does())
    return worker.main([str(toy.layout.request_path("letters"))]), capsys.readouterr().err


# open-mmlab/mmdetection#12069, mlfoundations/open_lm#154: "PytorchStreamWriter failed writing file" is a full disk.
def test_a_disk_that_fills_up_in_a_checkpoint_is_named_with_the_file(toy, monkeypatch, capsys):  # noqa: F811
    path = toy.layout.root / "checkpoints/last.pt"

    def save():
        large = sample(weights={"a": torch.zeros(200_000)}, ema=None, eval_weights="model")
        with files_end_at(100_000):
            write_checkpoint(path, large)

    code, said = worker_that(save, toy, monkeypatch, capsys)
    assert (code, said) == (
        2,
        f"toy: letters: {path}: YZ314 the system says: File too large\n"
        "  fix: make room or give permission and run the same command again; what was saved is kept\n",
    )


class Killed(Dataset):
    """Samples whose loading process the system kills, as it does where memory is short."""

    def __getitem__(self, key):
        os.kill(os.getpid(), signal.SIGKILL)


# open-mmlab/mmdetection#3495, facebookresearch/maskrcnn-benchmark#195, ultralytics/yolov3#1151
def test_a_loading_process_that_is_killed_is_no_mistake_of_ours(toy, monkeypatch, capsys):  # noqa: F811
    def load():
        next(validation_batches(Killed(), num_images=2, batch_size=2, loading=Loading(num_workers=1)))

    code, said = worker_that(load, toy, monkeypatch, capsys)
    assert code == 2
    assert said.startswith("toy: letters: YZ516 a process that prepares images failed: DataLoader worker (pid")
    assert "memory is the usual reason: lower num_workers" in said


# spack/spack#12501, ComparativeGenomicsToolkit/cactus#1299, huggingface/datasets#2618, DataBiosphere/toil#4846
def test_a_file_system_without_locks_is_named_with_a_way_out(toy, monkeypatch):  # noqa: F811
    def flock(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(UsageError, match=r"YZ514 the file system has no locks .*\n.*run_dir="):
        toy.build(contract())


# treeverse/dvc#4326, grantjenks/python-diskcache#67, treeverse/dvc#9379: a damaged cache stops every command.
@pytest.mark.parametrize(
    "damage", [b"garbage" * 1000, b"\0" * 5000, b"", None], ids=["garbage", "zeros", "empty", "dir"]
)
def test_damaged_caches_stop_no_command(tmp_path, monkeypatch, capsys, damage):
    monkeypatch.chdir(tmp_path)
    places = ("runs/.cache/digests.sqlite", "runs/a/plan/doit.sqlite")
    for place in places:
        path = tmp_path / place
        path.parent.mkdir(parents=True)
        if damage is None:
            path.mkdir()
        else:
            path.write_bytes(damage)
    keys = "dataset_root: synthetic\nseed: 0\ndevice: cpu\nddp: false\namp: none\nmax_steps: 1\nscenarios: none\n"
    (tmp_path / "a.yaml").write_text(f"config_version: 1\n{keys}")
    for command in ("status", "why", "plan"):
        assert main([command, "a.yaml", "run_id=a"]) == 0, capsys.readouterr().err

"""The command is tested in tests/cli/commands; here, what it does when trainings are not equal or go wrong."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import parse_assignments
from yolozu.engine.stopping import EndOnSignal
from yolozu.engine.verify_resume import proof as module
from yolozu.engine.verify_resume.kills import Moment
from yolozu.engine.verify_resume.proof import BuildFailedError, Wish, verify_resume
from yolozu.errors import InputError

SHORT = ("max_steps=9", "val_every_steps=4", "save_last_every=2")


@pytest.fixture
def wish(empty_project, tmp_path, monkeypatch):
    """``wish(*words, kills=1)``, in a copy of a project with a data set."""
    project = empty_project.copy(tmp_path / "project")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def make(*words, kills=1, **options):
        return Wish(load_contract(Path("exp.yaml"), parse_assignments([*SHORT, *words])), kills, 40, **options)

    return make


def proofs():
    return list(Path("runs/.verify-resume").glob("*"))


@pytest.mark.slow
def test_a_state_that_is_not_what_was_saved_is_found_out_and_kept(wish, monkeypatch):
    """One weight of the resumable checkpoint changes by its last bit while nobody trains."""
    kill_at = module.kill_at

    def kill_and_tamper(moment, building, lock, metrics):
        struck = kill_at(moment, building, lock, metrics)
        building.wait()
        last = metrics.parents[1] / "checkpoints/last.pt"
        checkpoint = read_checkpoint(last)
        name = next(name for name, tensor in checkpoint.weights.items() if tensor.is_floating_point())
        weights = {**checkpoint.weights, name: checkpoint.weights[name] * (1 + 2**-23)}
        write_checkpoint(last, replace(checkpoint, weights=weights))
        return struck

    monkeypatch.setattr(module, "kill_at", kill_and_tamper)
    monkeypatch.setattr(module, "choose_moments", lambda *_, **__: [Moment(5, 0.0)])
    said = []
    proof = verify_resume(wish(), said.append)
    assert not proof.equal
    assert proof.file == "reports/train_metrics.jsonl"
    row, _, key = proof.difference.place.partition(": ")
    assert int(row.rpartition(" ")[2]) > 4  # what had been saved before is the same
    assert key.startswith(("losses.", "metrics.grad_norm"))
    assert proof.difference.first != proof.difference.second
    assert set(proof.others) >= {"checkpoints/last.pt"}
    assert [proof.directory] == proofs()
    assert {path.name for path in proof.directory.iterdir()} >= {"undisturbed", "killed", "contract.yaml", "killed.log"}
    assert said[-1].startswith("killed after step ")


@pytest.mark.slow
def test_a_contract_that_cannot_be_trained_proves_nothing_and_leaves_nothing(wish):
    with pytest.raises(BuildFailedError) as caught:
        verify_resume(wish("dataset_root=nowhere"), lambda _: None)
    assert caught.value.exit_code == 2
    assert "nowhere" in caught.value.said
    assert proofs() == []


@pytest.mark.slow
def test_more_kills_than_moments_are_refused(wish):
    with pytest.raises(InputError) as caught:
        verify_resume(wish(kills=9), lambda _: None)
    assert str(caught.value) == (
        "--kills 9: YZ323 the training has 9 optimizer steps, so at most 8 kills fall inside it\n"
        "  fix: lower --kills or raise --steps"
    )
    assert proofs() == []


@pytest.mark.slow
def test_sigterm_ends_it_like_ctrl_c_and_leaves_nothing(wish):
    def terminate(line):
        assert line == "for this proof:"
        os.kill(os.getpid(), signal.SIGTERM)

    with EndOnSignal(), pytest.raises(KeyboardInterrupt):
        verify_resume(wish("log_every=7"), terminate)
    assert proofs() == []

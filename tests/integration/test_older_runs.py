"""Runs of earlier releases stay what they are: finished ones up to date, interrupted ones go on."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import yolozu
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.engine.open_session import open_session
from yolozu.errors import EXIT_DONE
from yolozu.training.checkpointing import read_saved

RELEASES = sorted(path for path in (Path(__file__).parents[1] / "fixtures").glob("release_*"))
"""One directory a release: contracts, data, and `runs/` with a finished run and an interrupted one."""

PACKAGE = Path(yolozu.__path__[0])


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def old(request, tmp_path, monkeypatch):
    """A working directory as a user of that release left it."""
    place = shutil.copytree(request.param, tmp_path / "project")
    monkeypatch.chdir(place)
    return place


def reasons(run_id):
    session = open_session(config=None, run_id=run_id, given=(), default_config=None, argv=["doit"])
    return {
        verdict.node.name: [reason.render() for reason in verdict.reasons]
        for verdict in session.verdicts([])
        if verdict.reasons
    }


def yolozu_in(place, *words, code=PACKAGE.parent):
    environment = os.environ | {"PYTHONPATH": str(code), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "yolozu", *words]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_of_a_finished_run_the_report_alone_is_to_be_built_which_its_release_did_not_have(old):
    assert reasons("finished") == {"report": ["has not been built"]}


def test_best_metric_is_what_it_was(old):
    saved = read_saved(old / "runs/interrupted/scratch/train/out/checkpoints/last.pt")
    assert saved.state.best_metric == "map50_95"


def test_an_interrupted_training_goes_on(old):
    assert reasons("interrupted")["train"] == ["interrupted at a step that was not noted; goes on from there"]


@pytest.fixture
def later_code(tmp_path):
    """The package as it will be with one more loss, whose weight changes nothing unless it is given."""
    code = shutil.copytree(PACKAGE, tmp_path / "code/yolozu", ignore=shutil.ignore_patterns("__pycache__"))
    sections = [path for path in code.rglob("*.py") if "class LossWeights(Section)" in path.read_text()]
    (section,) = sections
    text, added = section.read_text(), '\n\n    diou: NonNegativeFloat = 0.0\n    """Distance between centers."""'
    section.write_text(re.sub(r"(    vfl: NonNegativeFloat = 1\.0\n    \"{3}.*?\"{3})", rf"\1{added}", text, count=1))
    return code.parent


@pytest.mark.slow
def test_a_new_neutral_key_makes_no_finished_run_stale(old, later_code):
    code, said = yolozu_in(old, "plan", "run_id=finished", "--json", code=later_code)
    plan, _ = json.JSONDecoder().raw_decode(said)  # behind it, warnings of the contract
    assert (code, [row["stage"] for row in plan["stages"] if row["stale"]]) == (EXIT_DONE, ["report"])
    code, said = yolozu_in(old, "why", "run_id=finished", "loss_weights.diou=1", "train", code=later_code)
    assert "loss_weights.diou: 0.0 → 1.0 (loss_weights.diou=1)" in said


@pytest.mark.slow
def test_an_interrupted_training_ends_under_later_code_with_the_bits_of_todays(old, later_code, tmp_path):
    """Not those of a training that was never interrupted: the state holds the bits of the machine that saved it."""
    again = shutil.copytree(old, tmp_path / "again")
    for place, package in ((old, PACKAGE.parent), (again, later_code)):
        code, said = yolozu_in(place, "run", "train", "run_id=interrupted", code=package)
        assert (code, "going on from optimizer step 4" in said) == (EXIT_DONE, True), said
    for name in ("last.pt", "best.pt"):
        one, other = (read_checkpoint(place / "runs/interrupted/checkpoints" / name) for place in (old, again))
        assert one.weights.keys() == other.weights.keys()
        assert all(torch.equal(one.weights[key], other.weights[key]) for key in one.weights), name

"""What is done about a job that waits in Slurm when its stage is to be run here."""

from __future__ import annotations

import json

import pytest

from tests.engine.conftest import CONTRACT, opened
from tests.engine.launchers.fake_slurm import slurm  # noqa: F401 - a fixture
from yolozu.cli.app import main
from yolozu.engine.jobs_elsewhere import jobs_elsewhere
from yolozu.engine.scratch import Scratch

LOST = "slurm job 17 of 2026-01-01T00:00:00+00:00 may wait or run: slurm does not answer here"


@pytest.fixture
def left(slurm, tmp_path):  # noqa: F811
    """A run whose preparation is a job that an earlier command has left in the queue."""
    (tmp_path / "exp.yaml").write_text(CONTRACT + "run_id: a\n")
    slurm.layout.request_path("train").unlink()
    slurm.know(named="17|PENDING|Priority|\n")
    request = slurm.layout.request_path("train")
    request.write_text("{}")
    slurm.recorded()
    request.unlink()
    Scratch.of(slurm.layout, "train").job_path.rename(Scratch.of(slurm.layout, "prepare_data").job_path)
    return slurm


def test_it_is_told_and_nothing_is_run_a_second_time(left, capsys):
    assert main(["run", "exp.yaml", "prepare_data"]) == 2
    assert capsys.readouterr().err == (
        "a: prepare_data: YZ756 slurm job 17 waits: Priority\n"
        "  fix: follow it: executor=slurm; or end it: scancel 17; then run the same command again\n"
    )
    assert not left.layout.receipt_path("prepare_data").exists()
    assert left.read("cancelled") == ""


def test_where_slurm_cannot_be_asked_it_may_still_be_there(left, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["run", "exp.yaml", "prepare_data"]) == 2
    assert capsys.readouterr().err == (
        f"a: prepare_data: YZ756 {LOST}\n"
        "  fix: look where it answers, and end the job a.train if it is there; "
        "then delete runs/a/scratch/prepare_data.job.json\n"
    ).replace("a.train", "a.prepare_data")


def test_a_job_that_is_over_is_nobody_s_concern(left):
    assert len(jobs_elsewhere(opened(), ["prepare_data"])) == 1
    left.know(named="17|CANCELLED|None|\n")
    assert jobs_elsewhere(opened(), ["prepare_data"]) == []


def test_the_build_that_has_given_it_follows_it_and_asks_nobody(left, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert jobs_elsewhere(opened("executor=slurm"), ["prepare_data"]) == []


def test_status_names_it(left, capsys):
    assert main(["status", "exp.yaml", "prepare_data"]) == 0
    assert capsys.readouterr().out == "a: exp.yaml\n  prepare_data  not built\n    slurm job 17 waits: Priority\n"
    assert main(["status", "exp.yaml", "prepare_data", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stages"][0]["jobs"] == [
        {
            "stage": "prepare_data",
            "executor": "slurm",
            "job": "17",
            "state": "waits",
            "node": "",
            "text": "slurm job 17 waits: Priority",
        }
    ]

import json

import pytest

from yolozu.engine.failure import read_failure
from yolozu.engine.launchers import slurm as module
from yolozu.engine.launchers import slurm_commands
from yolozu.engine.launchers.job_record import JobRecord
from yolozu.engine.launchers.slurm import LAUNCHER
from yolozu.engine.scratch import Scratch
from yolozu.engine.stopping import StopBuild

RECEIPT = "receipts/train.json"


def run(slurm, *options, **keys):
    return LAUNCHER.run(slurm.job(*options, **keys), stopping=StopBuild(), say=slurm.said.append)


def test_programs_that_are_not_there_are_named_before_anything_runs(slurm, monkeypatch):
    assert LAUNCHER.missing(slurm.job().operations) == []
    monkeypatch.setenv("PATH", "/nowhere")
    (finding,) = LAUNCHER.missing(slurm.job().operations)
    assert finding.render() == (
        "executor: slurm: YZ345 sbatch, squeue, scontrol, scancel: not found in PATH\n"
        "  fix: run this on a machine that can submit jobs (a login node), or set executor: local"
    )


@pytest.mark.effect("executor")
def test_a_stage_is_a_job_whose_end_is_the_worker_s(slurm):
    slurm.write_receipt()
    receipt = (slurm.layout.root / RECEIPT).absolute()
    log = Scratch.of(slurm.layout, "train").job_log_path.absolute()
    slurm.log("of an earlier job\n")
    slurm.know(worker=f"touch {receipt}; echo step 1 >> {log}\n", queue="RUNNING|None|n1\n")
    slurm.ended("COMPLETED")
    assert run(slurm, "--insist-on-resume") == 0
    assert slurm.said[0] == "train: submitted as job 17"
    assert sorted(slurm.said[1:]) == ["step 1", "train: job 17 runs on n1"]
    assert slurm.read("script").endswith(" -m yolozu.engine.worker runs/a/plan/train.json --insist-on-resume\n")


def test_what_goes_wrong_is_told_and_kept(slurm):
    slurm.know(refusal="sbatch: error: no\n")
    assert run(slurm) == 2
    assert slurm.said[0].startswith("sbatch: YZ346 no\n")
    assert read_failure(slurm.layout, "train")["text"] == slurm.said[0]
    assert not Scratch.of(slurm.layout, "train").job_path.exists()


def test_a_job_of_a_builder_that_died_is_followed_and_no_second_one_submitted(slurm):
    slurm.recorded()
    slurm.write_receipt()
    slurm.write_failure("Interrupted", "a: train: YZ349 job 17 goes on without this build")
    slurm.log("step 1\n")
    slurm.know(queue="RUNNING|None|n1\nRUNNING|None|n1\n")
    slurm.ended("COMPLETED")
    assert run(slurm) == 0
    assert slurm.read("script") == ""
    assert slurm.said == [
        "train: following job 17 again, submitted at 2026-01-01T00:00:00+00:00",
        "train: job 17 runs on n1",
        "step 1",
    ]
    assert read_failure(slurm.layout, "train") is None


def test_a_job_that_ended_meanwhile_is_forgotten_and_a_new_one_submitted(slurm):
    slurm.recorded()
    slurm.write_failure()
    slurm.write_receipt()
    slurm.ended("COMPLETED")
    assert run(slurm) == 0
    assert slurm.said == ["train: submitted as job 17"]
    assert read_failure(slurm.layout, "train") is None


class KilledError(BaseException):
    """The builder is killed here."""


def killed_while_it_submits(slurm, monkeypatch, *, when):
    """A builder that dies behind ``when``; what it leaves."""

    def submit(*words):
        if when == "sbatch":
            slurm_commands.submit(*words)
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(module, "submit", submit)
        with pytest.raises(KilledError):
            run(slurm)
    slurm.said.clear()
    return JobRecord.read(Scratch.of(slurm.layout, "train").job_path)


def test_a_builder_that_died_between_sbatch_and_its_note_submits_no_second_job(slurm, monkeypatch):
    record = killed_while_it_submits(slurm, monkeypatch, when="sbatch")
    assert (record.job, f"{record.name}\n") == ("", slurm.read("name"))
    slurm.know(named="17\n", unsure="", words="", queue="RUNNING|None|n1\nRUNNING|None|n1\n")
    slurm.ended("COMPLETED")
    slurm.write_receipt()
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.0)
    assert run(slurm) == 0
    assert slurm.read("words") == ""
    assert slurm.said == [
        f"train: looking for {record.name} in the queue: an earlier command was killed while it submitted that job",
        f"train: following job 17 again, submitted at {record.submitted_at}",
        "train: job 17 runs on n1",
    ]


def test_a_builder_that_died_before_sbatch_has_no_job_to_wait_for(slurm, monkeypatch):
    record = killed_while_it_submits(slurm, monkeypatch, when="never")
    monkeypatch.setattr(module, "SUBMISSION_S", -1.0)
    slurm.ended("COMPLETED")
    slurm.write_receipt()
    assert run(slurm) == 0
    assert slurm.said[1:] == ["train: submitted as job 17"]
    assert slurm.read("name") not in ("", f"{record.name}\n")


def test_who_looks_for_a_job_can_be_stopped(slurm, monkeypatch):
    killed_while_it_submits(slurm, monkeypatch, when="never")
    stopping = StopBuild()
    stopping.count = 1
    assert LAUNCHER.run(slurm.job(), stopping=stopping, say=slurm.said.append) == 75
    assert slurm.said[1].startswith("a: train: YZ311 stopped on request, before its job was found\n")
    assert Scratch.of(slurm.layout, "train").job_path.exists()


def test_a_job_for_another_request_is_not_followed(slurm):
    slurm.recorded()
    slurm.layout.request_path("train").write_text('{"lr": 1}')
    slurm.know(queue="PENDING|Priority|\n")
    assert run(slurm) == 2
    assert slurm.said == [
        "a: train: YZ347 job 17 of 2026-01-01T00:00:00+00:00 is pending, for another request\n"
        "  fix: wait until it is over, or end it: scancel 17; then run the same command again"
    ]
    assert json.loads(Scratch.of(slurm.layout, "train").job_path.read_text())["job"] == "17"

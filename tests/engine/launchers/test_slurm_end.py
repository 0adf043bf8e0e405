import pytest

from yolozu.engine.launchers.slurm_commands import GONE, JobState
from yolozu.engine.launchers.slurm_end import exit_code_of
from yolozu.errors import YolozuError


def end(slurm, state, *, cancelled=False):
    return exit_code_of(slurm.job(), slurm.recorded(), state, cancelled=cancelled)


def refusal(slurm, state, **options):
    with pytest.raises(YolozuError) as refused:
        end(slurm, state, **options)
    return refused.value


@pytest.mark.parametrize("code", [1, 2, 70, 75])
def test_a_worker_that_has_said_why_ends_with_its_own_code(slurm, code):
    record = slurm.recorded()
    slurm.write_failure()
    assert exit_code_of(slurm.job(), record, JobState("FAILED", exit_code=code), cancelled=False) == code


def test_a_stage_is_done_once_its_receipt_is_of_this_job(slurm):
    slurm.write_receipt()
    assert end(slurm, JobState("COMPLETED", exit_code=0)) == 0
    slurm.write_receipt(job="16")
    assert str(refusal(slurm, JobState("COMPLETED", exit_code=0))) == (
        "a: train: YZ350 job 17 ended well, but left no receipt here\n"
        "  fix: see that its node and this machine share the directory of the run; "
        "its log: runs/a/scratch/train.job.log"
    )


def test_a_stop_that_came_too_late_for_this_stage_is_still_one(slurm):
    slurm.write_receipt()
    assert end(slurm, JobState("FAILED", exit_code=75)) == 75


@pytest.mark.parametrize(("kind", "code"), [("GateFailed", 1), ("InputError", 2), ("Interrupted", 75), ("Bug", 70)])
def test_of_a_forgotten_job_the_run_itself_tells(slurm, kind, code):
    record = slurm.recorded()
    slurm.write_failure(kind)
    assert exit_code_of(slurm.job(), record, JobState(GONE), cancelled=False) == code
    slurm.write_receipt()
    assert exit_code_of(slurm.job(), record, JobState(GONE), cancelled=False) == 0


def test_a_forgotten_job_that_left_nothing_is_told_of(slurm):
    assert "YZ350 job 17 is forgotten by Slurm, but left no receipt here" in str(refusal(slurm, JobState(GONE)))


@pytest.mark.parametrize(
    ("state", "code", "problem", "fix"),
    [
        (
            JobState("OUT_OF_MEMORY", exit_code=0, signal=9),
            75,
            "OUT_OF_MEMORY, signal 9",
            "ask for more (memory: 64G, say), and run the same command again: it goes on from what was saved",
        ),
        (
            JobState("TIMEOUT", exit_code=0, signal=15),
            75,
            "TIMEOUT, signal 15",
            "run the same command again: it goes on from what was saved; time_limit gives it more time at once",
        ),
        (JobState("CANCELLED"), 75, "CANCELLED", "run the same command again: it goes on from what was saved"),
        (
            JobState("FAILED", exit_code=127),
            2,
            "FAILED, exit code 127",
            "look for the reason above; the node needs the same Python environment at the same place",
        ),
        (
            JobState("FAILED", exit_code=0, signal=53),
            2,
            "FAILED, signal 53",
            "its node could not open its log: it has to share the directory of the run with this machine",
        ),
    ],
)
def test_what_slurm_says_is_told_with_the_way_out(slurm, state, code, problem, fix):
    error = refusal(slurm, state)
    assert str(error) == (f"a: train: YZ348 job 17 ended: {problem}\n  fix: {fix}; log: runs/a/scratch/train.job.log")
    assert error.exit_code == code


def test_a_job_that_this_build_has_cancelled_was_stopped(slurm):
    assert str(refusal(slurm, JobState("CANCELLED"), cancelled=True)).startswith(
        "a: train: YZ311 stopped on request, with job 17\n"
    )
    record = slurm.recorded()
    slurm.write_failure("Interrupted")  # by its worker, which had time to save
    assert exit_code_of(slurm.job(), record, JobState("CANCELLED"), cancelled=True) == 75

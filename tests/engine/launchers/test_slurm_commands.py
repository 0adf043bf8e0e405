import pytest

from yolozu.engine.launchers import slurm_commands
from yolozu.engine.launchers.slurm_commands import GONE, JobState, cancel, job_called, state_of, submit
from yolozu.errors import UsageError


def look(name="a.train"):
    return state_of("17", name)


@pytest.mark.effect("sbatch_args")
def test_a_script_is_handed_over_with_further_words(slurm, monkeypatch):
    monkeypatch.setenv("SLURM_MEM_PER_CPU", "1")
    monkeypatch.setenv("SLURM_CONF", "/etc/slurm.conf")
    words = slurm.job(sbatch_args=("--exclude=n3", "--job-name=x")).operations.sbatch_args
    assert submit("#!/bin/sh\n", "a.train-1", words) == "17"
    assert slurm.read("script") == "#!/bin/sh\n"
    assert slurm.read("words") == "--parsable --exclude=n3 --job-name=x --job-name=a.train-1\n"
    ours = [line for line in slurm.read("environment").splitlines() if line.startswith("SLURM")]
    assert ours == ["SLURM_CONF=/etc/slurm.conf"]


def test_a_refusal_is_told_in_the_cluster_s_words(slurm):
    slurm.know(refusal="sbatch: error: invalid partition specified: gpu\nsbatch: error: Batch job submission failed\n")
    with pytest.raises(UsageError) as refused:
        submit("", "a.train-1", [])
    assert str(refused.value) == (
        "sbatch: YZ346 invalid partition specified: gpu; Batch job submission failed\n"
        "  fix: change partition, account, time_limit, gpus, cpus, memory or sbatch_args; sinfo says what there is"
    )


def test_a_job_that_was_taken_though_sbatch_got_no_answer_is_not_lost(slurm):
    slurm.know(silence="")
    assert submit("", "a.train-1", []) == "17"


def test_a_job_is_found_by_its_name_also_by_sacct(slurm):
    assert job_called("a.train-1") == ""
    slurm.know(accounts="19\n")
    assert job_called("a.train-1") == "19"
    slurm.know(named="17\n")
    assert job_called("a.train-1") == "17"
    slurm.know(unsure="")
    assert job_called("a.train-1") is None


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("PENDING|Resources|", JobState("PENDING", "Resources")),
        ("RUNNING|None|n[1-2]", JobState("RUNNING", "", "n[1-2]")),
    ],
)
def test_squeue_tells_of_a_job_that_waits_or_runs(slurm, line, state):
    slurm.know(queue=f"{line}\n")
    assert look() == state


def test_scontrol_tells_how_a_job_ended(slurm):
    slurm.ended("FAILED", "75:0")
    assert look() == JobState("FAILED", exit_code=75)
    slurm.ended("OUT_OF_MEMORY", "0:9")
    assert look() == JobState("OUT_OF_MEMORY", exit_code=0, signal=9)


def test_a_job_of_another_name_is_not_ours(slurm):
    slurm.ended("RUNNING", name="somebody_else_s")
    assert look() == JobState(GONE)


def test_sacct_knows_what_the_others_have_forgotten(slurm):
    slurm.know(accounts="CANCELLED by 0|0:15\n")
    assert look() == JobState("CANCELLED", exit_code=0, signal=15)


def test_a_job_that_nobody_knows_is_gone(slurm):
    assert look() == JobState(GONE)


def test_where_nobody_answers_nothing_is_known(slurm):
    slurm.know(queue="down\n")
    (slurm.place / "bin/scontrol").write_text("#!/bin/sh\necho 'Unable to contact slurm controller' >&2; exit 1\n")
    assert look() is None


def test_a_program_that_hangs_does_not_answer(slurm, monkeypatch):
    monkeypatch.setattr(slurm_commands, "ANSWER_S", 0.05)
    for name in ("squeue", "scontrol", "sacct"):
        (slurm.place / "bin" / name).write_text("#!/bin/sh\nexec sleep 5\n")
    assert look() is None


def test_a_job_is_ended_softly_or_hard(slurm):
    assert (cancel("17"), cancel("17", hard=True)) == ("", "")
    assert slurm.read("cancelled") == "17\n--full --signal=KILL 17\n"
    slurm.know(objection="scancel: error: Access/permission denied\n")
    assert cancel("17") == "scancel: error: Access/permission denied"

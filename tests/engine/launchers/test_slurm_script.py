import sys

import pytest

from yolozu.engine.launchers import slurm_script
from yolozu.engine.launchers.slurm_script import job_script

WHOLE = """\
#!/bin/sh
#SBATCH --output={here}/runs/a/scratch/train.job.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:TERM@60
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
{asked}cd {here} || exit 2
export YOLOZU_EXECUTOR=slurm YOLOZU_JOB="$SLURM_JOB_ID"
export TORCHINDUCTOR_CACHE_DIR={here}/runs/.cache/torch
export MALLOC_MMAP_MAX_=0
export MALLOC_TRIM_THRESHOLD_=1099511627776
exec {python} -m yolozu.engine.worker runs/a/plan/train.json --events
"""


def whole(tmp_path, asked=""):
    return WHOLE.format(here=tmp_path, asked=asked, python=sys.executable)


def test_a_job_is_the_worker_s_command_line_in_the_same_directory(slurm, tmp_path):
    assert job_script(slurm.job("--events"), {}) == whole(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "asked"),
    [
        pytest.param("partition", "gpu", "partition=gpu", marks=pytest.mark.effect("partition")),
        pytest.param("account", "vision", "account=vision", marks=pytest.mark.effect("account")),
        pytest.param("time_limit", "2-00:00:00", "time=2-00:00:00", marks=pytest.mark.effect("time_limit")),
        pytest.param("gpus", 4, "gpus-per-node=4", marks=pytest.mark.effect("gpus")),
        pytest.param("cpus", 16, "cpus-per-task=16", marks=pytest.mark.effect("cpus")),
        pytest.param("memory", "64G", "mem=64G", marks=pytest.mark.effect("memory")),
    ],
)
def test_each_key_is_a_line_of_the_script(slurm, tmp_path, key, value, asked):
    script = job_script(slurm.job("--events", **{key: value}), {})
    assert script == whole(tmp_path, f"#SBATCH --{asked}\n")


def test_what_the_builder_s_environment_says_of_the_worker_stays(slurm):
    assert "export MALLOC_MMAP_MAX_=9\n" in job_script(slurm.job(), {"MALLOC_MMAP_MAX_": "9", "HOME": "/root"})


def test_places_may_have_spaces_and_percent_signs(slurm, tmp_path, monkeypatch):
    (tmp_path / "50% off").mkdir()
    monkeypatch.chdir(tmp_path / "50% off")
    script = job_script(slurm.job(), {})
    assert f"#SBATCH --output='{tmp_path}/50%% off/runs/a/scratch/train.job.log'\n" in script
    assert f"\ncd '{tmp_path}/50% off' || exit 2\n" in script


@pytest.mark.effect("nnodes")
def test_a_stage_that_several_nodes_run_has_its_worker_on_each(slurm, tmp_path, monkeypatch):
    """Then the signal goes to the workers, which are steps of the job, and not to its shell."""
    monkeypatch.setattr(slurm_script, "read_request", lambda path: path)
    monkeypatch.setattr(slurm_script, "runs_as_several", lambda path: path.stem == "train")
    script = job_script(slurm.job("--events", nnodes=2, cpus=4), {})
    alone = whole(tmp_path, "#SBATCH --cpus-per-task=4\n")
    expected = alone.replace("B:TERM", "TERM").replace("nodes=1\n", "nodes=2\n", 1)
    assert script == expected.replace("exec ", "exec srun --ntasks-per-node=1 --cpus-per-task=4 ")
    monkeypatch.setattr(slurm_script, "runs_as_several", lambda _: False)
    assert job_script(slurm.job("--events", nnodes=2, cpus=4), {}) == alone

import sys

import pytest

from yolozu.engine.launchers.job_files import JobFiles
from yolozu.engine.launchers.standing import JobStanding, standings
from yolozu.engine.lock import HeldLock
from yolozu.engine.scratch import Scratch


def told(slurm, stage="train"):
    return [standing.render() for standing in standings(slurm.layout, stage)]


def test_a_stage_without_a_job_has_none(slurm):
    assert told(slurm) == []


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("17|RUNNING|None|n1", "slurm job 17 runs on n1"),
        ("17|PENDING|Priority|", "slurm job 17 waits: Priority"),
        ("17|NODE_FAIL|None|n1", "slurm job 17 waits for a machine"),
        ("17|COMPLETED|None|n1", None),
        ("18|RUNNING|None|n1", None),
        ("", None),
    ],
)
def test_slurm_is_asked_how_a_job_stands(slurm, line, text):
    slurm.recorded()
    slurm.know(named=f"{line}\n" if line else "")
    assert told(slurm) == ([] if text is None else [text])


def test_where_slurm_does_not_answer_the_record_is_all_that_is_known(slurm, monkeypatch):
    slurm.recorded()
    monkeypatch.setenv("PATH", "/nowhere")
    assert told(slurm) == ["slurm job 17 of 2026-01-01T00:00:00+00:00 may wait or run: slurm does not answer here"]


def test_parts_of_a_stage_have_jobs_of_their_own(slurm):
    slurm.recorded()
    train = Scratch.of(slurm.layout, "train").job_path
    train.rename(Scratch.of(slurm.layout, "predict.shard-2").job_path)
    slurm.know(named="17|RUNNING|None|n1\n")
    assert [(one.stage, one.render()) for one in standings(slurm.layout, "predict")] == [
        ("predict.shard-2", "slurm job 17 runs on n1")
    ]


def test_a_call_of_ray_s_is_there_as_long_as_its_builder(slurm):
    files = JobFiles(slurm.layout.job_dir("train"))
    files.make()
    assert told(slurm) == []
    builder = HeldLock(slurm.layout.lock_path, code="YZ302", what="run a")
    assert told(slurm) == ["ray waits for a machine"]
    files.tries_path.write_text("n1\nn2\n")
    assert told(slurm) == ["ray runs on n2"]
    builder.release()
    assert told(slurm) == []


def test_asking_imports_nothing_of_ray(slurm):
    told(slurm)
    assert "ray" not in sys.modules
    assert not JobStanding("train", "ray", "", "runs", "n1").outlives_builder

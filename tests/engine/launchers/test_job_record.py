import hashlib
import re

import pytest

from yolozu.engine.launchers.job_record import JobRecord, record_path, request_digest
from yolozu.errors import InputError


def test_a_record_is_read_as_it_was_written(slurm):
    path = record_path(slurm.job())
    assert JobRecord.read(path) is None
    record = JobRecord.of(slurm.job(), executor="slurm")
    record.write(path)
    assert JobRecord.read(path) == record
    assert (record.job, record.request) == ("", hashlib.sha256(b"{}").hexdigest())
    assert str(path) == "runs/a/scratch/train.job.json"


def test_the_queue_shows_run_and_stage_and_no_two_jobs_have_the_same_name(slurm):
    first, second = (JobRecord.of(slurm.job(), executor="slurm").called(slurm.job()) for _ in range(2))
    assert re.fullmatch(r"a\.train-[0-9a-f]{8}", first)
    assert first != second


def test_a_record_of_an_earlier_release_has_the_name_that_all_jobs_of_the_stage_had(slurm):
    path = record_path(slurm.job())
    path.write_text('{"schema_version": 1, "executor": "slurm", "job": "17", "request": "", "submitted_at": ""}')
    record = JobRecord.read(path)
    assert record is not None
    assert record.called(slurm.job()) == "a.train"


def test_another_request_has_another_digest(slurm):
    before = request_digest(slurm.job())
    slurm.layout.request_path("train").write_text('{"lr": 1}')
    assert request_digest(slurm.job()) != before


def test_a_record_that_cannot_be_read_says_what_to_do(slurm):
    path = record_path(slurm.job())
    path.write_text("{}")
    with pytest.raises(InputError) as refused:
        JobRecord.read(path)
    assert refused.value.findings[0].code == "YZ351"
    assert refused.value.findings[0].fix == (
        "look in the cluster's queue, cancel a job of this stage that is there, and delete the file"
    )

from __future__ import annotations

import pytest

from tests.cli.runs import write_dataset, write_run
from yolozu.app.stored_outputs import write_teachers
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.stored_outputs import file_of, read_stored_outputs
from yolozu.errors import InputError
from yolozu.progress import SilentProgress


def test_a_run_means_its_best_checkpoint(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "data", exported)
    write_run(tmp_path / "runs/exp", exported)
    (tmp_path / "runs/exp/plan").mkdir()
    done = write_teachers(
        "exp", tmp_path / "data", None, tmp_path / "out/teachers", device="cpu", progress=SilentProgress()
    )
    assert (done.split, done.images, done.files) == ("val", 5, 5)
    record = exported.index.records[0]
    stored = read_stored_outputs(tmp_path / "out/teachers" / file_of(record.sha256), image_sha256=record.sha256)
    assert stored.teacher_sha256 == digest_file(tmp_path / "runs/exp/checkpoints/best.pt")


def test_a_data_set_that_is_not_there_writes_nothing(exported, tmp_path):
    with pytest.raises(InputError):
        write_teachers(
            str(exported.checkpoint), tmp_path / "data", None, tmp_path / "out", device="cpu", progress=SilentProgress()
        )
    assert not (tmp_path / "out").exists()

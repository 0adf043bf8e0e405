"""Rows of metrics: their form, and what is left of them after a kill."""

import json

import pytest

from tests.fixtures.small_disk import files_end_at
from yolozu.training.metrics_log import MetricsLog, SilentLog, comparable


def write_rows(path, count, *, keep_rows=0):
    with MetricsLog(path, keep_rows=keep_rows) as log:
        for step in range(count):
            log.write("train_step", epoch=1, step=2 * step, optim_step=step, losses={"total": 1.5}, metrics={"lr": 0.1})
        log.sync()
        return log.rows


def test_a_row_has_exactly_these_keys(tmp_path):
    path = tmp_path / "train.jsonl"
    assert write_rows(path, 1) == 1
    row = json.loads(path.read_text())
    assert row.pop("timestamp").endswith("+00:00")
    assert row == {
        "schema_version": 1,
        "losses": {"total": 1.5},
        "metrics": {"lr": 0.1},
        "meta": {"kind": "train_step", "epoch": 1, "step": 0, "optim_step": 0},
    }


def test_rows_are_on_disk_as_soon_as_they_are_written(tmp_path):
    path = tmp_path / "train.jsonl"
    with MetricsLog(path, keep_rows=0) as log:
        log.write("early_stop", epoch=1, step=1, optim_step=1, losses={}, metrics={})
        assert path.read_text().endswith("}\n")


def test_what_came_after_the_saved_rows_is_cut_off_also_half_a_row(tmp_path):
    path = tmp_path / "train.jsonl"
    write_rows(path, 5)
    kept = path.read_text().splitlines(keepends=True)[:2]
    path.write_text(path.read_text() + '{"half a r')
    with MetricsLog(path, keep_rows=2) as log:
        assert log.rows == 2
    assert path.read_text() == "".join(kept)


def test_fewer_rows_than_saved_is_an_error(tmp_path):
    path = tmp_path / "train.jsonl"
    write_rows(path, 1)
    path.write_text(path.read_text() + '{"half a r')
    with pytest.raises(ValueError, match="has 1 whole rows, not 2"):
        MetricsLog(path, keep_rows=2)


def test_numbers_that_are_none_are_refused(tmp_path):
    with MetricsLog(tmp_path / "a.jsonl", keep_rows=0) as log, pytest.raises(ValueError, match="Out of range float"):
        log.write("train_step", epoch=1, step=1, optim_step=1, losses={"total": float("nan")}, metrics={})


def test_comparable_leaves_out_what_a_clock_says():
    row = {"timestamp": "now", "losses": {"a": 1.0}, "metrics": {"lr": 0.1, "step_time_s": 2.0, "memory_mb": 3.0}}
    assert comparable(row) == {"losses": {"a": 1.0}, "metrics": {"lr": 0.1}}


def test_a_silent_log_keeps_nothing():
    with SilentLog() as log:
        log.write("val_step", epoch=1, step=1, optim_step=1, losses={}, metrics={})
        log.sync()
        assert log.rows == 0


def test_a_disk_that_refuses_names_the_file(tmp_path):
    path = tmp_path / "a.jsonl"

    def write():
        with files_end_at(1000):
            write_rows(path, 100)

    with pytest.raises(OSError, match="File too large") as caught:
        write()
    assert caught.value.filename == str(path)

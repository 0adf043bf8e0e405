"""The picture of a build, line by line."""

import pytest

from yolozu.engine.view import board as module
from yolozu.engine.view.board import Board
from yolozu.engine.view.events import Advances, BuildBegins, Says, StageChanges

NOTE = "epoch 10/29  loss 4.21  best mAP 0.312  41.3 images/s  1.9 GB  lr 0.0001 0.001"


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def board_of(clock, *, run_id="exp01"):
    board = Board()
    board.take(BuildBegins(run_id=run_id, headline="", stages=["prepare_data", "train", "export_onnx", "evaluate"]))
    board.take(StageChanges(stage="prepare_data", state="running", reasons=["has not been built"]))
    board.take(Says(stage="prepare_data", kind="note", text="prepare_data: 128 images, 929 objects of 80 classes"))
    board.take(StageChanges(stage="prepare_data", state="done", seconds=1.23))
    board.take(StageChanges(stage="train", state="running"))
    board.take(Advances(stage="train", title="train", done=300, total=900))
    clock[0] += 60.0
    board.take(Advances(stage="train", title="train", done=312, total=900, note=NOTE))
    return board


def picture(board, width):
    return "\n".join(line.plain for line in board.lines(width))


def test_a_stage_is_a_line_and_the_running_one_has_two_more(clock):
    assert picture(board_of(clock), 80) == (
        "exp01  1:00\n"
        "✓ prepare_data     1.2s  128 images, 929 objects of 80 classes\n"
        "⠋ train            1:00\n"
        "    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  train 312/900  35%  49:00 left\n"
        "    epoch 10/29  loss 4.21  best mAP 0.312  41.3 images/s  1.9 GB  lr 0.0001 0.…\n"
        "· export_onnx\n"
        "· evaluate"
    )


def test_a_narrow_terminal_gets_less_of_each_line(clock):
    assert picture(board_of(clock, run_id="exp01-" + "long-" * 20), 40) == (
        "exp01-long-long-long-long-long-lo…  1:00\n"
        "✓ prepare_data     1.2s  128 images, 92…\n"
        "⠋ train            1:00\n"
        "    train 312/900  35%  49:00 left\n"
        "    epoch 10/29  loss 4.21  best mAP 0.…\n"
        "· export_onnx\n"
        "· evaluate"
    )


@pytest.mark.parametrize("width", [1, 10, 40, 80, 120])
def test_nothing_is_wider_than_the_terminal(clock, width):
    board = board_of(clock, run_id="走" * 90)
    assert max(line.cell_len for line in board.lines(width)) <= width


def test_work_of_unknown_speed_has_no_time_left_and_a_new_piece_of_work_begins_anew(clock):
    board = board_of(clock)
    board.take(Advances(stage="train", title="save", done=0, total=3))
    assert "save 0/3  0%\n" in picture(board, 80)
    clock[0] += 2.0
    board.take(Advances(stage="train", title="save", done=1, total=3))
    assert "save 1/3  33%  0:04 left\n" in picture(board, 80)


def test_a_stage_without_a_bar_shows_that_it_lives(clock):
    board = board_of(clock)
    board.take(StageChanges(stage="train", state="done", seconds=75.0))
    board.take(StageChanges(stage="export_onnx", state="running", reasons=["has not been built"]))
    before = picture(board, 80).splitlines()[3]
    clock[0] += 0.25
    assert (before, picture(board, 80).splitlines()[3]) == (
        "⠋ export_onnx      0:00  has not been built",
        "⠙ export_onnx      0:00  has not been built",
    )


def test_ends_are_told(clock):
    board = board_of(clock)
    board.take(StageChanges(stage="train", state="failed", seconds=75.0))
    board.take(StageChanges(stage="evaluate", state="up to date"))
    board.take(StageChanges(stage="export_onnx", state="done", seconds=2.0, numbers={"opset": 18, "name": "x"}))
    lines = picture(board, 80).splitlines()
    assert lines[3] == "✓ export_onnx      2.0s  opset 18"
    assert lines[2] == "✗ train          1m 15s"
    assert lines[-1] == "= evaluate               up to date"
    board.take(StageChanges(stage="export_onnx", state="done", seconds=2.0, numbers={"opset": 18}, from_store="b"))
    assert picture(board, 80).splitlines()[3] == "✓ export_onnx      2.0s  from the store (b)"


def note(text, shard=None, stage="train"):
    return Says(stage=stage, shard=shard, tells_of_job=True, kind="note", text=text)


def test_the_job_of_a_stage_is_told_while_it_runs(clock):
    board = board_of(clock)
    board.take(note("train: job 17 waits in the queue: Priority"))
    board.take(note("train: job 17 runs on n1"))
    board.take(Says(stage="train", kind="note", text="step 20: validation loss 3"))
    assert picture(board, 80).splitlines()[2] == "⠋ train            1:00  job 17 runs on n1"
    board.take(StageChanges(stage="train", state="done", seconds=75.0))
    assert picture(board, 80).splitlines()[2] == "✓ train          1m 15s  step 20: validation loss 3"


def test_bars_of_parts_are_one_bar_of_all_that_have_begun(clock):
    board = board_of(clock)
    board.take(StageChanges(stage="evaluate", state="running"))
    for shard in (1, 2):
        board.take(note(f"evaluate.shard-{shard}: job 1{shard} runs on n{shard}", shard, "evaluate"))
        board.take(Advances(stage="evaluate", shard=shard, title="predict", done=0, total=40))
    clock[0] += 10.0
    board.take(Advances(stage="evaluate", shard=1, title="predict", done=15, total=40, note="7 images/s"))
    board.take(Advances(stage="evaluate", shard=2, title="predict", done=5, total=40))
    assert picture(board, 80).splitlines()[-3:] == [
        "⠋ evaluate         0:10  job 11 runs on n1, job 12 runs on n2",
        "    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  predict 20/80  25%  0:30 left",
        "    2 shards",
    ]
    board.take(Advances(stage="evaluate", title="put together", done=1, total=2))
    assert "put together 1/2" in picture(board, 80)
    assert "shards" not in picture(board, 80)

"""How long stages took, by receipts."""

import json

import pytest

from yolozu.app.expected_time.past import past_stages
from yolozu.paths import TRAIN_METRICS, RunLayout

START = "2026-01-01T00:00:00+00:00"


def write(root, stage, *, seconds=10.0, numbers=None, spec=None, rows=(), **others):
    layout = RunLayout(root)
    layout.receipts_dir.mkdir(parents=True, exist_ok=True)
    receipt = {"stage": stage, "spec": {"s": spec or {}}, "numbers": numbers or {}, "seconds": seconds}
    layout.receipt_path(stage).write_text(json.dumps({**receipt, "started_at": START, "ran_on": {}, **others}))
    if rows:
        (root / "reports").mkdir(exist_ok=True)
        lines = [{"meta": {"optim_step": step}, "timestamp": f"2026-01-01T00:{when}+00:00"} for step, when in rows]
        (root / TRAIN_METRICS).write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def test_a_stage_has_the_keys_and_images_of_its_whole_run(tmp_path):
    write(tmp_path / "a", "prepare_data", numbers={"train_images": 4}, spec={"split": "train"})
    write(tmp_path / "a", "predict", spec={"max_images": 2}, ran_on={"host": "h", "executor": "local"})
    found = {one.stage: one for one in past_stages(tmp_path)}
    assert found["predict"].keys == {"split": "train", "max_images": 2}
    assert (found["predict"].counts, found["predict"].host) == ({"train_images": 4}, "h")
    assert (found["prepare_data"].seconds, found["prepare_data"].executor) == (10.0, None)


def test_what_does_not_grow_is_told_apart(tmp_path):
    write(tmp_path / "a", "train", seconds=100.0, numbers={"steps": 11}, rows=[(1, "00:50"), (11, "01:10")])
    write(tmp_path / "a", "predict", numbers={"seconds": 4.0})
    write(tmp_path / "a", "report")
    assert {one.stage: one.fixed_s for one in past_stages(tmp_path)} == {"train": 78.0, "predict": 6.0, "report": 0.0}


@pytest.mark.parametrize("rows", [[], [(1, "00:00"), (9, "01:00")]])
def test_a_training_of_several_tries_says_nothing(tmp_path, rows):
    started = "2026-01-01T00:00:30+00:00"
    write(tmp_path / "a", "train", numbers={"steps": 9}, rows=rows, started_at=started)
    assert past_stages(tmp_path) == []


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"stage": "train"}', "\xff"])
def test_what_cannot_be_read_is_left_out(tmp_path, text):
    write(tmp_path / "a", "report")
    RunLayout(tmp_path / "a").receipt_path("train").write_bytes(text.encode("latin-1"))
    assert [one.stage for one in past_stages(tmp_path)] == ["report"]

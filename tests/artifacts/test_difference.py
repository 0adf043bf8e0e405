from dataclasses import replace

import pytest
import torch

from yolozu.artifacts.checkpoint import Checkpoint, TrainingRecord, write_checkpoint
from yolozu.artifacts.difference import (
    FileDifference,
    first_in_checkpoints,
    first_in_json,
    first_in_rows,
    first_in_tensors,
)
from yolozu.structures.classes import ClassTable

CHECKPOINT = Checkpoint(
    model_config={"num_queries": 8},
    classes=ClassTable(("red",), (1,)),
    preprocess={"height": 64},
    weights={"a.weight": torch.arange(6.0).reshape(2, 3), "b.num_batches_tracked": torch.tensor(7)},
    ema={"a.weight": torch.zeros(2)},
    eval_weights="ema",
    contract_digest="c" * 64,
    step=5,
    epoch=1,
    metrics={"map50": 0.25},
    training_state=TrainingRecord(
        {"learner": {"ema_updates": 5}, "state": {"verdicts": {"best_score": 0.5}}},
        {"optimizer/a.weight/exp_avg": torch.tensor([0.1, float("nan")])},
    ),
)


def changed(values, name, index, value):
    tensor = values[name].clone()
    tensor[index] = value
    return {**values, name: tensor}


STATE = CHECKPOINT.training_state
MOMENT = "optimizer/a.weight/exp_avg"
NUDGED = torch.nextafter(torch.tensor(5.0), torch.tensor(6.0)).item()
PLANTED = {
    "a weight": (
        replace(CHECKPOINT, weights=changed(CHECKPOINT.weights, "a.weight", (1, 2), NUDGED)),
        FileDifference("weights/a.weight[1, 2]", "5.0", repr(NUDGED), "1 of 6 numbers, by at most 4.77e-07"),
    ),
    "a counter in a buffer": (
        replace(CHECKPOINT, weights=changed(CHECKPOINT.weights, "b.num_batches_tracked", (), 9)),
        FileDifference("weights/b.num_batches_tracked", "7", "9", "1 of 1 numbers, by at most 2"),
    ),
    "the average": (
        replace(CHECKPOINT, ema=changed(CHECKPOINT.ema, "a.weight", slice(None), -0.5)),
        FileDifference("ema/a.weight[0]", "0.0", "-0.5", "2 of 2 numbers, by at most 0.5"),
    ),
    "the sign of a zero": (
        replace(CHECKPOINT, ema=changed(CHECKPOINT.ema, "a.weight", 1, -0.0)),
        FileDifference("ema/a.weight[1]", "0.0", "-0.0", "1 of 2 numbers, by at most 0"),
    ),
    "the optimizer": (
        replace(CHECKPOINT, training_state=replace(STATE, tensors=changed(STATE.tensors, MOMENT, 0, 1))),
        FileDifference(f"training/{MOMENT}[0]", "0.10000000149011612", "1.0", "1 of 2 numbers, by at most 0.9"),
    ),
    "a shape": (
        replace(CHECKPOINT, weights={**CHECKPOINT.weights, "a.weight": torch.zeros(6)}),
        FileDifference("weights/a.weight", "float32 [2, 3]", "float32 [6]"),
    ),
    "a type": (
        replace(CHECKPOINT, ema={"a.weight": torch.zeros(2, dtype=torch.bfloat16)}),
        FileDifference("ema/a.weight", "float32 [2]", "bfloat16 [2]"),
    ),
    "a tensor too many": (
        replace(CHECKPOINT, ema={**CHECKPOINT.ema, "c": torch.zeros(1)}),
        FileDifference("ema/c", "absent", "present"),
    ),
    "the step, which comes before all tensors": (
        replace(CHECKPOINT, step=6, weights=changed(CHECKPOINT.weights, "a.weight", (0, 0), 9)),
        FileDifference("step", "5", "6", "by 1"),
    ),
    "a counter of the learner": (
        replace(CHECKPOINT, training_state=replace(STATE, values={**STATE.values, "learner": {"ema_updates": 4}})),
        FileDifference("training.learner.ema_updates", "5", "4", "by 1"),
    ),
    "a score": (
        replace(CHECKPOINT, training_state=replace(STATE, values={**STATE.values, "state": {"verdicts": {}}})),
        FileDifference("training.state.verdicts.best_score", "0.5", "absent"),
    ),
    "a metric": (
        replace(CHECKPOINT, metrics={"map50": None}),
        FileDifference("metrics.map50", "0.25", "null"),
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_difference_of_checkpoints_is_found_and_named(tmp_path, kind):
    other, expected = PLANTED[kind]
    write_checkpoint(tmp_path / "a.pt", CHECKPOINT)
    write_checkpoint(tmp_path / "b.pt", other)
    assert first_in_checkpoints(tmp_path / "a.pt", tmp_path / "b.pt") == expected


def test_equal_checkpoints_have_none_also_where_their_files_differ(tmp_path):
    write_checkpoint(tmp_path / "a.pt", CHECKPOINT)
    write_checkpoint(tmp_path / "b.pt", CHECKPOINT)
    assert first_in_checkpoints(tmp_path / "a.pt", tmp_path / "b.pt") is None
    payload = torch.load(tmp_path / "a.pt", weights_only=True)
    torch.save(payload, tmp_path / "named differently.pt")
    found = first_in_checkpoints(tmp_path / "a.pt", tmp_path / "named differently.pt")
    assert found == FileDifference("the file's own layout", "", "", "all contents are equal")


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool])
def test_every_kind_of_number_is_compared(dtype):
    one = torch.tensor([[1, 0], [0, 1]]).to(dtype)
    other = one.clone()
    assert first_in_tensors("x", one, other.t().contiguous()) is None
    other[1, 0] = 1
    found = first_in_tensors("x", one, other)
    assert (found.place, found.extent) == ("x[1, 0]", "1 of 4 numbers, by at most 1")


def test_empty_tensors_are_equal():
    assert first_in_tensors("x", torch.zeros(0, 3), torch.zeros(0, 3)) is None


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"a": {"b": 1.5}}, {"a": {"b": 1.0}}, FileDifference("a.b", "1.5", "1.0", "by 0.5")),
        ({"b": 1, "a": 2}, {"b": 2, "a": 3}, FileDifference("a", "2", "3", "by 1")),
        ({"a": None}, {}, FileDifference("a", "null", "absent")),
        ({"a": 1}, {"a": 1.0}, FileDifference("a", "1", "1.0", "by 0")),
        ({"a": True}, {"a": 1}, FileDifference("a", "true", "1")),
        ({"a": [1, 2]}, {"a": [1, 3]}, FileDifference("a", "[1,2]", "[1,3]")),
        ({"a": {}}, {"a": 1}, FileDifference("a", "{}", "1")),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1}]}, None),
    ],
)
def test_the_first_difference_of_values(first, second, expected):
    assert first_in_json(first, second) == expected


def test_rows_are_counted_from_one_and_a_missing_one_is_a_difference():
    rows = [{"losses": {"total": float(step)}, "meta": {"optim_step": step}} for step in (3, 4)]
    assert first_in_rows(rows, rows) is None
    other = [rows[0], {**rows[1], "losses": {"total": 4.5}}]
    expected = FileDifference("row 2, of optimizer step 4: losses.total", "4.0", "4.5", "by 0.5")
    assert first_in_rows(rows, other) == expected
    assert first_in_rows(rows, rows[:1]) == FileDifference(
        "row 2", '{"losses":{"total":4.0},"meta":{"optim_step":4}}', "absent"
    )

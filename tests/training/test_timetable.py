"""When what happens, known answers and invariants."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.errors import ContractError
from yolozu.training.timetable import Timetable, replayed_per_batch


def timetable(**changes):
    keys = {
        "num_images": 11,
        "batch_size": 2,
        "accumulation": 4,
        "max_steps": None,
        "epochs": 3,
        "val_every": 1,
        "val_every_steps": None,
    }
    return Timetable(**{**keys, **changes})


def test_the_last_window_of_an_epoch_is_short():
    table = timetable()
    assert (table.batches_per_epoch, table.steps_per_epoch, table.total_steps) == (6, 2, 6)
    assert [table.window_size(step) for step in range(4)] == [4, 2, 4, 2]
    assert [table.batches_done(step) for step in range(5)] == [0, 4, 6, 10, 12]
    assert [table.epoch_of(step) for step in range(1, 5)] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("max_steps", "epochs", "total"), [(None, 3, 6), (5, None, 5), (5, 3, 5), (7, 3, 6), (100, None, 100)]
)
def test_the_smaller_limit_wins(max_steps, epochs, total):
    assert timetable(max_steps=max_steps, epochs=epochs).total_steps == total


def test_a_training_without_end_is_refused():
    with pytest.raises(ContractError) as caught:
        timetable(epochs=None)
    assert str(caught.value) == (
        "max_steps, epochs: YZ503 neither is given, so training would never end\n"
        "  fix: set max_steps (optimizer steps) or epochs; with both, the smaller wins"
    )


def test_validations_by_epoch_and_by_step():
    table = timetable(val_every=2, val_every_steps=3, epochs=6)
    due = {step: table.validation(step) for step in range(13)}
    assert {step: kind for step, kind in due.items() if kind} == {
        3: "val_step", 4: "val_epoch", 6: "val_step", 8: "val_epoch", 9: "val_step", 12: "val_epoch",
    }  # fmt: skip


def test_the_closing_validation_is_called_after_where_it_falls():
    assert timetable(max_steps=4).closing_validation(4) == "val_epoch"
    assert timetable(max_steps=3).closing_validation(3) == "val_step"


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 7), st.integers(1, 200))
def test_every_batch_of_every_epoch_is_in_exactly_one_window(num_images, batch_size, accumulation, steps):
    table = timetable(num_images=num_images, batch_size=batch_size, accumulation=accumulation, max_steps=steps)
    done = 0
    for step in range(min(steps, table.total_steps)):
        assert table.batches_done(step) == done
        assert 1 <= table.window_size(step) <= accumulation
        done += table.window_size(step)
        assert table.ends_epoch(step + 1) == (done % math.ceil(num_images / batch_size) == 0)
        assert table.epochs_done(step + 1) == done // table.batches_per_epoch


@pytest.mark.parametrize(
    ("share", "batch_size", "count"),
    [(0.0, 8, 0), (0.01, 8, 1), (0.5, 8, 4), (0.5, 5, 3), (0.3, 5, 2), (0.99, 8, 7), (0.5, 2, 1), (0.9, 2, 1)],
)
def test_a_share_of_a_batch_is_rounded_and_leaves_room(share, batch_size, count):
    assert replayed_per_batch(share, batch_size) == count


def test_an_epoch_is_a_pass_over_the_images_that_are_not_replayed():
    table = timetable(num_images=10, batch_size=4, accumulation=2, replayed_per_batch=1)
    assert (table.batches_per_epoch, table.steps_per_epoch) == (4, 2)

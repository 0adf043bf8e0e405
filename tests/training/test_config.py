"""The contract's sections as the numbers that the loop takes."""

import pytest

from tests.training.tiny import training_config


def test_learning_rates_take_every_key_of_the_schedule():
    chosen = training_config(
        lr=0.1, scheduler="multistep", scheduler_milestones=(3,), scheduler_gamma=0.5, lr_warmup_steps=2,
        lr_warmup_init=0.05,
    )  # fmt: skip
    rates = chosen.learning_rates(5)
    assert [rates.at(step) for step in range(5)] == pytest.approx([0.05, 0.075, 0.1, 0.05, 0.05])
    assert training_config(lr=0.1, scheduler="cosine", min_lr=0.01).learning_rates(5).at(4) == 0.01


def test_the_timetable_takes_every_key_of_loop_and_length():
    table = training_config(batch_size=3, gradient_accumulation_steps=2, max_steps=9, epochs=4, val_every=2).timetable(
        7
    )
    assert (table.steps_per_epoch, table.total_steps, table.val_every, table.val_every_steps) == (2, 8, 2, 3)

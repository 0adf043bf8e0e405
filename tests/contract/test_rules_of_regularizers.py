"""Weights that do not move are not held."""

import pytest


@pytest.mark.effect("ewc", "si")
@pytest.mark.parametrize("key", ["ewc", "si"])
def test_regularizers_of_a_frozen_base_are_refused(refusal, key):
    assert refusal(f"epochs: 1\nlora_r: 2\n{key}: true\n") == (
        f"exp.yaml:3: {key}: YZ105 {key} holds weights, and beside adapters all weights are frozen "
        "(lora_r: exp.yaml:2, lora_freeze_base: default)\n"
        f"  fix: set lora_freeze_base: false, or drop {key} or lora_r"
    )


@pytest.mark.parametrize("lines", ["lora_r: 2\nlora_freeze_base: false\newc: true\n", "ewc: true\nsi: true\n"])
def test_those_of_weights_that_move_are_not(load, lines):
    assert load(f"epochs: 1\n{lines}").warnings == ()


@pytest.mark.parametrize(("key", "factor"), [("ewc", "ewc_lambda"), ("si", "si_c")])
def test_a_first_task_has_nothing_to_weigh(load, key, factor):
    (warning,) = load(f"epochs: 1\n{key}: true\n{factor}: 2\n").warnings
    problem = "no effect here: continual_from is not set: a first task has nothing to hold"
    assert (warning.where, warning.problem) == (f"exp.yaml:3: {factor}", problem)
    assert warning.fix == f"set continual_from, or drop {factor}"

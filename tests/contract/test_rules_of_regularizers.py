"""Weights that a next task does not start from are not held."""

import pytest


@pytest.mark.effect("ewc", "si")
@pytest.mark.parametrize("frozen", ["", "lora_freeze_base: false\n"])
@pytest.mark.parametrize("key", ["ewc", "si"])
def test_what_is_merged_before_the_next_task_is_not_held(refusal, key, frozen):
    assert refusal(f"epochs: 1\n{key}: true\nlora_r: 2\n{frozen}") == (
        f"exp.yaml:2: {key}: YZ105 {key} holds weights to where a task ended, and adapters are merged into them before "
        f"the next (lora_r: exp.yaml:3)\n  fix: drop {key} or lora_r"
    )


def test_weights_without_adapters_are_held(load):
    assert load("epochs: 1\newc: true\nsi: true\n").warnings == ()


@pytest.mark.parametrize(("key", "factor"), [("ewc", "ewc_lambda"), ("si", "si_c")])
def test_a_first_task_has_nothing_to_weigh(load, key, factor):
    (warning,) = load(f"epochs: 1\n{key}: true\n{factor}: 2\n").warnings
    problem = "no effect here: continual_from is not set: a first task has nothing to hold"
    assert (warning.where, warning.problem) == (f"exp.yaml:3: {factor}", problem)
    assert warning.fix == f"set continual_from, or drop {factor}"

import pytest


def test_replaying_needs_an_earlier_training(refusal):
    assert refusal("epochs: 1\nreplay_share: 0.5\n") == (
        "exp.yaml:2: replay_share: YZ105 there is no earlier training whose images could be replayed "
        "(continual_from: default)\n"
        "  fix: set continual_from to a run that has replay_images, or drop replay_share"
    )


def test_a_batch_of_one_has_no_room_for_two(refusal):
    text = "epochs: 1\nbatch_size: 1\nmodel: {backbone: {norm: gn}, encoder: {norm: gn}}\nreplay_share: 0.5\ncontinual_from: a\n"  # noqa: E501
    assert "YZ105 a batch of one image has no room for a new and a replayed one" in refusal(text)


def test_stored_outputs_are_replayed_ones_or_those_of_a_directory(refusal, load):
    assert refusal("epochs: 1\nderpp: true\n").startswith("exp.yaml:2: derpp: YZ105 no image has stored outputs")
    assert load("epochs: 1\nderpp: true\nderpp_teacher_key: teachers\n").contract
    assert load("epochs: 1\nderpp: true\ncontinual_from: a\nreplay_share: 0.5\n").contract


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

"""What cannot learn beside a frozen base is refused before it begins."""

import pytest

FROZEN = "epochs: 1\nlora_r: 2\nlora_target: all_conv1x1\n"


def test_a_phase_of_a_frozen_head_is_refused(refusal):
    assert refusal(f"{FROZEN}max_steps: 9\nstage_off_steps: 3\n") == (
        "exp.yaml:5: stage_off_steps: YZ105 the only head that learns in these steps is frozen, and has no adapter "
        "(lora_target: exp.yaml:3)\n"
        "  fix: set lora_target: all_linear_conv1x1 (or head, or all_linear), or drop stage_off_steps"
    )


def test_a_reconstruction_head_that_paints_nothing_for_ever_is_refused(refusal):
    assert refusal(f"{FROZEN}enable_mim: true\n") == (
        "exp.yaml:4: enable_mim: YZ105 the new reconstruction head is frozen, and has no adapter "
        "(lora_target: exp.yaml:3)\n"
        "  fix: set lora_target: all_linear_conv1x1 (or head, or all_linear), or drop enable_mim"
    )


@pytest.mark.parametrize(
    "lines",
    [
        "max_steps: 9\nstage_k_steps: 3\nlora_train_bias: all\n",
        "max_steps: 9\nstage_k_steps: 3\nlora_freeze_base: false\n",
        "enable_mim: true\ninit_from: first.pt\n",
    ],
)
def test_what_learns_all_the_same_is_not(load, lines):
    assert load(FROZEN + lines).warnings == ()

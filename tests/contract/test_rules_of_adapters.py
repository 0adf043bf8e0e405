"""What learns beside a frozen base is not refused."""

import pytest

FROZEN = "epochs: 1\nlora_r: 2\nlora_target: all_conv1x1\n"


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

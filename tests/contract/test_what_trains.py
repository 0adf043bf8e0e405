"""What trains, in a line, without building a network."""

import pytest

from yolozu.contract.what_trains import what_trains

ADAPTED = "epochs: 1\nlora_r: 8\nlora_target: all_linear_conv1x1\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epochs: 1\n", None),
        (ADAPTED, "LoRA r 8 on all_linear_conv1x1, base frozen"),
        (f"{ADAPTED}lora_alpha: 16\n", "LoRA r 8 (alpha 16) on all_linear_conv1x1, base frozen"),
        (
            f"{ADAPTED}lora_alpha: 8\nlora_train_bias: all\n",
            "LoRA r 8 on all_linear_conv1x1 and all biases, base frozen",
        ),
        (f"{ADAPTED}lora_freeze_base: false\n", "LoRA r 8 on all_linear_conv1x1, and the base"),
        (f"{ADAPTED}qlora: true\n", "LoRA r 8 on all_linear_conv1x1, base frozen in int4wo"),
    ],
)
def test_in_words(load, text, said):
    assert what_trains(load(text).contract) == said

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


@pytest.mark.effect("torchao_quant")
def test_quantized_weights_need_adapters(refusal):
    assert refusal("epochs: 1\ntorchao_quant: int8wo\n") == (
        "exp.yaml:2: torchao_quant: YZ105 quantized weights do not learn, and without adapters hardly anything else "
        "does (lora_r: default)\n"
        "  fix: set lora_r above 0, or drop torchao_quant"
    )


@pytest.mark.effect("qlora")
def test_qlora_needs_adapters(refusal):
    assert refusal("epochs: 1\nqlora: true\nlora_r: 0\n") == (
        "exp.yaml:2: qlora: YZ105 quantized weights do not learn, and without adapters hardly anything else does "
        "(lora_r: exp.yaml:3)\n"
        "  fix: set lora_r above 0, or drop qlora"
    )


@pytest.mark.effect("lora_freeze_base", "torchao_quant", "qlora")
@pytest.mark.parametrize("asking", ["qlora: true", "torchao_quant: int8wo"])
def test_a_quantized_base_cannot_train(refusal, asking):
    key = asking.partition(":")[0]
    assert refusal(f"epochs: 1\nlora_r: 4\n{asking}\nlora_freeze_base: false\n") == (
        "exp.yaml:4: lora_freeze_base: YZ105 the base cannot train: quantized weights do not learn "
        f"({key}: exp.yaml:3)\n"
        f"  fix: drop lora_freeze_base: false, or {key}"
    )

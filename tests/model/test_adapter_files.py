"""Checkpoints with adapters as ordinary ones, taken apart, and together again: the same function, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.fixtures.exported import CONFIG, LORA_CONFIG, random_checkpoint
from yolozu.artifacts.checkpoint import TrainingRecord
from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.errors import InputError
from yolozu.model.adapter_files import applied, merged_checkpoint, split_checkpoint
from yolozu.model.loading import detector_from
from yolozu.model.lora import is_lora_parameter

IMAGES = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))


def adapted(*, seed=0, bias="none"):
    """A checkpoint with an average, of which the base is the same."""
    config = TrainedModelConfig.model_validate(
        {**CONFIG.model_dump(), "lora": {**LORA_CONFIG.lora.model_dump(), "bias": bias}}
    )
    saved = random_checkpoint(seed, config=config)
    average = {name: value * 0.5 if is_lora_parameter(name) else value for name, value in saved.weights.items()}
    return replace(saved, ema=average, eval_weights="ema", step=3, metrics={"map50_95": 0.5},
                   training_state=TrainingRecord({}, {}))  # fmt: skip


def outputs_of(checkpoint):
    with torch.no_grad():
        return detector_from(checkpoint)(IMAGES).named()


def refusal(function, *arguments):
    with pytest.raises(InputError) as caught:
        function(*arguments)
    return str(caught.value)


@pytest.mark.parametrize("weights", ["ema", "model"])
def test_a_merged_checkpoint_is_an_ordinary_one_that_computes_the_same(weights):
    given = replace(adapted(), eval_weights=weights)
    merged = merged_checkpoint(given)
    assert merged.model_config == CONFIG.model_dump(mode="json")
    assert list(merged.weights) == list(merged.ema) == list(random_checkpoint(0).weights)
    assert merged.training_state is None
    assert (merged.step, merged.metrics, merged.eval_weights) == (3, {"map50_95": 0.5}, weights)
    for name, values in outputs_of(given).items():
        torch.testing.assert_close(outputs_of(merged)[name], values, rtol=0, atol=1e-5)


@pytest.mark.parametrize("bias", ["none", "all"])
def test_what_is_split_is_put_together_again_bit_for_bit(bias):
    given = adapted(bias=bias)
    adapters, base = split_checkpoint(given)
    assert base.model_config == CONFIG.model_dump(mode="json")
    assert not any(is_lora_parameter(name) for name in base.weights)
    assert any(name.endswith(".bias") for name in adapters.tensors) is (bias == "all")
    again = applied(base, adapters)
    assert again.model_config == given.model_config
    assert all(torch.equal(value, given.ema[name]) for name, value in again.weights.items())
    assert sorted(again.weights) == sorted(given.ema)
    assert (again.step, again.metrics) == (3, {"map50_95": 0.5})


def test_biases_and_counters_of_the_base_count_for_nothing_where_adapters_bring_them():
    adapters, base = split_checkpoint(adapted(bias="all"))
    other = {
        name: value + 1 if name.endswith((".bias", ".num_batches_tracked")) else value
        for name, value in base.weights.items()
    }
    again = applied(replace(base, weights=other), adapters)
    assert torch.equal(again.weights["selector.norm.bias"], base.weights["selector.norm.bias"])


def test_another_base_is_refused():
    adapters, base = split_checkpoint(adapted())
    other = random_checkpoint(1)
    digests = [split[0].base_sha256[:12] for split in (split_checkpoint(adapted()), split_checkpoint(adapted(seed=1)))]
    assert digests[0] == adapters.base_sha256[:12]
    said = refusal(applied, other, replace(adapters, source="cats.pt"))
    assert said.startswith("checkpoint: YZ472 is not what the adapters of cats.pt belong to: its weights have digest ")
    assert said.endswith(
        f", theirs {adapters.base_sha256[:12]}\n  fix: give the checkpoint that they were trained beside: "
        "`yolozu lora split --base FILE` writes it"
    )
    weights = {name: value.clone() for name, value in base.weights.items()}
    weights["selector.proj.weight"][0, 0] += 1e-6
    assert "YZ472" in refusal(applied, replace(base, weights=weights), adapters)


def test_a_base_with_adapters_is_refused():
    given = adapted()
    adapters, _ = split_checkpoint(given)
    assert refusal(applied, given, adapters) == (
        "checkpoint: YZ471 has adapters itself\n"
        "  fix: give the checkpoint that the others were trained beside: `yolozu lora split --base FILE` writes it"
    )


@pytest.mark.parametrize("function", [merged_checkpoint, split_checkpoint])
def test_without_adapters_there_is_nothing_to_do(function):
    assert refusal(function, random_checkpoint(0)) == (
        "checkpoint: YZ470 has no adapters\n  fix: give a checkpoint of a training with lora_r above 0"
    )


def test_a_file_that_lost_a_tensor_makes_no_detector():
    adapters, base = split_checkpoint(adapted())
    few = dict(adapters.tensors)
    del few["selector.proj.lora_up.weight"]
    assert "YZ455" in refusal(applied, base, replace(adapters, tensors=few))

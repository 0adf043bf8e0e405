"""What trains with adapters: they alone beside a base that keeps its bits, or all of it."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.training.tiny import ADAPTERS, MODEL, PREPROCESS, files_in, training_config
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.contract.sections.lora import LoraSection
from yolozu.contract.sections.train import MimSection
from yolozu.contract.sections.trained_model import with_additions
from yolozu.data.collate import collate
from yolozu.model.detector import build_detector
from yolozu.model.lora import is_lora_parameter
from yolozu.model.quantized_linear import QuantizedLinear, QuantizedWeight
from yolozu.training.config import build_learner
from yolozu.training.phases import OFFSET_HEAD
from yolozu.training.trainable import Trainable, adapter_lines, freeze_base, trainable_of, trained_part

KEYS = {**ADAPTERS, "lr_warmup_steps": 0, "weight_decay": 0.1}


def trained(tiny, steps=2, **keys):
    """Weights and average before and after some steps, and the learner."""
    chosen = training_config(**{**KEYS, **keys})
    materials = tiny.materials(chosen)
    learner = build_learner(chosen, materials.detector, materials.loss, preprocess=PREPROCESS, total_steps=10)
    before = {name: value.clone() for name, value in learner.weights()[0].items()}
    for step in range(steps):
        learner.learn([collate([materials.train_images[0, 0], materials.train_images[0, 1]])], step)
    return before, *learner.weights(), learner


def moved(before, after):
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


def test_adapters_train_and_the_base_keeps_every_bit(tiny_adapting):
    """Weights, biases and statistics of norms; every adapter moves, in the detector and in its average."""
    before, weights, average, learner = trained(tiny_adapting)
    adapters = {name for name in before if is_lora_parameter(name)}
    assert moved(before, weights) == moved(before, average) == adapters
    assert set(learner.parameters()) == adapters
    assert all(name.rpartition("/")[0] in adapters for name in learner.record().tensors)


@pytest.mark.effect("lora_freeze_base")
def test_without_freezing_both_train_and_norms_gather_statistics(tiny_adapting):
    before, weights, average, learner = trained(tiny_adapting, lora_freeze_base=False)
    assert set(learner.parameters()) == {name for name, _ in learner.detector.named_parameters()}
    for after in (weights, average):
        changed = moved(before, after)
        assert any(name.endswith("running_mean") for name in changed)
        assert any(name.endswith(".base.weight") for name in changed)
        assert {name for name in before if is_lora_parameter(name)} <= changed


@pytest.mark.effect("lora_train_bias")
def test_biases_train_as_well_where_they_are_asked_for(tiny_adapting):
    before, weights, _, learner = trained(tiny_adapting, lora_train_bias="all")
    biases = {name for name in before if name.endswith(".bias")}
    assert {name for name in learner.parameters() if not is_lora_parameter(name)} == biases
    changed = moved(before, weights)
    assert changed & biases
    assert all(name in biases or is_lora_parameter(name) for name in changed)


@pytest.mark.effect("lora_dropout")
def test_the_adapters_drop_inputs_when_they_train(tiny_adapting):
    assert all(layer.dropout == 0.1 for layer in trained(tiny_adapting, steps=0)[3].detector.modules()
               if hasattr(layer, "lora_up"))  # fmt: skip


def test_counted_by_hand():
    network = build_detector(MODEL, num_classes=2)
    whole = sum(parameter.numel() for parameter in network.parameters())
    assert trainable_of(network) == Trainable(0, whole, whole)
    with pytest.raises(AssertionError, match="nothing beside the base"):
        freeze_base(network, biases="all")


def test_weights_in_few_bits_count_as_what_they_stand_for():
    network = nn.ModuleList([QuantizedLinear(QuantizedWeight(codes, torch.ones(4, 1)), None) for codes in (
        torch.zeros(4, 8, dtype=torch.int8), torch.zeros(4, 4, dtype=torch.uint8))])  # fmt: skip
    assert trainable_of(network) == Trainable(0, 0, 64)


def test_the_record_tells_the_optimizer_s_memory(tiny_adapting):
    """Two moments and a step of every parameter that trains, and of no other."""
    _, _, _, learner = trained(tiny_adapting)
    few = trainable_of(learner.detector)
    kept = sum(tensor.nbytes for tensor in learner.record().tensors.values())
    part = trained_part(learner.detector, optimizer_bytes=kept)
    assert (part.adapted_layers, part.parameters, part.of) == (few.layers, few.parameters, few.of)
    assert part.optimizer_bytes == 8 * few.parameters + 4 * len(learner.parameters())


def test_what_is_said_of_it(tiny_adapting):
    chosen = training_config(**KEYS)
    detector = tiny_adapting.materials(chosen).detector
    found = trainable_of(detector)
    assert adapter_lines(detector, rank=0, from_seed=True) == []
    assert adapter_lines(detector, rank=2, from_seed=True) == [
        f"adapters of rank 2 beside {found.layers} layers: {found.of:,} of {found.of:,} parameters train (100.0 %); "
        "the base trains, too"
    ]
    freeze_base(detector, biases="none")
    few = trainable_of(detector)
    assert few.parameters == sum(
        value.numel() for name, value in detector.state_dict().items() if is_lora_parameter(name)
    )
    said = (
        f"adapters of rank 2 beside {found.layers} layers: {few.parameters:,} of {found.of:,} parameters train "
        f"({100 * few.share:.1f} %); the base keeps its bits"
    )
    assert adapter_lines(detector, rank=2, from_seed=False) == [said]
    assert adapter_lines(detector, rank=2, from_seed=True) == [
        said, "warning: the frozen base has learned nothing: no init_from names weights to adapt"
    ]  # fmt: skip


@pytest.mark.slow
def test_a_whole_training_leaves_the_base_as_it_was(tiny_adapting, tmp_path):
    chosen = training_config(**KEYS, max_steps=4)
    start = tiny_adapting.materials(chosen).detector.state_dict()
    tiny_adapting.fit(tmp_path, chosen)
    last = read_checkpoint(files_in(tmp_path).last)
    for weights in (last.weights, last.ema):
        assert {name for name in start if not torch.equal(start[name], weights[name])} == {
            name for name in start if is_lora_parameter(name)
        }


def test_in_a_phase_the_adapters_of_its_head_alone_train(tiny_poses):
    section = LoraSection.model_validate(ADAPTERS)
    objective = replace(tiny_poses.objective, model=with_additions(tiny_poses.objective.model, MimSection(), section))
    before, weights, _, _ = trained(replace(tiny_poses, objective=objective), steps=1, stage_off_steps=1)
    changed = moved(before, weights)
    assert changed
    assert all(name.startswith(OFFSET_HEAD) and is_lora_parameter(name) for name in changed)

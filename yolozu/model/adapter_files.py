"""Checkpoints with adapters made into ordinary ones, taken apart, and put together again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from yolozu.artifacts.adapters_file import Adapters, digest_of_base
from yolozu.artifacts.checkpoint import Checkpoint
from yolozu.contract.sections.trained_model import LoraConfig
from yolozu.errors import InputError, YolozuError
from yolozu.model.detector import build_detector
from yolozu.model.loading import adapters_of, architecture_of, load_exactly
from yolozu.model.lora import BASE, DOWN, base_name, is_lora_parameter, merged_tensors
from yolozu.model.quantized_linear import is_quantized_parameter, whole_tensors

COUNTER = ".num_batches_tracked"
"""Batches that a norm has seen, which nothing reads: a base is the same whatever they are."""


def merged_checkpoint(checkpoint: Checkpoint) -> Checkpoint:
    """An ordinary checkpoint that computes what ``checkpoint`` does: its adapters are merged, its average's too.

    Quantized weights are made whole before. The training's state, which is that of adapters, is left out.

    Raises:
        InputError: YZ470 it has no adapters.
    """
    adapters = _adapters_of(checkpoint)
    weights, average = checkpoint.weights, checkpoint.ema
    return replace(
        checkpoint,
        model_config=_without(checkpoint, "lora", "quantization"),
        weights=merged_tensors(whole_tensors(weights), scale=adapters.scale),
        ema=None if average is None else merged_tensors(whole_tensors(average), scale=adapters.scale),
        training_state=None,
    )


def split_checkpoint(checkpoint: Checkpoint) -> tuple[Adapters, Checkpoint]:
    """The adapters of the evaluation weights, and what they belong to: an ordinary checkpoint without them.

    Where biases were trained beside the adapters, those are in both; of the base, they count for nothing then.

    Raises:
        InputError: YZ470 it has no adapters.
    """
    adapters, weights = _adapters_of(checkpoint), checkpoint.evaluation_weights()
    base = {base_name(name): tensor for name, tensor in weights.items() if not is_lora_parameter(name)}
    learned = {name: tensor for name, tensor in weights.items() if _is_learned(name, adapters)}
    alone = replace(
        checkpoint,
        model_config=_without(checkpoint, "lora"),
        weights=base,
        ema=None,
        eval_weights="model",
        metrics={},
        training_state=None,
    )
    return Adapters(
        model_config=checkpoint.model_config,
        classes=checkpoint.classes,
        preprocess=checkpoint.preprocess,
        contract_digest=checkpoint.contract_digest,
        step=checkpoint.step,
        epoch=checkpoint.epoch,
        metrics=checkpoint.metrics,
        base_sha256=_digest(base, adapters),
        tensors=learned,
    ), alone


def applied(base: Checkpoint, adapters: Adapters) -> Checkpoint:
    """``base`` with ``adapters`` beside its layers: the evaluation weights of the checkpoint that they were split from.

    Raises:
        InputError: YZ471 the base has adapters itself, YZ472 they belong to another one, YZ454 or YZ455 they do not
            make a detector.
    """
    if any(is_lora_parameter(name) for name in base.weights):
        raise InputError.one(
            "YZ471",
            where=base.source,
            problem="has adapters itself",
            fix="give the checkpoint that the others were trained beside: `yolozu lora split --base FILE` writes it",
        )
    whole = Checkpoint(
        model_config=adapters.model_config,
        classes=adapters.classes,
        preprocess=adapters.preprocess,
        weights=adapters.tensors,
        ema=None,
        eval_weights="model",
        contract_digest=adapters.contract_digest,
        step=adapters.step,
        epoch=adapters.epoch,
        metrics=adapters.metrics,
        source=adapters.source,
    )
    config, tensors = _adapters_of(whole), base.evaluation_weights()
    if _digest(tensors, config) != adapters.base_sha256:
        raise _another_base(base, adapters, tensors, config)
    layers = {name.rpartition(f".{DOWN}.")[0] for name in adapters.tensors if f".{DOWN}." in name}
    weights = {_own_name(name, layers): tensor for name, tensor in tensors.items()}
    made = replace(whole, weights={**weights, **adapters.tensors})
    load_exactly(build_detector(architecture_of(made), num_classes=len(made.classes)), made.weights, where=made.source)
    return made


def _adapters_of(checkpoint: Checkpoint) -> LoraConfig:
    adapters = adapters_of(checkpoint)
    if adapters is None:
        raise InputError.one(
            "YZ470",
            where=checkpoint.source,
            problem="has no adapters",
            fix="give a checkpoint of a training with lora_r above 0",
        )
    return adapters


def _is_learned(name: str, adapters: LoraConfig) -> bool:
    return is_lora_parameter(name) or (adapters.bias == "all" and name.endswith(".bias"))


def _digest(base: Mapping[str, Tensor], adapters: LoraConfig) -> str:
    """Of what stays as it is beside the adapters."""
    return digest_of_base(
        {name: value for name, value in base.items() if not name.endswith(COUNTER) and not _is_learned(name, adapters)}
    )


def _own_name(name: str, layers: set[str]) -> str:
    """What a tensor of the base is called beside adapters."""
    for count in range(1, 3):  # weight, bias; and of a quantized weight its two tensors
        layer, *own = name.rsplit(".", count)
        if layer in layers:
            return ".".join([layer, BASE, *own])
    return name


def _without(checkpoint: Checkpoint, *additions: str) -> dict[str, object]:
    """The architecture without some additions, and without naming those that it has not."""
    rest = {name: value for name, value in checkpoint.model_config.items() if name not in additions}
    optional = ("lora", "quantization", "reconstruction")
    return {name: value for name, value in rest.items() if name not in optional or value is not None}


def _another_base(
    base: Checkpoint, adapters: Adapters, tensors: Mapping[str, Tensor], config: LoraConfig
) -> YolozuError:
    quantized = "; its weights are quantized" if any(map(is_quantized_parameter, tensors)) else ""
    return InputError.one(
        "YZ472",
        where=base.source,
        problem=f"is not what the adapters of {adapters.source} belong to: its weights have digest "
        f"{_digest(tensors, config)[:12]}, theirs {adapters.base_sha256[:12]}{quantized}",
        fix="give the checkpoint that they were trained beside: `yolozu lora split --base FILE` writes it",
    )

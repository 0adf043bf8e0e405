"""Weights into a detector: exactly, or not at all."""

from __future__ import annotations

from pydantic import ValidationError
from torch import Tensor, nn

from yolozu.artifacts.checkpoint import Checkpoint
from yolozu.contract.sections.trained_model import LoraConfig, TrainedModelConfig
from yolozu.errors import Finding, InputError, YolozuError
from yolozu.model.detector import Detector, build_detector
from yolozu.model.lora import is_lora_parameter


def detector_from(checkpoint: Checkpoint) -> Detector:
    """The detector a checkpoint stands for: its architecture with its evaluation weights, in eval mode, on the CPU.

    Raises:
        InputError: YZ454 the architecture cannot be built by this code, YZ455 the weights are not exactly those of it.
    """
    detector = build_detector(architecture_of(checkpoint), num_classes=len(checkpoint.classes))
    load_exactly(detector, checkpoint.evaluation_weights(), where=checkpoint.source)
    return detector.eval()


def architecture_of(checkpoint: Checkpoint) -> TrainedModelConfig:
    """The architecture of a checkpoint's detector.

    Raises:
        InputError: YZ454, this code does not know it.
    """
    try:
        return TrainedModelConfig.model_validate(checkpoint.model_config, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _unknown_architecture(checkpoint, f"model.{place}: {first['msg']}") from error


def adapters_of(checkpoint: Checkpoint) -> LoraConfig | None:
    """The adapters of a checkpoint's detector, as its architecture has them; None where neither it nor the weights do.

    Raises:
        InputError: YZ454, this code does not know the architecture, or the weights have adapters that it has not.
    """
    if not any(is_lora_parameter(name) for name in checkpoint.weights):
        return None
    adapters = architecture_of(checkpoint).lora
    if adapters is None:
        raise _unknown_architecture(checkpoint, "model.lora: its weights have adapters")
    return adapters


def _unknown_architecture(checkpoint: Checkpoint, problem: str) -> YolozuError:
    return InputError.one(
        "YZ454",
        where=checkpoint.source,
        problem=f"checkpoint of an architecture this code does not know: {problem}",
        fix="use the yolozu that wrote it, or train again",
    )


def load_exactly(module: nn.Module, tensors: dict[str, Tensor], *, where: str) -> None:
    """Copy ``tensors`` into ``module``; names, shapes and types must be exactly its own.

    Raises:
        InputError: YZ455, one finding each for the missing, the unexpected and the mis-shaped, naming all of them.
    """
    own = module.state_dict()
    refusals = {
        "missing": [name for name in own if name not in tensors],
        "unexpected": [name for name in tensors if name not in own],
        "of another shape or type": [
            f"{name} ({_kind(tensors[name])} in the file, {_kind(own[name])} in the detector)"
            for name in own
            if name in tensors and _kind(tensors[name]) != _kind(own[name])
        ],
    }
    findings = [
        Finding(
            "YZ455",
            where,
            f"{len(names)} tensor{'s are' if len(names) > 1 else ' is'} {what}: {', '.join(names)}",
            "load it into the architecture it was trained with",
        )
        for what, names in refusals.items()
        if names
    ]
    if findings:
        raise InputError(findings)
    module.load_state_dict(tensors, strict=True)


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"

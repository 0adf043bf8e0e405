"""Which contract keys a state dict stands for, so that one that does not fit can be told by them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from yolozu.contract.sections.model import ModelConfig

Value = str | int | float
"""Of a contract key."""

NUM_LEVELS = 3

STEM_CHANNELS = 64

_RESNETS_VD: dict[tuple[str, tuple[int, ...]], str] = {
    ("basic", (2, 2, 2, 2)): "resnet18_vd",
    ("basic", (3, 4, 6, 3)): "resnet34_vd",
    ("bottleneck", (3, 4, 6, 3)): "resnet50_vd",
    ("bottleneck", (3, 4, 23, 3)): "resnet101_vd",
}
"""Block and blocks of each stage -> the backbone's name."""


def shown_by(tensors: Mapping[str, Tensor]) -> dict[str, Value]:
    """What the tensors of a detector alone show of its architecture: contract key -> value.

    Args:
        tensors: under this detector's names; shapes count, numbers do not.
    """
    shown: dict[str, Value] = {}
    backbone = _RESNETS_VD.get((_block(tensors), _stages(tensors)))
    if backbone is not None and "backbone.stem.2.conv.weight" in tensors:
        shown |= {"model.backbone.name": backbone, "model.backbone.args.depth_mult": 1.0}
        stem = tensors["backbone.stem.2.conv.weight"].shape[0]
        shown["model.backbone.args.width_mult"] = round(stem / STEM_CHANNELS, 4)
    for key, beginning in (("model.backbone.norm", "backbone."), ("model.encoder.norm", "encoder.")):
        names = [name for name in tensors if name.startswith(beginning)]
        if names:
            shown[key] = "bn" if any(name.endswith(".running_mean") for name in names) else "gn"
    counted = {
        "model.encoder.num_layers": "encoder.attention.layers",
        "model.encoder.fusion_blocks": "encoder.top_down.0.blocks",
        "model.decoder.num_layers": "decoder.layers",
    }
    shown |= {key: len(_numbers(tensors, list_name)) for key, list_name in counted.items()}
    measured = {
        "model.projector.d_model": "projector.levels.0.conv.weight",
        "model.decoder.d_model": "memory_projector.levels.0.conv.weight",
        "model.encoder.ffn_dim": "encoder.attention.layers.0.feed_forward.linear1.weight",
        "model.decoder.ffn_dim": "decoder.layers.0.feed_forward.linear1.weight",
    }
    shown |= {key: tensors[name].shape[0] for key, name in measured.items() if name in tensors}
    fusion = tensors.get("encoder.top_down.0.conv1.conv.weight")
    if fusion is not None and "model.projector.d_model" in shown:
        shown["model.encoder.expansion"] = round(fusion.shape[0] / float(shown["model.projector.d_model"]), 4)
    return shown


def points_shown_by(tensors: Mapping[str, Tensor], num_heads: int) -> dict[str, Value]:
    """`model.decoder.num_points`, which the tensors show once the number of heads is known."""
    weights = tensors.get("decoder.layers.0.cross_attention.attention_weights.bias")
    if weights is None or weights.shape[0] % (num_heads * NUM_LEVELS):
        return {}
    return {"model.decoder.num_points": weights.shape[0] // (num_heads * NUM_LEVELS)}


def asked_by(config: ModelConfig, own: Mapping[str, Tensor]) -> dict[str, Value]:
    """The same keys, as the contract has them.

    Args:
        config: the contract's architecture.
        own: state dict of the detector that was built from it.
    """
    return {
        **shown_by(own),
        **points_shown_by(own, config.decoder.num_heads),
        "model.backbone.name": config.backbone.name,
        "model.backbone.args.width_mult": config.backbone.args.width_mult,
        "model.backbone.args.depth_mult": config.backbone.args.depth_mult,
        "model.encoder.num_heads": config.encoder.num_heads,
        "model.decoder.num_heads": config.decoder.num_heads,
    }


def _numbers(tensors: Mapping[str, Tensor], list_name: str) -> set[int]:
    pattern = re.compile(rf"^{re.escape(list_name)}\.(\d+)\.")
    return {int(match.group(1)) for name in tensors if (match := pattern.match(name))}


def _stages(tensors: Mapping[str, Tensor]) -> tuple[int, ...]:
    count = len(_numbers(tensors, "backbone.stages"))
    return tuple(len(_numbers(tensors, f"backbone.stages.{stage}")) for stage in range(count))


def _block(tensors: Mapping[str, Tensor]) -> str:
    return "bottleneck" if "backbone.stages.0.0.conv3.conv.weight" in tensors else "basic"

"""RT-DETR and RT-DETRv2 as their authors publish them (lyuwenyu/RT-DETR, ``rtdetr_pytorch`` and ``rtdetrv2_pytorch``).

Both versions share their names but for three modules: the encoder's input projections (numbered in version 1, named in
version 2), the selector's two layers (likewise), and a buffer of version 2 that repeats the number of points.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yolozu.model.weights.renaming import Renamed, Renaming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

MARK = "decoder.decoder.layers.0."
"""Only a detector of this layout has tensors below it."""

BACKBONE_MARK = "res_layers.0.blocks.0."
"""Its backbone alone, as published for classification."""

# fmt: off
_BACKBONE = {
    "backbone.conv1.conv1_1": "backbone.stem.0",
    "backbone.conv1.conv1_2": "backbone.stem.1",
    "backbone.conv1.conv1_3": "backbone.stem.2",
    "backbone.res_layers.*.blocks.*.branch2a": "backbone.stages.*.*.conv1",
    "backbone.res_layers.*.blocks.*.branch2b": "backbone.stages.*.*.conv2",
    "backbone.res_layers.*.blocks.*.branch2c": "backbone.stages.*.*.conv3",
    "backbone.res_layers.*.blocks.*.short.conv.conv": "backbone.stages.*.*.shortcut.1.conv",  # behind average pooling
    "backbone.res_layers.*.blocks.*.short.conv.norm": "backbone.stages.*.*.shortcut.1.norm",
    "backbone.res_layers.*.blocks.*.short": "backbone.stages.*.*.shortcut",
}
_ENCODER = {
    "encoder.input_proj.*.0": "projector.levels.*.conv",
    "encoder.input_proj.*.1": "projector.levels.*.norm",
    "encoder.input_proj.*": "projector.levels.*",
    "encoder.encoder.0.layers.*.self_attn.out_proj": "encoder.attention.layers.*.attention.o_proj",
    "encoder.encoder.0.layers.*.self_attn": "encoder.attention.layers.*.attention",
    "encoder.encoder.0.layers.*.norm1": "encoder.attention.layers.*.attention_norm",
    "encoder.encoder.0.layers.*.norm2": "encoder.attention.layers.*.feed_forward_norm",
    "encoder.encoder.0.layers.*": "encoder.attention.layers.*.feed_forward",
    "encoder.lateral_convs.*": "encoder.lateral.*",
    "encoder.fpn_blocks.*.bottlenecks.*": "encoder.top_down.*.blocks.*",
    "encoder.fpn_blocks.*": "encoder.top_down.*",
    "encoder.downsample_convs.*": "encoder.downsample.*",
    "encoder.pan_blocks.*.bottlenecks.*": "encoder.bottom_up.*.blocks.*",
    "encoder.pan_blocks.*": "encoder.bottom_up.*",
}
_DECODER = {
    "decoder.input_proj.*": "memory_projector.levels.*",
    "decoder.enc_output.0": "selector.proj",
    "decoder.enc_output.1": "selector.norm",
    "decoder.enc_output": "selector",
    "decoder.enc_score_head": "selector.logits",
    "decoder.enc_bbox_head": "selector.boxes",
    "decoder.denoising_class_embed": "denoising.embedding",
    "decoder.query_pos_head": "decoder.position_head",
    "decoder.dec_score_head.*": "decoder.heads.logits.*",
    "decoder.dec_bbox_head.*": "decoder.heads.boxes.*",
    "decoder.decoder.layers.*.self_attn.out_proj": "decoder.layers.*.self_attention.o_proj",
    "decoder.decoder.layers.*.self_attn": "decoder.layers.*.self_attention",
    "decoder.decoder.layers.*.cross_attn": "decoder.layers.*.cross_attention",
    "decoder.decoder.layers.*.norm1": "decoder.layers.*.self_norm",
    "decoder.decoder.layers.*.norm2": "decoder.layers.*.cross_norm",
    "decoder.decoder.layers.*.norm3": "decoder.layers.*.feed_forward_norm",
    "decoder.decoder.layers.*": "decoder.layers.*.feed_forward",
}
# fmt: on

RENAMING = Renaming({**_BACKBONE, **_ENCODER, **_DECODER})

_DERIVED = re.compile(r"^decoder\.(anchors|valid_mask)$|\.num_points_scale$|^encoder\.pos_embed\d+$")
"""Follow from the architecture and the image size; nothing that was learned."""

_PROJECTIONS = ("q_proj", "k_proj", "v_proj")


def renamed(tensors: Mapping[str, Tensor]) -> Renamed:
    """A whole detector under this detector's names."""
    return RENAMING.apply(_learned(tensors))


def renamed_backbone(tensors: Mapping[str, Tensor]) -> Renamed:
    """The backbone alone under this detector's names."""
    return RENAMING.apply((f"backbone.{name}", tensor) for name, tensor in tensors.items())


def version(tensors: Mapping[str, Tensor]) -> str:
    """``RT-DETR`` or ``RT-DETRv2``."""
    return "RT-DETRv2" if any(name.startswith("decoder.enc_output.proj.") for name in tensors) else "RT-DETR"


def unequal_points(tensors: Mapping[str, Tensor]) -> list[int] | None:
    """Sampling points of each level, where version 2's levels have different numbers of them; else None."""
    for name, tensor in tensors.items():
        if name.endswith(".num_points_scale") and len(set(tensor.tolist())) > 1:
            counts: list[int] = []
            left = [round(1.0 / scale) for scale in tensor.tolist()]  # each level's number stands that many times
            while left:
                counts.append(left[0])
                left = left[left[0] :]
            return counts
    return None


def _learned(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Without what is derived, and with attention's one (3D, D) matrix taken apart into queries, keys and values."""
    for name, tensor in tensors.items():
        stem, _, kind = name.partition(".in_proj_")
        if kind:
            for projection, part in zip(_PROJECTIONS, tensor.chunk(3), strict=False):
                yield f"{stem}.{projection}.{kind}", part
        elif not _DERIVED.search(name):
            yield name, tensor

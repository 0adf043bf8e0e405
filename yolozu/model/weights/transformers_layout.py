"""RT-DETR and RT-DETRv2 as Hugging Face's ``transformers`` keeps them (``RTDetr(V2)ForObjectDetection``).

Names of its versions 4 and 5 differ in a few words; files are written with those of version 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.model.weights.renaming import Renamed, Renaming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

MARK = "model.decoder.layers.0.encoder_attn."
"""Only a detector of this layout has tensors below it."""

_SPELLINGS = {
    ".convolution.": ".conv.",
    ".normalization.": ".norm.",
    ".mlp.fc": ".fc",
    ".out_proj.": ".o_proj.",
    "model.encoder.aifi.": "model.encoder.encoder.",
    "model.decoder.class_embed.": "class_embed.",
    "model.decoder.bbox_embed.": "bbox_embed.",
}
"""What two versions, or two modules, call differently."""

# fmt: off
RENAMING = Renaming({
    "model.backbone.model.embedder.embedder.*": "backbone.stem.*",
    "model.backbone.model.encoder.stages.*.layers.*.layer.0": "backbone.stages.*.*.conv1",
    "model.backbone.model.encoder.stages.*.layers.*.layer.1": "backbone.stages.*.*.conv2",
    "model.backbone.model.encoder.stages.*.layers.*.layer.2": "backbone.stages.*.*.conv3",
    "model.backbone.model.encoder.stages.*.layers.*.shortcut": "backbone.stages.*.*.shortcut",
    "model.encoder_input_proj.*.0": "projector.levels.*.conv",
    "model.encoder_input_proj.*.1": "projector.levels.*.norm",
    "model.encoder.encoder.0.layers.*.self_attn_layer_norm": "encoder.attention.layers.*.attention_norm",
    "model.encoder.encoder.0.layers.*.self_attn": "encoder.attention.layers.*.attention",
    "model.encoder.encoder.0.layers.*.fc1": "encoder.attention.layers.*.feed_forward.linear1",
    "model.encoder.encoder.0.layers.*.fc2": "encoder.attention.layers.*.feed_forward.linear2",
    "model.encoder.encoder.0.layers.*.final_layer_norm": "encoder.attention.layers.*.feed_forward_norm",
    "model.encoder.lateral_convs.*": "encoder.lateral.*",
    "model.encoder.fpn_blocks.*.bottlenecks.*": "encoder.top_down.*.blocks.*",
    "model.encoder.fpn_blocks.*": "encoder.top_down.*",
    "model.encoder.downsample_convs.*": "encoder.downsample.*",
    "model.encoder.pan_blocks.*.bottlenecks.*": "encoder.bottom_up.*.blocks.*",
    "model.encoder.pan_blocks.*": "encoder.bottom_up.*",
    "model.decoder_input_proj.*.0": "memory_projector.levels.*.conv",
    "model.decoder_input_proj.*.1": "memory_projector.levels.*.norm",
    "model.enc_output.0": "selector.proj",
    "model.enc_output.1": "selector.norm",
    "model.enc_score_head": "selector.logits",
    "model.enc_bbox_head": "selector.boxes",
    "model.denoising_class_embed": "denoising.embedding",
    "model.decoder.query_pos_head": "decoder.position_head",
    "model.decoder.layers.*.self_attn_layer_norm": "decoder.layers.*.self_norm",
    "model.decoder.layers.*.self_attn": "decoder.layers.*.self_attention",
    "model.decoder.layers.*.encoder_attn_layer_norm": "decoder.layers.*.cross_norm",
    "model.decoder.layers.*.encoder_attn": "decoder.layers.*.cross_attention",
    "model.decoder.layers.*.fc1": "decoder.layers.*.feed_forward.linear1",
    "model.decoder.layers.*.fc2": "decoder.layers.*.feed_forward.linear2",
    "model.decoder.layers.*.final_layer_norm": "decoder.layers.*.feed_forward_norm",
    "class_embed.*": "decoder.heads.logits.*",
    "bbox_embed.*": "decoder.heads.boxes.*",
})
# fmt: on

_FIXED = {
    "activation_function": "silu",
    "encoder_activation_function": "gelu",
    "decoder_activation_function": "relu",
    "normalize_before": False,
    "encode_proj_layers": [2],
    "feat_strides": [8, 16, 32],
    "num_feature_levels": 3,
    "positional_encoding_temperature": 10000,
    "learn_initial_query": False,
    "layer_norm_eps": 1e-5,
    "batch_norm_eps": 1e-5,
    "decoder_n_levels": 3,
    "decoder_offset_scale": 0.5,
    "decoder_method": "default",
    "backbone_config.hidden_act": "relu",
    "backbone_config.downsample_in_first_stage": False,
    "backbone_config.downsample_in_bottleneck": False,
}
"""Keys of ``config.json`` that change what is computed and have one value here."""


def renamed(tensors: Mapping[str, Tensor]) -> Renamed:
    """A detector under this detector's names."""
    return RENAMING.apply(_respelled(tensors))


def version(tensors: Mapping[str, Tensor]) -> str:
    """``RT-DETR`` or ``RT-DETRv2``."""
    return "RT-DETRv2" if any(name.endswith(".n_points_scale") for name in tensors) else "RT-DETR"


def inexpressible(config: Mapping[str, Any]) -> list[str]:
    """What ``config.json`` asks for and no contract can say, as ``decoder_method: 'discrete' (here: 'default')``."""
    found = []
    for key, here in _FIXED.items():
        section, _, inner = key.rpartition(".")
        values = config.get(section, {}) if section else config
        value = values.get(inner, here) if isinstance(values, dict) else here
        if value != here:
            found.append(f"{key}: {value!r} (here: {here!r})")
    return found


def class_names(config: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Names in network order by ``id2label``; None where it has none, or only ``LABEL_0``, ``LABEL_1``, and so on."""
    labels = config.get("id2label")
    if not isinstance(labels, dict):
        return None
    names = [labels.get(str(index)) for index in range(len(labels))]
    if all(name == f"LABEL_{index}" for index, name in enumerate(names)):
        return None
    return tuple(str(name) for name in names) if None not in names else None


def _respelled(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in tensors.items():
        if name.endswith(".n_points_scale"):  # repeats the number of points
            continue
        spelled = name
        for old, new in _SPELLINGS.items():
            spelled = spelled.replace(old, new)
        yield spelled, tensor

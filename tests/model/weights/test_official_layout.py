"""Names of the official RT-DETR and RT-DETRv2, as in the public repository."""

import pytest
import torch

from yolozu.model.weights.official_layout import RENAMING, renamed, renamed_backbone, unequal_points, version

OFFICIAL = {
    "backbone.conv1.conv1_3.norm.running_var": "backbone.stem.2.norm.running_var",
    "backbone.res_layers.0.blocks.0.short.conv.weight": "backbone.stages.0.0.shortcut.conv.weight",
    "backbone.res_layers.1.blocks.0.short.conv.conv.weight": "backbone.stages.1.0.shortcut.1.conv.weight",
    "backbone.res_layers.1.blocks.0.short.conv.norm.bias": "backbone.stages.1.0.shortcut.1.norm.bias",
    "backbone.res_layers.2.blocks.22.branch2c.conv.weight": "backbone.stages.2.22.conv3.conv.weight",
    "encoder.input_proj.0.0.weight": "projector.levels.0.conv.weight",
    "encoder.input_proj.0.1.running_mean": "projector.levels.0.norm.running_mean",
    "encoder.input_proj.2.conv.weight": "projector.levels.2.conv.weight",
    "encoder.encoder.0.layers.0.self_attn.out_proj.bias": "encoder.attention.layers.0.attention.o_proj.bias",
    "encoder.encoder.0.layers.0.linear2.bias": "encoder.attention.layers.0.feed_forward.linear2.bias",
    "encoder.encoder.0.layers.0.norm1.weight": "encoder.attention.layers.0.attention_norm.weight",
    "encoder.fpn_blocks.1.bottlenecks.2.conv1.conv.weight": "encoder.top_down.1.blocks.2.conv1.conv.weight",
    "encoder.pan_blocks.0.conv3.norm.weight": "encoder.bottom_up.0.conv3.norm.weight",
    "decoder.input_proj.1.norm.weight": "memory_projector.levels.1.norm.weight",
    "decoder.enc_output.0.weight": "selector.proj.weight",
    "decoder.enc_output.norm.bias": "selector.norm.bias",
    "decoder.enc_bbox_head.layers.2.bias": "selector.boxes.layers.2.bias",
    "decoder.dec_score_head.5.bias": "decoder.heads.logits.5.bias",
    "decoder.decoder.layers.5.cross_attn.sampling_offsets.weight": (
        "decoder.layers.5.cross_attention.sampling_offsets.weight"
    ),
    "decoder.decoder.layers.0.norm3.weight": "decoder.layers.0.feed_forward_norm.weight",
    "decoder.tgt_embed.weight": None,
    "encoder.encoder.1.layers.0.norm1.weight": None,
}


@pytest.mark.parametrize(("name", "ours"), OFFICIAL.items())
def test_names(name, ours):
    assert RENAMING.new_name(name) == ours


def test_the_attentions_one_matrix_becomes_three():
    name = "decoder.decoder.layers.0.self_attn.in_proj_"
    found = renamed({f"{name}weight": torch.arange(12.0).view(6, 2), f"{name}bias": torch.arange(6.0)}).tensors
    attention = "decoder.layers.0.self_attention"
    assert {key: tensor.tolist() for key, tensor in found.items()} == {
        f"{attention}.q_proj.weight": [[0, 1], [2, 3]],
        f"{attention}.k_proj.weight": [[4, 5], [6, 7]],
        f"{attention}.v_proj.weight": [[8, 9], [10, 11]],
        f"{attention}.q_proj.bias": [0, 1],
        f"{attention}.k_proj.bias": [2, 3],
        f"{attention}.v_proj.bias": [4, 5],
    }


def test_what_is_derived_is_left_out():
    derived = [
        "decoder.anchors",
        "decoder.valid_mask",
        "encoder.pos_embed2",
        "decoder.decoder.layers.0.cross_attn.num_points_scale",
    ]
    found = renamed(dict.fromkeys([*derived, "decoder.anchors_too"], torch.ones(1)))
    assert (found.tensors, found.unknown) == ({}, ("decoder.anchors_too",))


def test_a_backbone_alone_has_the_same_names_without_their_beginning():
    found = renamed_backbone({"res_layers.0.blocks.1.branch2a.conv.weight": torch.ones(1), "fc.weight": torch.ones(1)})
    assert (list(found.tensors), found.unknown) == (["backbone.stages.0.1.conv1.conv.weight"], ("backbone.fc.weight",))


def test_versions_and_points_per_level_are_seen():
    scale = "decoder.decoder.layers.0.cross_attn.num_points_scale"
    assert version({"decoder.enc_output.0.weight": torch.ones(1)}) == "RT-DETR"
    assert version({"decoder.enc_output.proj.weight": torch.ones(1)}) == "RT-DETRv2"
    assert unequal_points({scale: torch.full((12,), 0.25)}) is None
    assert unequal_points({scale: torch.tensor([1 / 3] * 3 + [1 / 6] * 6 + [1 / 3] * 3)}) == [3, 6, 3]

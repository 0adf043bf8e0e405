"""What `transformers` calls things, and which of its settings no contract can say."""

import torch

from yolozu.model.weights.transformers_layout import class_names, inexpressible, renamed, version

LAYER = "model.decoder.layers.3"


def test_both_spellings_of_its_versions_are_read():
    old = ["self_attn.out_proj.bias", "fc1.weight", "fc2.bias", "encoder_attn.output_proj.weight"]
    new = ["self_attn.o_proj.bias", "mlp.fc1.weight", "mlp.fc2.bias", "encoder_attn.output_proj.weight"]
    found = [list(renamed({f"{LAYER}.{name}": torch.ones(1) for name in names}).tensors) for names in (old, new)]
    assert found[0] == found[1] == [
        "decoder.layers.3.self_attention.o_proj.bias",
        "decoder.layers.3.feed_forward.linear1.weight",
        "decoder.layers.3.feed_forward.linear2.bias",
        "decoder.layers.3.cross_attention.output_proj.weight",
    ]  # fmt: skip
    for spelled in ("encoder", "aifi"):
        names = renamed({f"model.encoder.{spelled}.0.layers.0.self_attn_layer_norm.bias": torch.ones(1)}).tensors
        assert list(names) == ["encoder.attention.layers.0.attention_norm.bias"]


def test_heads_may_stand_in_the_file_twice_if_they_are_equal():
    twice = {"class_embed.0.bias": torch.ones(2), "model.decoder.class_embed.0.bias": torch.ones(2)}
    found = renamed(twice)
    assert (list(found.tensors), found.contradictory) == (["decoder.heads.logits.0.bias"], ())
    found = renamed({**twice, "model.decoder.class_embed.0.bias": torch.zeros(2)})
    assert found.contradictory == ("class_embed.0.bias",)


def test_the_version_and_what_repeats_the_number_of_points():
    buffer = {f"{LAYER}.encoder_attn.n_points_scale": torch.ones(12)}
    assert (version(buffer), version({})) == ("RT-DETRv2", "RT-DETR")
    assert (renamed(buffer).tensors, renamed(buffer).unknown) == ({}, ())


def test_settings_without_a_key_here_are_told():
    assert inexpressible({"decoder_method": "default", "backbone_config": {"hidden_act": "relu"}, "other": 1}) == []
    config = {"decoder_method": "discrete", "encode_proj_layers": [1, 2], "backbone_config": {"hidden_act": "gelu"}}
    assert inexpressible(config) == [
        "encode_proj_layers: [1, 2] (here: [2])",
        "decoder_method: 'discrete' (here: 'default')",
        "backbone_config.hidden_act: 'gelu' (here: 'relu')",
    ]


def test_classes_are_named_unless_the_names_are_placeholders():
    assert class_names({"id2label": {"1": "dog", "0": "cat"}}) == ("cat", "dog")
    assert class_names({"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}) is None
    assert class_names({"id2label": {"1": "cat", "2": "dog"}}) is None
    assert class_names({}) is None

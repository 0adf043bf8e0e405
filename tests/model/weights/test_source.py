"""What a weights file is shows by what it holds."""

import json

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.model.weights.own import checkpoint_in, config, trained
from yolozu.errors import InputError
from yolozu.model.quantization import quantize_hollow
from yolozu.model.weights.source import read_source

NO_BACKBONE = nn.Identity()


def saved(path, *names):
    torch.save({name: torch.ones(2) for name in names}, path)
    return path


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_source(path, NO_BACKBONE)
    return str(caught.value)


def test_a_checkpoint_of_ours_tells_its_classes_and_what_shapes_do_not_show(tmp_path):
    found = read_source(checkpoint_in(tmp_path / "a", trained()), NO_BACKBONE)
    assert found.kind == "a yolozu checkpoint of step 40 (moving average)"
    assert found.class_names == ("a", "b", "c")
    assert found.told == {
        "model.backbone.name": "tiny_cnn",
        "model.backbone.args.width_mult": config().backbone.args.width_mult,
        "model.backbone.args.depth_mult": 1.0,
        "model.encoder.num_heads": 4,
        "model.decoder.num_heads": 4,
    }
    assert not any(name.endswith("num_batches_tracked") for name in found.tensors)


def test_quantized_weights_of_a_checkpoint_are_made_whole(tmp_path):
    detector = trained()
    names = set(detector.state_dict())
    quantize_hollow(detector, "int8wo")
    weight = detector.decoder.layers[0].self_attention.q_proj.weight
    torch.nn.init.constant_(weight.scale, 0.5)
    weight.qdata[0, :3] = torch.tensor([1, -2, 4], dtype=torch.int8)
    found = read_source(checkpoint_in(tmp_path / "a", detector, quantization="int8wo"), NO_BACKBONE)
    assert set(found.tensors) == {name for name in names if not name.endswith("num_batches_tracked")}
    assert found.tensors["decoder.layers.0.self_attention.q_proj.weight"][0, :4].tolist() == [0.5, -1.0, 2.0, 0.0]
    assert found.notes == ("the file's quantized weights are made whole",)


def test_an_official_file_is_known_by_its_names(tmp_path):
    layer = "decoder.decoder.layers.0.norm1.weight"
    found = read_source(
        saved(tmp_path / "a", layer, "decoder.enc_output.proj.bias", "odd.w", "x.num_batches_tracked"), NO_BACKBONE
    )
    assert (found.kind, found.unknown, found.class_names) == ("an official RT-DETRv2", ("odd.w",), None)
    assert (found.coco_if_unnamed, found.backbone_only) == (True, False)


def test_unequal_points_of_an_official_file_cannot_be_said(tmp_path):
    layer = "decoder.decoder.layers.0"
    scale = torch.tensor([1 / 3] * 3 + [1 / 6] * 6 + [1 / 3] * 3)
    torch.save({f"{layer}.norm1.bias": torch.ones(2), f"{layer}.cross_attn.num_points_scale": scale}, tmp_path / "a")
    found = read_source(tmp_path / "a", NO_BACKBONE)
    assert found.inexpressible == ("num_points: [3, 6, 3] (here: as many on every level)",)


def heads(selector, decoder, style="official"):
    """Class logits of query selection and of the first decoder layer."""
    mark, first, second = {
        "official": ("decoder.decoder.layers.0.norm1.bias", "decoder.enc_score_head", "decoder.dec_score_head.0"),
        "transformers": ("model.decoder.layers.0.encoder_attn.k.bias", "model.enc_score_head", "class_embed.0"),
    }[style]
    return {
        mark: torch.ones(2),
        **{f"{first}.{kind}": torch.ones(*shape) for kind, shape in (("weight", (selector, 2)), ("bias", (selector,)))},
        **{f"{second}.{kind}": torch.ones(*shape) for kind, shape in (("weight", (decoder, 2)), ("bias", (decoder,)))},
    }


@pytest.mark.parametrize("style", ["official", "transformers"])
def test_query_selection_that_scores_no_classes_shows_by_its_one_logit(tmp_path, style):
    torch.save(heads(1, 80, style), tmp_path / "a")
    found = read_source(tmp_path / "a", NO_BACKBONE)
    assert found.is_agnostic
    assert found.inexpressible == (
        "query_select_method: 'agnostic' (here: 'default'): its query selection scores no classes",
    )
    for selector, decoder in ((80, 80), (1, 1)):
        torch.save(heads(selector, decoder, style), tmp_path / "a")
        assert read_source(tmp_path / "a", NO_BACKBONE).inexpressible == ()


def test_a_configuration_that_was_stored_with_official_weights_is_read(tmp_path):
    looped = {"yaml_cfg": {"RTDETRTransformerv2": {"cross_attn_method": "discrete", "query_select_method": "default"}}}
    looped["self"] = looped
    torch.save({"model": heads(3, 3), "cfg": looped}, tmp_path / "a_dsp.pth")
    found = read_source(tmp_path / "a_dsp.pth", NO_BACKBONE)
    assert found.inexpressible == ("cross_attn_method: 'discrete' (here: 'default')",)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("name", "told"), [("rtdetrv2_r18vd_dsp_3x_coco.pth", True), ("dsp.pth", True), ("r18_adsp.pth", False)]
)
def test_discrete_sampling_that_only_the_name_tells_is_a_warning(tmp_path, name, told):
    torch.save(heads(3, 3), tmp_path / name)
    found = read_source(tmp_path / name, NO_BACKBONE)
    assert (found.inexpressible, ["discrete sampling" in note for note in found.notes]) == ((), [True] * told)


def test_a_file_of_transformers_without_its_config_says_what_is_not_known(tmp_path):
    save_file(heads(3, 3, "transformers"), tmp_path / "model.safetensors")
    assert ["no config.json lies beside it" in note for note in read_source(tmp_path, NO_BACKBONE).notes] == [True]
    (tmp_path / "config.json").write_text("{}")
    assert read_source(tmp_path, NO_BACKBONE).notes == ()


def test_an_official_backbone_is_one(tmp_path):
    found = read_source(saved(tmp_path / "a", "res_layers.0.blocks.0.branch2a.conv.weight"), NO_BACKBONE)
    assert (found.kind, found.backbone_only) == ("the backbone of an official RT-DETR", True)


def test_a_file_of_transformers_is_completed_by_its_config(tmp_path):
    save_file({"model.decoder.layers.0.encoder_attn.value_proj.bias": torch.ones(2)}, tmp_path / "model.safetensors")
    keys = {"decoder_attention_heads": 4, "id2label": {"0": "cat"}, "decoder_offset_scale": 1.0}
    (tmp_path / "config.json").write_text(json.dumps(keys))
    found = read_source(tmp_path, NO_BACKBONE)
    assert (found.kind, found.class_names) == ("an RT-DETR of transformers", ("cat",))
    assert found.told == {"model.decoder.num_heads": 4}
    assert found.inexpressible == ("decoder_offset_scale: 1.0 (here: 0.5)",)


def test_what_is_not_known_is_refused_with_its_first_names(tmp_path):
    path = saved(tmp_path / "a", "transformer.h.0.weight", "transformer.h.1.weight", "b", "c")
    assert refusal(path) == (
        f"{path}: YZ416 holds tensors of a network that is not known here: "
        "transformer.h.0.weight, transformer.h.1.weight, b, …\n"
        "  fix: give a checkpoint of yolozu, an RT-DETR or RT-DETRv2 (official or of transformers), or a backbone of "
        "torchvision"
    )


@pytest.mark.parametrize(
    ("name", "backbone"),
    [("layer1.0.conv1.weight", "resnet50"), ("features.1.0.block.0.weight", "convnext_tiny")],
)
def test_a_backbone_of_torchvision_needs_one_here(tmp_path, name, backbone):
    assert refusal(saved(tmp_path / "a", name)).endswith(
        f"fix: set model.backbone.name: {backbone}, or give other weights"
    )

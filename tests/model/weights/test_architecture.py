"""A state dict shows the contract keys it was built from."""

import pytest
import torch

from tests.model.weights.own import config, fresh
from yolozu.contract.sections.model import ModelConfig
from yolozu.model.detector import build_detector
from yolozu.model.weights.architecture import asked_by, points_shown_by, shown_by

WIDE = {
    "projector": {"d_model": 64},
    "encoder": {"num_layers": 2, "num_heads": 4, "ffn_dim": 40, "expansion": 0.25, "fusion_blocks": 2, "norm": "gn"},
    "decoder": {"d_model": 32, "num_layers": 1, "num_heads": 2, "num_points": 3, "ffn_dim": 56},
}


@pytest.mark.parametrize("changes", [{}, WIDE], ids=["tiny", "wide"])
def test_all_that_shapes_depend_on_is_shown(changes):
    chosen = config(**changes)
    shown = shown_by(fresh(**changes).state_dict())
    assert shown == {
        "model.backbone.norm": "bn",
        "model.projector.d_model": chosen.projector.d_model,
        "model.encoder.num_layers": chosen.encoder.num_layers,
        "model.encoder.ffn_dim": chosen.encoder.ffn_dim,
        "model.encoder.expansion": chosen.encoder.expansion,
        "model.encoder.fusion_blocks": chosen.encoder.fusion_blocks,
        "model.encoder.norm": chosen.encoder.norm,
        "model.decoder.d_model": chosen.decoder_width,
        "model.decoder.num_layers": chosen.decoder.num_layers,
        "model.decoder.ffn_dim": chosen.decoder.ffn_dim,
    }


@pytest.mark.parametrize("name", ["resnet18_vd", "resnet34_vd", "resnet50_vd", "resnet101_vd"])
def test_the_backbones_of_published_detectors_are_recognized(name):
    chosen = ModelConfig.model_validate({"backbone": {"name": name}, "decoder": {"num_layers": 1}})
    with torch.device("meta"):
        shown = shown_by(build_detector(chosen, num_classes=2).state_dict())
    assert shown["model.backbone.name"] == name
    assert (shown["model.backbone.args.width_mult"], shown["model.backbone.args.depth_mult"]) == (1.0, 1.0)


def test_points_are_shown_once_heads_are_known():
    state = fresh(**WIDE).state_dict()
    assert points_shown_by(state, 2) == {"model.decoder.num_points": 3}
    assert points_shown_by(state, 4) == {}
    assert points_shown_by({}, 4) == {}


def test_what_the_contract_asks_for_includes_what_shapes_do_not_show():
    asked = asked_by(config(**WIDE), fresh(**WIDE).state_dict())
    assert (asked["model.encoder.num_heads"], asked["model.decoder.num_heads"]) == (4, 2)
    assert (asked["model.backbone.name"], asked["model.backbone.args.width_mult"]) == ("tiny_cnn", 0.5)
    assert asked["model.decoder.num_points"] == 3

"""Which parameter is decayed, and by whose factor it moves."""

import pytest
import torch
from torch import nn

from yolozu.optim.groups import GroupRules, parameter_groups


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.GroupNorm(2, 4))
        self.decoder = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
        self.bias_table = nn.Parameter(torch.zeros(3))
        self.frozen = nn.Parameter(torch.zeros(1), requires_grad=False)


BACKBONE_WEIGHTS, BACKBONE_BIASES = {"backbone.0.weight"}, {"backbone.0.bias"}
BACKBONE_NORMS = {"backbone.1.weight", "backbone.2.weight"}
BACKBONE_NORM_BIASES = {"backbone.1.bias", "backbone.2.bias"}
HEAD_WEIGHTS, HEAD_BIASES = {"decoder.0.weight", "bias_table"}, {"decoder.0.bias"}
HEAD_NORMS, HEAD_NORM_BIASES = {"decoder.1.weight"}, {"decoder.1.bias"}
EVERYTHING = (
    BACKBONE_WEIGHTS | BACKBONE_BIASES | BACKBONE_NORMS | BACKBONE_NORM_BIASES
    | HEAD_WEIGHTS | HEAD_BIASES | HEAD_NORMS | HEAD_NORM_BIASES
)  # fmt: skip


def rules(**changes):
    keys = {"weight_decay": 0.1, "wd_exclude_bias": True, "wd_exclude_norm": True, "use_param_groups": False}
    return GroupRules(**{**keys, **changes})


def grouped(chosen):
    return [
        (group.part, group.lr_mult, group.weight_decay, set(group.parameters))
        for group in parameter_groups(Network(), chosen)
    ]


@pytest.mark.parametrize(
    ("exclude_bias", "exclude_norm", "spared"),
    [
        (False, False, set()),
        (True, False, BACKBONE_BIASES | HEAD_BIASES | BACKBONE_NORM_BIASES | HEAD_NORM_BIASES),
        (False, True, BACKBONE_NORMS | HEAD_NORMS | BACKBONE_NORM_BIASES | HEAD_NORM_BIASES),
        (True, True, EVERYTHING - BACKBONE_WEIGHTS - HEAD_WEIGHTS),
    ],
)
def test_exclusions_act_without_parameter_groups(exclude_bias, exclude_norm, spared):
    found = grouped(rules(wd_exclude_bias=exclude_bias, wd_exclude_norm=exclude_norm))
    expected = [("all", 1.0, 0.1, EVERYTHING - spared)]
    if spared:
        expected.append(("all", 1.0, 0.0, spared))
    assert found == expected


def test_exclusions_act_with_parameter_groups_and_factors_multiply():
    chosen = rules(
        use_param_groups=True, backbone_lr_mult=0.1, head_lr_mult=2.0, backbone_wd_mult=0.5, head_wd_mult=3.0
    )
    assert grouped(chosen) == [
        ("backbone", 0.1, pytest.approx(0.05), BACKBONE_WEIGHTS),
        ("backbone", 0.1, 0.0, BACKBONE_BIASES | BACKBONE_NORMS | BACKBONE_NORM_BIASES),
        ("head", 2.0, pytest.approx(0.3), HEAD_WEIGHTS),
        ("head", 2.0, 0.0, HEAD_BIASES | HEAD_NORMS | HEAD_NORM_BIASES),
    ]


def test_factors_do_nothing_without_parameter_groups():
    assert grouped(rules(backbone_lr_mult=0.1, head_wd_mult=3.0)) == grouped(rules())


def test_a_shared_parameter_is_in_one_group_once():
    network = Network()
    network.decoder[0].weight = network.backbone[0].weight
    names = [name for group in parameter_groups(network, rules(use_param_groups=True)) for name in group.parameters]
    assert sorted(names) == sorted(EVERYTHING - {"decoder.0.weight"})


def test_nothing_to_train_is_refused():
    with pytest.raises(AssertionError, match="nothing to train"):
        parameter_groups(Network().requires_grad_(False), rules())

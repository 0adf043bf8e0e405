"""Which parameters adapt, and what is said where none does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.predict.ttt.tiny import settings
from yolozu.errors import UsageError
from yolozu.model.lora import attach_lora
from yolozu.model.quantization import quantize_hollow
from yolozu.predict.ttt.parameters import adapted_parameters, require_part_in


def network():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.LayerNorm(4), nn.Linear(4, 2))


def chosen(net=None, **keys):
    return [*adapted_parameters(network() if net is None else net, settings(**keys))]


def of(*layers):
    return [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]


def test_all_are_all():
    assert chosen(update_filter="all") == of(0, 1, 2, 3, 4)


def test_codes_and_scales_of_quantized_weights_never_adapt():
    net = network()
    quantize_hollow(net, "int8wo")
    assert "4.weight.scale" in dict(net.named_parameters())
    assert chosen(net, update_filter="all") == [*of(0, 1, 2, 3), "4.bias"]


def test_norms_are_those_of_every_kind():
    assert chosen(update_filter="norm_only") == of(1, 2, 3)


def test_adapters_are_both_halves_and_nothing_besides():
    net = network()
    attach_lora(net, rank=2, alpha=2.0)
    assert chosen(net, update_filter="adapter_only") == [
        f"{layer}.lora_{half}.weight" for layer in (0, 4) for half in ("down", "up")
    ]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ({"include": ("*.weight",)}, ["1.weight", "2.weight", "3.weight"]),
        ({"include": ("1.*", "0.*")}, of(1)),
        ({"exclude": ("*.bias", "2.*")}, ["1.weight", "3.weight"]),
        ({"include": ("[12].*",), "exclude": ("*.bias",)}, ["1.weight", "2.weight"]),
    ],
    ids=str,
)
def test_patterns_narrow_what_the_filter_lets_through(patterns, left):
    assert chosen(update_filter="norm_only", **patterns) == left


def test_patterns_mind_the_case():
    assert chosen(nn.Sequential(nn.BatchNorm1d(2)), exclude=("*.WEIGHT",)) == of(0)


def test_they_are_the_network_s_own():
    net = network()
    assert all(own is dict(net.named_parameters())[name] for name, own in adapted_parameters(net, settings()).items())


REFUSED = {
    "no such layer": (
        nn.Linear(2, 2),
        {"update_filter": "norm_only"},
        "ttt_update_filter: norm_only: YZ640 no parameter of the network is left to adapt by this filter\n"
        "  fix: choose another filter, or patterns that match names such as weight",
    ),
    "no such name": (
        network(),
        {"update_filter": "norm_only", "include": ("norm*", "bn*"), "exclude": ("x",)},
        "ttt_update_filter: norm_only: YZ640 no parameter of the network is left to adapt by this filter and "
        "ttt_include ['norm*', 'bn*'], ttt_exclude ['x']\n"
        "  fix: choose another filter, or patterns that match names such as 1.weight",
    ),
    "no parameter at all": (
        nn.ReLU(),
        {"update_filter": "all"},
        "ttt_update_filter: all: YZ640 no parameter of the network is left to adapt by this filter\n"
        "  fix: choose another filter, or patterns that match names such as none",
    ),
}


@pytest.mark.parametrize(("net", "keys", "said"), REFUSED.values(), ids=REFUSED)
def test_a_network_of_which_nothing_adapts_is_refused(net, keys, said):
    with pytest.raises(UsageError) as refused:
        adapted_parameters(net, settings(**keys))
    assert str(refused.value) == said


def test_a_loss_without_a_part_of_them_is_refused():
    require_part_in(torch.zeros(()).requires_grad_(), settings())
    with pytest.raises(UsageError) as refused:
        require_part_in(torch.zeros(()), settings(method="mim", update_filter="norm_only"))
    assert str(refused.value) == (
        "ttt_update_filter: norm_only: YZ640 the loss of mim depends on no parameter that is left to adapt by this "
        "filter\n"
        "  fix: choose another filter, or other patterns"
    )

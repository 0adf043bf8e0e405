"""Adapters: fresh ones change nothing, what they learn is theirs, and they come off without a trace."""

import pytest
import torch
from torch import nn

from tests.fixtures.exported import CONFIG, POSE_CONFIG, random_checkpoint
from yolozu.contract.sections.lora import LoraSection
from yolozu.contract.sections.train import MimSection
from yolozu.contract.sections.trained_model import with_additions
from yolozu.model.detector import build_detector
from yolozu.model.linear import Linear
from yolozu.model.loading import detector_from
from yolozu.model.lora import (
    LoraLayer,
    adapted_layers,
    attach_lora,
    base_name,
    can_be_adapted,
    detach_lora,
    has_lora,
    is_lora_parameter,
    merge_lora,
    merged_tensors,
    merged_weight,
)


def drawn(seed):
    return torch.Generator().manual_seed(seed)


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 6, 1, stride=2), nn.Flatten(), nn.Linear(24, 5))


def test_layers_of_single_cells_are_adapted_and_named():
    net = network()
    assert attach_lora(net, rank=2, alpha=4.0, generator=drawn(0)) == ["1", "3"]
    assert has_lora(net)
    names = [name for name, _ in net.named_parameters() if is_lora_parameter(name)]
    assert names == ["1.lora_down.weight", "1.lora_up.weight", "3.lora_down.weight", "3.lora_up.weight"]


@pytest.mark.parametrize(
    ("layer", "adapted"),
    [
        (nn.Linear(3, 3), True),
        (nn.Conv2d(4, 4, 1), True),
        (nn.Conv2d(4, 4, 1, groups=2), False),
        (nn.Conv2d(4, 4, 3), False),
        (nn.Conv2d(4, 4, 1, padding=1), False),
        (nn.LayerNorm(4), False),
    ],
)
def test_which_layers_can_be_adapted(layer, adapted):
    assert can_be_adapted(layer) is adapted


def test_fresh_adapters_change_no_bit_of_a_detector():
    detector = detector_from(random_checkpoint(seed=0))
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        before = detector(images).named()
        attach_lora(detector, rank=4, alpha=4.0, generator=drawn(1))
        after = detector(images).named()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_an_adapter_adds_its_low_rank_product():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3))
    base = net[0].weight.detach().clone()
    attach_lora(net, rank=2, alpha=6.0)
    with torch.no_grad():
        net[0].lora_up.weight.normal_()
    merged = base + 3.0 * net[0].lora_up.weight @ net[0].lora_down.weight
    values = torch.rand(5, 4)
    torch.testing.assert_close(net(values), values @ merged.T + net[0].base.bias)


def test_detaching_brings_the_network_back():
    net = network()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    layers = list(net)
    attach_lora(net, rank=2, alpha=2.0)
    with torch.no_grad():
        net[3].lora_up.weight.fill_(1.0)
    detach_lora(net)
    assert list(net) == layers
    assert not has_lora(net)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_attaching_twice_adds_nothing():
    net = network()
    attach_lora(net, rank=2, alpha=2.0)
    assert attach_lora(net, rank=2, alpha=2.0) == []


def test_the_seed_decides_the_first_weights():
    first, second, third = network(), network(), network()
    for net, seed in ((first, 3), (second, 3), (third, 4)):
        attach_lora(net, rank=2, alpha=2.0, generator=drawn(seed))
    assert torch.equal(first[3].lora_down.weight, second[3].lora_down.weight)
    assert not torch.equal(first[3].lora_down.weight, third[3].lora_down.weight)


def with_lora(config=CONFIG, **keys):
    return with_additions(config, MimSection(), LoraSection(lora_r=2, **keys))


def adapted(config=CONFIG, seed=0, **keys):
    """A detector whose adapters have learned something."""
    torch.manual_seed(seed)
    detector = build_detector(with_lora(config, **keys), num_classes=3).eval()
    with torch.no_grad():
        for name, parameter in detector.named_parameters():
            if is_lora_parameter(name):
                parameter.normal_(std=0.1)
    return detector


def outputs_of(detector):
    torch.manual_seed(5)
    with torch.no_grad():
        return detector(torch.rand(2, 3, 64, 96)).named()


@pytest.mark.effect("lora_target")
def test_targets_choose_layers():
    """Of the head every linear layer is adapted, projections of deformable attention among them; no embedding is."""
    layers = {target: adapted_layers(adapted(POSE_CONFIG, lora_target=target)) for target in (
        "head", "all_linear", "all_conv1x1", "all_linear_conv1x1")}  # fmt: skip
    assert {"selector.proj", "selector.logits", "decoder.layers.0.self_attention.q_proj", "k_head.mlp.layers.0"} < {
        *layers["head"]
    }
    assert {f"decoder.layers.1.cross_attention.{name}" for name in (
        "sampling_offsets", "attention_weights", "value_proj", "output_proj")} < {*layers["head"]}  # fmt: skip
    assert not any(name.startswith(("backbone.", "encoder.")) for name in layers["head"])
    assert [name for name in layers["all_linear"] if name not in layers["head"]] == [
        f"encoder.attention.layers.0.{name}"
        for name in ("attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj",
                     "feed_forward.linear1", "feed_forward.linear2")
    ]  # fmt: skip
    assert all(name.rpartition(".")[2] in {"conv", "shortcut"} for name in layers["all_conv1x1"])
    assert {"projector.levels.0.conv", "encoder.lateral.0.conv"} < {*layers["all_conv1x1"]}
    assert {*layers["all_linear_conv1x1"]} == {*layers["all_linear"], *layers["all_conv1x1"]}


def test_a_detector_begins_with_the_weights_that_it_has_without_adapters():
    torch.manual_seed(3)
    plain = build_detector(CONFIG, num_classes=3).state_dict()
    torch.manual_seed(3)
    state = build_detector(with_lora(lora_target="all_linear_conv1x1"), num_classes=3).state_dict()
    base = {base_name(name): value for name, value in state.items() if not is_lora_parameter(name)}
    assert list(base) == list(plain)
    assert all(torch.equal(base[name], plain[name]) for name in plain)


def test_the_base_computes_as_fast_as_it_did():
    detector = adapted()
    assert isinstance(detector.decoder.layers[0].self_attention.q_proj.base, Linear)
    assert isinstance(detector.decoder.layers[0].self_attention.q_proj.lora_down, Linear)


@pytest.mark.parametrize("backbone_norm", ["bn", "frozenbn"])
def test_merged_is_unmerged(backbone_norm):
    config = CONFIG.model_copy(
        update={"backbone": CONFIG.backbone.model_copy(update={"norm": backbone_norm}),
                "encoder": CONFIG.encoder.model_copy(update={"norm": backbone_norm})}
    )  # fmt: skip
    detector = adapted(config, lora_target="all_linear_conv1x1", lora_alpha=3.0)
    before, layers, state = outputs_of(detector), adapted_layers(detector), detector.state_dict()
    by_tensors = merged_tensors({name: value.clone() for name, value in state.items()}, scale=1.5)
    assert merge_lora(detector) == layers
    assert not has_lora(detector)
    after = outputs_of(detector)
    for name, values in before.items():
        torch.testing.assert_close(after[name], values, rtol=0.0, atol=1e-5)
    merged = detector.state_dict()
    assert list(merged) == list(by_tensors)
    assert all(torch.equal(merged[name], by_tensors[name]) for name in merged)
    detach_lora(with_fresh := adapted(config, lora_target="all_linear_conv1x1"))
    assert list(with_fresh.state_dict()) == list(merged)


def test_merging_adds_the_product_in_double_precision_and_rounds_once():
    torch.manual_seed(0)
    weight, down, up = torch.randn(3, 4), torch.randn(2, 4), torch.randn(3, 2)
    expected = (weight.double() + 1.5 * (up.double() @ down.double())).float()
    assert torch.equal(merged_weight(weight, down, up, 1.5), expected)
    assert torch.equal(merged_weight(weight, down, torch.zeros(3, 2), 1.5), weight)
    as_convolution = merged_weight(weight[..., None, None], down[..., None, None], up[..., None, None], 1.5)
    assert torch.equal(as_convolution[..., 0, 0], expected)


def test_dropout_leaves_out_inputs_of_the_adapter_alone():
    torch.manual_seed(0)
    base = nn.Linear(64, 64)
    layer, values = LoraLayer(base, rank=64, alpha=64.0, dropout=0.5), torch.ones(1, 64)
    with torch.no_grad():
        layer.lora_down.weight.copy_(torch.eye(64))
        layer.lora_up.weight.copy_(torch.eye(64))
        seen = layer(values) - base(values)
    assert {round(value, 3) for value in seen.flatten().tolist()} == {0.0, 2.0}
    assert torch.allclose(layer.eval()(values) - base(values), values, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("decoder.layers.0.self_attention.q_proj.base.weight", "decoder.layers.0.self_attention.q_proj.weight"),
        ("selector.proj.base.weight.qdata", "selector.proj.weight.qdata"),
        ("selector.norm.weight", "selector.norm.weight"),
        ("base.weight", "base.weight"),
    ],
)
def test_names_of_the_base(name, plain):
    assert base_name(name) == plain

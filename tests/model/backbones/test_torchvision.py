"""Weights in torchvision's layout give torchvision's maps, or are refused."""

import json

import pytest
import torch

from tests.model.backbones.torchvision_reference import PATH, described, formula_images, formula_state
from yolozu.errors import InputError
from yolozu.model.backbones.base import TorchvisionBackbone
from yolozu.model.backbones.registry import BACKBONES

RECORDED = json.loads(PATH.read_text())
CLASSIFIERS = {
    "resnet50": {"fc.weight": torch.zeros(1000, 2048), "fc.bias": torch.zeros(1000)},
    "convnext_tiny": {"classifier.0.weight": torch.zeros(768), "classifier.2.bias": torch.zeros(1000)},
}
SMALL = {"width_mult": 0.25, "depth_mult": 0.34}


def published(backbone, name):
    """The state dict that torchvision would publish of a network like this one."""
    state = {backbone.torchvision_name(own): tensor for own, tensor in backbone.state_dict().items()}
    return {**formula_state(state), **CLASSIFIERS[name]}


@pytest.mark.slow
@pytest.mark.parametrize("name", RECORDED)
def test_its_maps_are_torchvision_s(name):
    backbone = BACKBONES.load(name)().eval()
    backbone.load_state_dict(backbone.from_torchvision(published(backbone, name)), strict=True)
    with torch.no_grad():
        maps = described(backbone(formula_images()))
    for ours, theirs in zip(maps, RECORDED[name], strict=True):
        assert ours["shape"] == theirs["shape"]
        assert ours["rms"] == pytest.approx(theirs["rms"], rel=1e-5)
        assert ours["sum_of_magnitudes"] == pytest.approx(theirs["sum_of_magnitudes"], rel=1e-5)
        assert ours["values"] == pytest.approx(theirs["values"], abs=1e-5 * theirs["rms"])


def test_every_backbone_that_torchvision_publishes_was_recorded():
    readers = [name for name in BACKBONES if issubclass(BACKBONES.load(name), TorchvisionBackbone)]
    assert readers == sorted(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_tensors_keep_their_values(name):
    backbone = BACKBONES.load(name)(**SMALL)
    state = published(backbone, name)
    renamed = backbone.from_torchvision(state)
    assert list(renamed) == list(backbone.state_dict())
    assert all(torch.equal(tensor, state[backbone.torchvision_name(own)]) for own, tensor in renamed.items())


def test_another_network_is_refused_with_every_name():
    backbone = BACKBONES.load("resnet50")(**SMALL)
    state = published(backbone, "resnet50")
    del state["layer1.0.bn1.weight"]
    state["layer3.6.conv1.weight"] = torch.zeros(1)
    state["layer3.7.conv1.weight"] = torch.zeros(1)
    state["conv1.weight"] = torch.zeros(64, 3, 7, 7)
    with pytest.raises(InputError) as caught:
        backbone.from_torchvision(state, where="resnet101.pth")
    fix = "\n  fix: choose the backbone it was trained as, with norm bn or frozenbn and multipliers 1"
    assert str(caught.value) == (
        f"resnet101.pth: YZ410 1 tensor is missing: layer1.0.bn1.weight{fix}\n"
        f"resnet101.pth: YZ410 2 tensors are unexpected: layer3.6.conv1.weight, layer3.7.conv1.weight{fix}\n"
        "resnet101.pth: YZ410 1 tensor is of another shape: conv1.weight "
        f"([64, 3, 7, 7] in the file, [16, 3, 7, 7] in the backbone){fix}"
    )


def test_files_without_counters_and_frozen_statistics_are_read():
    counted = BACKBONES.load("resnet50")(**SMALL)
    state = published(counted, "resnet50")
    uncounted = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    frozen = BACKBONES.load("resnet50")(norm="frozenbn", **SMALL)
    assert all(
        torch.equal(tensor, frozen.from_torchvision(state)[name])
        for name, tensor in counted.from_torchvision(uncounted).items()
        if not name.endswith("num_batches_tracked")
    )


def test_statistics_of_batches_do_not_fit_group_normalization():
    grouped = BACKBONES.load("resnet50")(norm="gn", **SMALL)
    state = published(BACKBONES.load("resnet50")(**SMALL), "resnet50")
    with pytest.raises(InputError, match=r"YZ410 .* unexpected: bn1\.running_mean"):
        grouped.from_torchvision(state)


def test_half_precision_files_are_read():
    backbone = BACKBONES.load("convnext_tiny")(**SMALL)
    halves = {name: tensor.half() for name, tensor in published(backbone, "convnext_tiny").items()}
    assert {tensor.dtype for tensor in backbone.from_torchvision(halves).values()} == {torch.float32}

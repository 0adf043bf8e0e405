"""Every backbone keeps the promise of the registry."""

from typing import get_args

import onnxruntime
import pytest
import torch

from yolozu.contract.model import BackboneName
from yolozu.model.backbones.registry import BACKBONES

pytestmark = pytest.mark.parametrize("name", list(BACKBONES))


def build(name, *, norm="bn", width_mult=0.25, depth_mult=0.34):
    torch.manual_seed(0)
    return BACKBONES.load(name)(norm=norm, width_mult=width_mult, depth_mult=depth_mult)


def test_the_contract_knows_the_name(name):
    assert name in get_args(BackboneName)


@pytest.mark.parametrize("norm", ["bn", "frozenbn", "gn"])
@pytest.mark.parametrize("batch", [1, 3])
def test_maps_have_the_promised_channels_and_strides(name, norm, batch):
    backbone = build(name, norm=norm)
    maps = backbone(torch.randn(batch, 3, 64, 96))
    promised = zip(backbone.spec.out_channels, backbone.spec.strides, strict=True)
    assert [tuple(level.shape) for level in maps] == [(batch, c, 64 // s, 96 // s) for c, s in promised]


def test_gradients_reach_every_parameter(name):
    backbone = build(name)
    sum(level.square().mean() for level in backbone(torch.randn(2, 3, 64, 64))).backward()
    without = [path for path, parameter in backbone.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert without == []


def test_multipliers_change_width_and_depth(name):
    narrow, wide = build(name), build(name, width_mult=0.5)
    assert all(a < b for a, b in zip(narrow.spec.out_channels, wide.spec.out_channels, strict=True))
    assert all(channels % 8 == 0 for channels in narrow.spec.out_channels)
    deep = build(name, depth_mult=2.0)
    assert len(list(deep.parameters())) > len(list(narrow.parameters()))
    assert deep.spec == narrow.spec


def test_weights_follow_from_the_seed(name):
    first, second = build(name).state_dict(), build(name).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecations
def test_it_exports_to_onnx(name, tmp_path):
    class Exportable(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = build(name).eval()

        def forward(self, images):
            return tuple(self.backbone(images))

    module = Exportable()
    path = tmp_path / "backbone.onnx"
    batch = {"images": {0: torch.export.Dim("batch", min=1, max=8)}}
    sample = torch.randn(2, 3, 64, 64)
    torch.onnx.export(module, (sample,), path, dynamo=True, external_data=False, verbose=False, dynamic_shapes=batch)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        expected = module(images)
    for level, exported in zip(expected, session.run(None, {"images": images.numpy()}), strict=True):
        torch.testing.assert_close(torch.from_numpy(exported), level, rtol=1e-3, atol=1e-4)

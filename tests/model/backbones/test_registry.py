"""Every backbone keeps the promise of the registry."""

from pathlib import Path
from typing import get_args

import onnxruntime
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from yolozu.contract.sections.model import BackboneName, Norm
from yolozu.model.backbones.registry import BACKBONES, NORM_BY_DESIGN
from yolozu.model.norms import BatchNorm2d, FrozenBatchNorm, GroupNorm, SyncBatchNorm2d

PAGE = Path(__file__).parents[3] / "docs/backbones.md"
NORMS = get_args(Norm)
LAYER_OF_NORM = {"bn": BatchNorm2d, "syncbn": SyncBatchNorm2d, "frozenbn": FrozenBatchNorm, "gn": GroupNorm}

every_backbone = pytest.mark.parametrize("name", list(BACKBONES))
every_norm = pytest.mark.parametrize("norm", NORMS)


def build(name, *, norm="bn", width_mult=0.125, depth_mult=0.34):
    torch.manual_seed(0)
    return BACKBONES.load(name)(norm=norm, width_mult=width_mult, depth_mult=depth_mult)


def test_the_contract_offers_exactly_these_names():
    assert list(BACKBONES) == list(get_args(BackboneName))
    assert set(BACKBONES) >= NORM_BY_DESIGN


def test_every_norm_is_looked_at():
    assert list(LAYER_OF_NORM) == list(NORMS)


@every_norm
@every_backbone
def test_maps_have_the_promised_channels_and_strides(name, norm):
    backbone = build(name, norm=norm)
    for batch, height, width in ((1, 64, 96), (3, 32, 64)):
        maps = backbone(torch.randn(batch, 3, height, width))
        promised = zip(backbone.spec.out_channels, backbone.spec.strides, strict=True)
        assert [tuple(level.shape) for level in maps] == [(batch, c, height // s, width // s) for c, s in promised]


@every_norm
@every_backbone
def test_every_normalization_is_the_one_asked_for_unless_the_design_has_its_own(name, norm):
    kinds = {type(module) for module in build(name, norm=norm).modules() if isinstance(module, _normalizations())}
    if name in NORM_BY_DESIGN:
        assert kinds == {type(module) for module in build(name).modules() if isinstance(module, nn.LayerNorm)}
    else:
        assert kinds == {LAYER_OF_NORM[norm]}


def _normalizations():
    return (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm, FrozenBatchNorm)


@every_backbone
def test_the_norm_decides_what_an_image_sees_of_its_batch(name):
    """Batch statistics mix images, groups do not; frozen statistics do not move."""
    torch.manual_seed(1)
    images = torch.rand(3, 3, 64, 64)
    for norm in ("bn", "gn", "frozenbn"):
        backbone = build(name, norm=norm)
        alone, together = backbone(images[:2])[0][0], backbone(images)[0][0]
        mixes = norm == "bn" and name not in NORM_BY_DESIGN
        assert torch.allclose(alone, together, rtol=1e-3, atol=1e-4) != mixes


@every_norm
@every_backbone
def test_gradients_reach_every_parameter(name, norm):
    backbone = build(name, norm=norm)
    sum(level.square().mean() for level in backbone(torch.randn(2, 3, 64, 64))).backward()
    without = [path for path, parameter in backbone.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert without == []


@every_backbone
def test_multipliers_change_width_and_depth(name):
    narrow, wide = build(name), build(name, width_mult=0.5)
    assert all(a < b for a, b in zip(narrow.spec.out_channels, wide.spec.out_channels, strict=True))
    assert all(channels % 8 == 0 for channels in narrow.spec.out_channels)
    deep = build(name, depth_mult=2.0)
    assert len(list(deep.parameters())) > len(list(narrow.parameters()))
    assert deep.spec == narrow.spec


@every_backbone
def test_weights_follow_from_the_seed(name):
    first, second = build(name).state_dict(), build(name).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


@every_backbone
def test_synchronized_statistics_have_the_tensors_of_a_batch_s(name):
    plain, synced = build(name), build(name, norm="syncbn")
    synced.load_state_dict(plain.state_dict(), strict=True)
    images = torch.rand(2, 3, 64, 64)
    pairs = zip(plain(images), synced(images), strict=True)
    assert all(torch.equal(ours, theirs) for ours, theirs in pairs)


@pytest.mark.slow
@every_backbone
def test_the_page_states_what_is_measured(name):
    with torch.device("meta"):
        backbone = BACKBONES.load(name)().eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        backbone(torch.empty(1, 3, 640, 640, device="meta"))
    channels = ", ".join(str(channels) for channels in backbone.spec.out_channels)
    parameters = sum(parameter.numel() for parameter in backbone.parameters())
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{name}` |")]
    assert row.endswith(f"| {channels} | {parameters:,} | {counter.get_total_flops() / 1e9:.1f} |")


def distinct():
    """Names of the backbones that differ in more than depth."""
    return list({repr(build(name, depth_mult=0.01)).partition("(")[2]: name for name in BACKBONES}.values())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecations
@pytest.mark.parametrize("name", distinct())
def test_it_exports_to_onnx(name, tmp_path):
    class Exportable(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = build(name, depth_mult=0.01).eval()

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

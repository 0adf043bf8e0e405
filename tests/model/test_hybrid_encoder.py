"""The hybrid encoder."""

import torch

from yolozu.model.hybrid_encoder import HybridEncoder, IntraScaleAttention


def features(width=16):
    return [torch.randn(2, width, 8, 12), torch.randn(2, width, 4, 6), torch.randn(2, width, 2, 3)]


def encoder(num_layers=1):
    torch.manual_seed(0)
    return HybridEncoder(16, num_layers=num_layers, num_heads=4, ffn_dim=32, expansion=0.5, fusion_blocks=1).eval()


def test_shapes_stay():
    inputs = features()
    assert [level.shape for level in encoder()(inputs)] == [level.shape for level in inputs]


@torch.no_grad()
def test_every_level_hears_of_every_other():
    module = encoder()
    inputs = features()
    before = module(inputs)
    for changed in range(3):
        other = list(inputs)
        other[changed] = other[changed] + torch.randn_like(other[changed])
        after = module(other)
        assert all(not torch.equal(first, second) for first, second in zip(before, after, strict=True))


@torch.no_grad()
def test_attention_sees_the_whole_map_and_where_things_are():
    torch.manual_seed(0)
    module = IntraScaleAttention(16, num_layers=1, num_heads=4, ffn_dim=32)
    map_BDHW = torch.randn(1, 16, 4, 6)
    before = module(map_BDHW)
    map_BDHW[0, :, 3, 5] += 1.0
    assert not torch.equal(before[0, :, 0, 0], module(map_BDHW)[0, :, 0, 0])
    constant = module(torch.ones(1, 16, 4, 6))
    torch.testing.assert_close(constant[0, :, 0, 0], constant[0, :, 2, 3])  # positions are in no value
    mixed = torch.randn(1, 16, 4, 6)
    flipped = module(mixed.flip(-1)).flip(-1)
    assert not torch.allclose(module(mixed), flipped, atol=1e-3)


def test_attention_moves_no_memory_of_channels_last_maps():
    module = IntraScaleAttention(16, num_layers=1, num_heads=4, ffn_dim=32)
    map_BDHW = torch.randn(2, 16, 4, 6).contiguous(memory_format=torch.channels_last)
    assert module(map_BDHW).is_contiguous(memory_format=torch.channels_last)


def test_without_layers_attention_passes_on():
    map_BDHW = torch.randn(2, 16, 2, 3)
    assert IntraScaleAttention(16, num_layers=0, num_heads=4, ffn_dim=32)(map_BDHW) is map_BDHW

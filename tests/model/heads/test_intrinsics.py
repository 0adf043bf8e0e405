"""Correction of intrinsics."""

import torch

from yolozu.model.heads.intrinsics import IntrinsicsHead


def memory():
    return torch.randn(2, 30, 8, generator=torch.Generator().manual_seed(0))


def test_cameras_start_as_they_are_told():
    assert torch.equal(IntrinsicsHead(8)(memory(), (64, 96)), torch.zeros(2, 4))


def test_focal_lengths_are_relative_and_the_principal_point_is_in_px_of_the_input():
    head = IntrinsicsHead(8)
    with torch.no_grad():
        head.mlp.layers[-1].bias.copy_(torch.tensor([0.1, -0.2, 0.25, 0.5]))
    found = head(memory(), (64, 96))
    torch.testing.assert_close(found[:, 2:], torch.tensor([[24.0, 32.0]]).expand(2, 2))
    torch.testing.assert_close(found[:, :2], torch.tensor([[0.1, -0.2]]).expand(2, 2), rtol=0.02, atol=0)


def test_a_corrected_focal_length_is_above_0_whatever_the_head_says():
    head = IntrinsicsHead(8)
    torch.nn.init.constant_(head.mlp.layers[-1].bias, -1e4)
    assert (1 + head(memory(), (64, 96))[:, :2] > 0).all()


def test_an_image_has_its_own_and_the_order_of_its_places_does_not_matter():
    head = IntrinsicsHead(8)
    torch.nn.init.normal_(head.mlp.layers[-1].weight)
    whole = head(memory(), (64, 96))
    assert not torch.allclose(whole[0], whole[1])
    torch.testing.assert_close(head(memory()[1:].flip(1), (64, 96)), whole[1:])


def test_it_computes_in_single_precision_whatever_surrounds_it():
    head = IntrinsicsHead(8)
    torch.nn.init.normal_(head.mlp.layers[-1].weight)
    given = memory().bfloat16()
    expected = head(given.float(), (64, 96))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = head(given, (64, 96))
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_it_learns():
    head = IntrinsicsHead(8)
    (head(memory(), (64, 96)) - 1.0).square().sum().backward()
    assert all(parameter.grad is not None for parameter in head.parameters())

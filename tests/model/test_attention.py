"""Self-attention."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from yolozu.model.attention import SelfAttention, attend


def test_it_equals_pytorch_s_attention():
    torch.manual_seed(0)
    ours, reference = SelfAttention(12, 3), nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(torch.cat([ours.q_proj.weight, ours.k_proj.weight, ours.v_proj.weight]))
        reference.in_proj_bias.copy_(torch.randn(36))
        for projection, bias in zip(
            (ours.q_proj, ours.k_proj, ours.v_proj), reference.in_proj_bias.chunk(3), strict=True
        ):
            projection.bias.copy_(bias)
        reference.out_proj.load_state_dict(ours.o_proj.state_dict())
    tokens, positions = torch.randn(2, 5, 12), torch.randn(1, 5, 12)
    visible = torch.ones(5, 5, dtype=torch.bool).tril()
    located = tokens + positions
    expected, _ = reference(located, located, tokens, attn_mask=~visible, need_weights=False)
    torch.testing.assert_close(ours(tokens, positions, visible), expected)


def test_an_unseen_token_changes_nothing():
    torch.manual_seed(0)
    attention = SelfAttention(8, 2)
    visible = torch.tensor([[True, False], [True, True]])
    tokens = torch.randn(1, 2, 8)
    other = tokens.clone()
    other[0, 1] += 1.0
    positions = torch.zeros(1, 2, 8)
    before, after = attention(tokens, positions, visible), attention(other, positions, visible)
    assert torch.equal(before[0, 0], after[0, 0])
    assert not torch.equal(before[0, 1], after[0, 1])


def test_it_starts_with_the_bound_of_one_matrix_for_queries_keys_and_values():
    torch.manual_seed(0)
    attention = SelfAttention(64, 4)
    bound = (6.0 / (64 + 3 * 64)) ** 0.5
    assert 0.95 * bound < attention.q_proj.weight.abs().max().item() <= bound
    assert attention.o_proj.bias.abs().max().item() == 0.0


@pytest.mark.parametrize("masked", [True, False])
def test_bfloat16_on_the_cpu_gives_the_same_within_its_precision(masked):
    torch.manual_seed(0)
    heads = [torch.randn(2, 3, 7, 8, dtype=torch.bfloat16, requires_grad=True) for _ in range(3)]
    visible = torch.ones(7, 7, dtype=torch.bool).tril() if masked else None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = attend(*heads, visible, dropout=0.0)
    exact = [head.detach().float().requires_grad_() for head in heads]
    expected = F.scaled_dot_product_attention(*exact, attn_mask=visible)
    assert mixed.dtype == torch.bfloat16
    torch.testing.assert_close(mixed.float(), expected, rtol=0.02, atol=0.02)
    ours = torch.autograd.grad(mixed.float().sum(), heads)
    theirs = torch.autograd.grad(expected.sum(), exact)
    for gradient, wanted in zip(ours, theirs, strict=True):
        torch.testing.assert_close(gradient.float(), wanted, rtol=0.05, atol=0.05)


def test_dropout_leaves_out_weights_in_bfloat16_too():
    torch.manual_seed(0)
    heads = [torch.ones(1, 1, 50, 4, dtype=torch.bfloat16) for _ in range(3)]
    assert attend(*heads, None, dropout=0.0).float().std() == 0.0
    assert attend(*heads, None, dropout=0.5).float().std() > 0.05

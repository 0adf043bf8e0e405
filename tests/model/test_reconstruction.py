import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.model.tiny import images, scattered, targets, tiny_detector
from yolozu.model.reconstruction import hide, random_patches, visible_mean

GREY = (0.5, 0.25, 0.75)
HEAD = {"mask_prob": 0.5, "patch_size": 16, "fill": GREY}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def half_hidden(batch=2, height=64, width=96, seed=0):
    return random_patches(batch, height, width, patch_size=16, share=0.5, generator=generator(seed))


def painter():
    detector = tiny_detector(reconstruction=HEAD)
    scattered(detector)
    return detector.eval()


@given(
    st.integers(1, 4),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from([8, 16, 32]),
    st.floats(0.01, 0.99),
    st.integers(0, 9),
)
def test_as_many_whole_patches_are_hidden_in_every_image(batch, patches, patch_size, share, seed):
    (rows, columns), (height, width) = patches, (side * patch_size for side in patches)
    hidden = random_patches(batch, height, width, patch_size=patch_size, share=share, generator=generator(seed))
    assert (hidden.shape, hidden.dtype) == ((batch, 1, height, width), torch.bool)
    patches = hidden[:, :, ::patch_size, ::patch_size]
    grown = patches.repeat_interleave(patch_size, dim=2).repeat_interleave(patch_size, dim=3)
    assert torch.equal(hidden, grown)
    assert patches.sum(dim=(1, 2, 3)).tolist() == [max(1, round(share * rows * columns))] * batch


def test_the_generator_decides_which_and_every_patch_has_its_turn():
    assert torch.equal(half_hidden(), half_hidden())
    assert not torch.equal(half_hidden(), half_hidden(seed=1))
    first, second = half_hidden()
    assert not torch.equal(first, second)
    share = half_hidden(batch=2000).float().mean(dim=0)
    torch.testing.assert_close(share, torch.full_like(share, 0.5), rtol=0.0, atol=0.06)


def test_hidden_is_one_color_and_the_rest_stays():
    whole, hidden = images(), half_hidden()
    found = hide(whole, hidden, GREY)
    grey = torch.tensor(GREY)[:, None, None].expand_as(whole)
    assert torch.equal(found[hidden.expand_as(whole)], grey[hidden.expand_as(whole)])
    assert torch.equal(found[~hidden.expand_as(whole)], whole[~hidden.expand_as(whole)])


def test_the_mean_is_that_of_the_visible():
    whole = torch.stack([torch.full((3, 4, 4), 0.5), torch.full((3, 4, 4), 0.25)])
    hidden = torch.zeros(2, 1, 4, 4, dtype=torch.bool)
    hidden[0, :, :2], hidden[1] = True, True
    whole[0, :, :2], whole[0, 2, 2] = 9.0, 1.5
    assert visible_mean(whole, hidden)[..., 0, 0].tolist() == [[0.5, 0.5, 1.0], [0.0, 0.0, 0.0]]


def test_an_untaught_head_paints_the_mean_color():
    whole, hidden = images(), half_hidden()
    painted = tiny_detector(reconstruction=HEAD).eval().reconstruct(whole, hidden)
    assert torch.equal(painted, visible_mean(whole, hidden).expand_as(whole))


def test_nothing_hidden_is_seen():
    detector, whole, hidden = painter(), images(), half_hidden()
    painted = detector.reconstruct(whole, hidden)
    assert painted.shape == whole.shape
    assert torch.equal(detector.reconstruct(whole + hidden * 7.0, hidden), painted)
    assert not torch.allclose(detector.reconstruct(whole * 0.5, hidden), painted)
    grey = torch.tensor(GREY)[:, None, None].expand_as(whole)
    assert torch.equal(detector.reconstruct(torch.where(hidden, grey, whole), hidden), painted)


def test_all_of_backbone_encoder_and_head_learn_from_it_and_nothing_else():
    detector = painter()
    detector.reconstruct(images(), half_hidden()).square().sum().backward()
    taught = {name for name, parameter in detector.named_parameters() if parameter.grad is not None}
    parts = ("backbone.", "projector.", "encoder.", "memory_projector.", "reconstruction.")
    assert taught == {name for name, _ in detector.named_parameters() if name.startswith(parts)}


@pytest.mark.parametrize("training", [False, True])
def test_detection_is_the_same_with_the_head_and_without(training):
    plain, painting = tiny_detector().train(training), tiny_detector(reconstruction=HEAD).train(training)
    own = dict(painting.state_dict())
    assert all(torch.equal(own[name], tensor) for name, tensor in plain.state_dict().items())
    outputs = [one(images(), targets(2, 1), generator()) for one in (plain, painting)]
    if not training:
        assert all(torch.equal(value, outputs[1].named()[name]) for name, value in outputs[0].named().items())
    else:
        assert all(torch.equal(value, outputs[1].queries[name]) for name, value in outputs[0].queries.items())


def test_the_head_knows_how_patches_were_hidden_when_it_learned():
    head = tiny_detector(reconstruction={"mask_prob": 0.7, "patch_size": 8, "fill": GREY}).reconstruction
    assert (head.mask_prob, head.patch_size, head.fill_3) == (0.7, 8, GREY)

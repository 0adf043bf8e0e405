"""Statistics of BatchNorm layers: known answers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.predict.ttt.tiny import images
from yolozu.model.norms import FrozenBatchNorm
from yolozu.predict.ttt.statistics import MOST_COUNTED, NormStatistics


def norm():
    """A layer whose training was like nothing else."""
    layer = nn.BatchNorm2d(3).eval()
    with torch.no_grad():
        layer.running_mean.copy_(torch.tensor([0.5, -1.0, 2.0]))
        layer.running_var.copy_(torch.tensor([0.25, 4.0, 1.0]))
    return layer


def learn(network, weight, *batches):
    """What `network` learned of batches, one after the other."""
    statistics = NormStatistics(network, weight)
    for batch in batches:
        with statistics.learning_from(len(batch)):
            network(batch)
    return statistics


def moments(values):
    return values.mean(dim=(0, 2, 3)), values.var(dim=(0, 2, 3), unbiased=False)


def assert_moments(layer, mean, var):
    torch.testing.assert_close(layer.running_mean, mean)
    torch.testing.assert_close(layer.running_var, var)


def test_with_weight_one_they_are_the_pictures_own():
    layer = norm()
    learn(layer, 1.0, images(batch=3))
    assert_moments(layer, *moments(images(batch=3)))


@pytest.mark.parametrize(("weight", "batch"), [(0.25, 1), (0.5, 2), (1 / 9, 4)])
def test_training_counts_as_so_many_pictures(weight, batch):
    layer, trained = norm(), norm()
    learn(layer, weight, images(batch=batch))
    prior = 1.0 / weight - 1.0
    share = batch / (prior + batch)
    mean, var = moments(images(batch=batch))
    apart = mean - trained.running_mean
    assert_moments(
        layer,
        trained.running_mean + share * apart,
        (1.0 - share) * trained.running_var + share * var + share * (1.0 - share) * apart.square(),
    )


@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_pictures_one_after_the_other_are_as_all_at_once(weight):
    one_by_one, at_once = norm(), norm()
    learn(one_by_one, weight, *images(batch=5).split(1))
    learn(at_once, weight, images(batch=5))
    assert_moments(one_by_one, at_once.running_mean, at_once.running_var)


def test_small_differences_about_a_large_mean_are_seen():
    layer, batch = norm(), 1000.0 + 0.01 * images()
    learn(layer, 1.0, batch)
    mean, var = moments(batch.double())
    torch.testing.assert_close(layer.running_mean, mean.float())
    torch.testing.assert_close(layer.running_var, var.float(), rtol=1e-2, atol=0.0)


def test_so_many_pictures_count_at_most_and_a_stream_that_changes_is_followed():
    layer = norm()
    statistics = learn(layer, 0.5, torch.zeros(10 * MOST_COUNTED, 3, 1, 1))
    assert statistics.count == 10 * MOST_COUNTED
    before = layer.running_mean.clone()
    with statistics.learning_from(1):
        layer(torch.ones(1, 3, 1, 1))
    share = 1.0 / (1.0 + MOST_COUNTED + 1.0)
    torch.testing.assert_close(layer.running_mean, (1.0 - share) * before + share)


def test_a_layer_sees_pictures_as_the_one_before_it_will_show_them():
    network = nn.Sequential(norm(), nn.Conv2d(3, 3, 1), norm())
    learn(network, 0.25, images())
    with torch.no_grad():
        shown = network[1](network[0](images()))
    alone = norm()
    learn(alone, 0.25, shown)
    assert_moments(network[2], alone.running_mean, alone.running_var)


def test_what_comes_out_is_normalized_by_the_new_statistics():
    layer = norm()
    statistics = NormStatistics(layer, 1.0)
    with statistics.learning_from(2):
        out = layer(images())
    mean, var = moments(out)
    torch.testing.assert_close(mean, torch.zeros(3), rtol=0.0, atol=1e-5)
    torch.testing.assert_close(var, torch.ones(3), rtol=1e-3, atol=0.0)


def test_layers_without_statistics_of_training_are_left_alone():
    network = nn.Sequential(FrozenBatchNorm(3), nn.BatchNorm2d(3, track_running_stats=False), nn.GroupNorm(1, 3))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    statistics = learn(network.eval(), 1.0, images())
    assert (statistics.layers, statistics.tensors()) == ([], [])
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_a_layer_that_runs_several_times_learns_from_the_first_and_lets_the_gradient_pass():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = norm()

        def forward(self, pictures):
            return self.norm(2.0 * self.norm(pictures))

    network, once = Twice(), norm()
    statistics = NormStatistics(network, 0.25)
    with statistics.learning_from(2):
        out = network(images())
    out.sum().backward()
    learn(once, 0.25, images())
    assert_moments(network.norm, once.running_mean, once.running_var)
    assert network.norm.weight.grad is not None


def test_with_weight_zero_nothing_moves():
    layer = norm()
    statistics = learn(layer, 0.0, images())
    assert statistics.layers == []
    assert_moments(layer, norm().running_mean, norm().running_var)


def test_all_that_moves_is_named():
    layers = nn.Sequential(norm(), nn.BatchNorm1d(2))
    found = NormStatistics(layers, 0.5).tensors()
    expected = [layers[0].running_mean, layers[0].running_var, layers[1].running_mean, layers[1].running_var]
    assert all(one is other for one, other in zip(found, expected, strict=True))


def test_outside_the_block_nothing_is_learned_also_where_it_failed():
    layer = norm()
    statistics = NormStatistics(layer, 0.5)
    with pytest.raises(OSError), statistics.learning_from(2):
        raise OSError
    layer(images())
    assert statistics.count == 0
    assert_moments(layer, norm().running_mean, norm().running_var)


def test_vectors_have_statistics_too():
    layer = nn.BatchNorm1d(3).eval()
    values = images()[:, :, 0, 0]
    learn(layer, 1.0, values)
    torch.testing.assert_close(layer.running_mean, values.mean(dim=0))
    torch.testing.assert_close(layer.running_var, values.var(dim=0, unbiased=False))

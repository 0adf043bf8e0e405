"""Seeds that follow from the seed and the step, and globals that stay as they were."""

from dataclasses import replace

import pytest
import torch

from tests.training.tiny import training_config
from yolozu.training.randomness import derived_seed, deterministic, generator_for, seeded


def test_a_seed_for_each_purpose_the_same_every_time():
    assert derived_seed(0, "step", 1, 0) == 970773106339598083
    seeds = {derived_seed(seed, "step", step, place) for seed in range(5) for step in range(50) for place in range(4)}
    assert len(seeds) == 1000
    assert max(seeds) < 2**63


def test_generators_of_one_purpose_agree():
    one, two = (generator_for(torch.device("cpu"), 3, "denoising", 7) for _ in range(2))
    assert torch.equal(torch.rand(4, generator=one), torch.rand(4, generator=two))


def test_seeded_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    with seeded(1, "weights"):
        first = torch.rand(3)
    with seeded(1, "weights"):
        assert torch.equal(torch.rand(3), first)
    assert torch.equal(torch.get_rng_state(), before)


def test_deterministic_where_asked_for_and_only_inside():
    before = torch.get_rng_state()
    with deterministic(True):
        assert torch.are_deterministic_algorithms_enabled()
        torch.rand(1)
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.equal(torch.get_rng_state(), before)
    with deterministic(False):
        assert not torch.are_deterministic_algorithms_enabled()


def test_an_error_inside_restores_the_settings():
    with pytest.raises(KeyError), deterministic(True):
        raise KeyError
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory


@pytest.mark.slow
@pytest.mark.effect("deterministic")
@pytest.mark.parametrize(("key", "seen"), [(None, True), (True, True), (False, False)])
def test_training_on_a_cpu_is_held_to_it_unless_the_contract_says_otherwise(tiny, tmp_path, key, seen):
    chosen = training_config(max_steps=1, deterministic=key)
    found = []

    def score(index, predictions):
        found.append(torch.are_deterministic_algorithms_enabled())
        return {"map50_95": 0.5, "map50": None}

    tiny.fit(tmp_path, chosen, materials=replace(tiny.materials(chosen), score=score))
    assert found == [seen]
    assert not torch.are_deterministic_algorithms_enabled()

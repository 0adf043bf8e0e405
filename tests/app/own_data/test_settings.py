from dataclasses import replace

import pytest

from yolozu.app.own_data.facts import DataFacts
from yolozu.app.own_data.settings import settings_for
from yolozu.artifacts.published_weights import SPELLINGS

FEW = DataFacts(16, 4, 30, 6, 0.4, 640, has_poses=False)


def settings(device="cpu", cores=2, **changes):
    return settings_for(replace(FEW, **changes), device=device, cores=cores)


def test_small_objects_ask_for_a_larger_input_and_small_pictures_for_a_smaller_one():
    sides = [settings(box_side=side).image_size for side in (0.4, 0.07, 0.055, 0.01)]
    assert sides == [256, 320, 416, 416]
    assert [settings(longest_side_px=px).image_size for px in (200, 100)] == [224, 128]
    assert settings("cuda").image_size == 640


def test_time_grows_with_pictures_up_to_an_hour():
    assert [settings(num_pictures=count).minutes for count in (16, 50, 100, 100_000)] == [6, 6, 12, 60]
    assert settings(num_pictures=100).max_steps == pytest.approx(2 * settings().max_steps, rel=0.1)
    assert settings("cuda").minutes is None


def test_more_cores_take_more_steps_up_to_four():
    one, two, four, many = (settings(cores=cores).max_steps for cores in (1, 2, 4, 64))
    assert one < two < four == many


def test_a_gpu_takes_the_published_passes_between_two_limits():
    assert [settings("cuda", num_pictures=count).max_steps for count in (16, 1600, 160_000)] == [3000, 7200, 60_000]


def test_a_batch_is_no_larger_than_the_data():
    assert [settings(num_pictures=count).batch_size for count in (1, 3, 100)] == [1, 3, 8]
    assert settings("cuda", num_pictures=100).batch_size == 16


def test_queries_are_twice_the_objects_of_the_fullest_picture():
    assert [settings(most_objects=count).num_queries for count in (0, 6, 33, 1000)] == [30, 30, 70, 300]
    assert settings("cuda").num_queries == 300


@pytest.mark.parametrize("pictures", [1, 16, 500, 50_000])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_some_ten_validations_and_a_warm_up_lie_within_training(device, pictures):
    found = settings(device, num_pictures=pictures, num_held_out=10)
    epochs = found.max_steps / max(1, pictures // found.batch_size)
    assert found.val_every == 1 or 9 < epochs / found.val_every < 21
    assert found.lr_warmup_steps * 20 <= found.max_steps


def test_few_held_out_pictures_choose_nothing():
    found = settings()
    epochs = found.max_steps / (16 // found.batch_size)
    assert found.val_every == epochs


def test_with_first_weights_a_cpu_takes_the_fewest_steps_and_a_gpu_as_many_as_without():
    weights = SPELLINGS["rtdetr_r18vd_coco"]
    found = {device: settings_for(FEW, device=device, cores=2, weights=weights) for device in ("cpu", "cuda")}
    assert [(entry.max_steps, entry.minutes, entry.is_compact) for entry in found.values()] == [
        (300, None, False),
        (3000, None, False),
    ]

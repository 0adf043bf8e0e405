from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.pose import scenes as posed
from tests.evaluation.random_scenes import some_scenes
from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.comparison.compare import COMPARED_POSES, compare
from yolozu.evaluation.comparison.report import ComparedCounts, ComparedInterval, ComparedSide
from yolozu.evaluation.pose.evaluate import evaluate_pose
from yolozu.progress import SilentProgress

BOX = (40.0, 30.0, 100.0, 80.0)
SIDES = tuple(ComparedSide(name=name, sha256=name * 64, meta={"adapter": "dummy"}) for name in "ab")


def interval(resamples=200, seed=0, confidence=0.95):
    return ComparedInterval(resamples=resamples, seed=seed, confidence=confidence)


FEW = interval()


def compared(a, b, **options):
    pair = predictions_of(a), predictions_of(b)
    options = {"max_images": None, "interval": FEW, **options}
    return compare(index_of(a), ObjectModels(), pair, sides=SIDES, progress=SilentProgress(), **options)


def compared_poses(a, b):
    pair, options = (posed.predictions_of(a), posed.predictions_of(b)), {"max_images": None, "interval": FEW}
    return compare(posed.index_of(a), posed.MODELS, pair, sides=SIDES, progress=SilentProgress(), **options)


def without_last(scenes):
    return [replace(scene, found=None if scene.found is None else scene.found[:-1]) for scene in scenes]


def test_the_numbers_are_those_of_the_evaluation():
    a = some_scenes(1, 12)
    b = without_last(a)
    result = compared(a, b)
    numbers = [evaluate_coco(index_of(a), predictions_of(side)) for side in (a, b)]
    for name, difference in result.metrics.items():
        assert difference.a == pytest.approx(numbers[0].metrics[name], abs=1e-12)
        assert difference.b == pytest.approx(numbers[1].metrics[name], abs=1e-12)
    for place, row in enumerate(result.per_class):
        assert (row.id, row.name) == (numbers[0].per_class[place].id, numbers[0].per_class[place].name)
        assert row.ground_truth == numbers[0].per_class[place].ground_truth
        assert row.metrics["ar100"].b == pytest.approx(numbers[1].per_class[place].metrics["ar100"], abs=1e-12)
    assert result.counts == ComparedCounts(images=12, ground_truth=numbers[0].counts.ground_truth, both_found=None)


def test_identical_predictions_differ_by_exactly_nothing():
    scenes = some_scenes(2, 12)
    result = compared(scenes, scenes)
    differences = [*result.metrics.values(), *(one for row in result.per_class for one in row.metrics.values())]
    assert {(one.delta, one.low, one.high) for one in differences if one.delta is not None} == {(0.0, 0.0, 0.0)}
    assert not any(one.excludes_zero for one in differences)


def test_a_difference_in_every_image_is_no_chance():
    a = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)])] * 6
    b = [Scene([Truth(0, BOX)], [])] * 6
    one = compared(a, b).metrics["map50"]
    assert (one.a, one.b, one.delta) == (pytest.approx(1.0), 0.0, pytest.approx(-1.0))
    assert (one.low, one.high) == (pytest.approx(-1.0), pytest.approx(-1.0))
    assert one.excludes_zero


def test_a_difference_in_one_image_of_many_may_be_chance():
    found = Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)])
    b = [replace(found, found=[]), *[found] * 9]
    one = compared([found] * 10, b).metrics["ar100"]
    assert one.delta == pytest.approx(-0.1)
    assert one.high == 0.0
    assert -0.4 < one.low < -0.1
    assert not one.excludes_zero


@pytest.mark.slow
def test_the_interval_is_as_wide_as_the_theory_says():
    """Recall is a mean over images here: the bootstrap's standard error is that of a mean."""
    found = Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)])
    b = [replace(found, found=[]) if place % 4 == 0 else found for place in range(400)]
    one = compared([found] * 400, b, interval=interval(1000)).metrics["ar100"]
    half = 1.96 * np.sqrt(0.25 * 0.75 / 400)
    assert (one.low, one.high) == (pytest.approx(-0.25 - half, abs=0.008), pytest.approx(-0.25 + half, abs=0.008))


def test_a_class_that_few_drawn_data_sets_have_is_measured_on_those():
    a = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)]), Scene([Truth(1, BOX)], [Found(3, BOX, 0.9)])]
    one = compared(a, without_last(a)).per_class[1].metrics["map50"]
    assert 0 < one.resamples < FEW.resamples
    assert [one.delta, one.low, one.high] == pytest.approx([-1.0] * 3)


@pytest.mark.parametrize("a", [[Scene()], [Scene([], [Found(7, BOX, 0.5)])], [Scene([], None)]])
def test_without_ground_truth_there_is_nothing_to_compare(a):
    result = compared(a, a)
    assert {(one.a, one.delta, one.low, one.resamples) for one in result.metrics.values()} == {(None, None, None, 0)}


def test_one_image_has_an_interval_without_width():
    a = [Scene([Truth(0, BOX), Truth(1, BOX)], [Found(7, BOX, 0.9)])]
    one = compared(a, without_last(a)).metrics["map50"]
    assert [one.delta, one.low, one.high] == pytest.approx([-0.5] * 3)


def test_images_without_an_entry_count_as_missed():
    a = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)])] * 2
    assert compared(a, [a[0], replace(a[1], found=None)]).metrics["ar100"].b == pytest.approx(0.5)


def test_only_the_first_images_are_compared():
    a = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)])] * 3
    result = compared(a, [*a[:2], replace(a[2], found=[])], max_images=2)
    assert (result.counts.images, result.counts.ground_truth, result.metrics["ar100"].delta) == (2, 2, 0.0)


def test_the_seed_decides_the_interval():
    a = some_scenes(1, 12)
    b = without_last(a)
    first, again, other = (compared(a, b, interval=interval(seed=seed)).metrics for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_poses_are_those_of_the_evaluation_and_medians_of_what_both_found():
    near, far = (0.0, 0.0, 1.001), (0.0, 0.0, 1.2)
    thing = posed.Thing(posed.BOX)
    a = [posed.View([thing], [posed.Guess(posed.BOX, 0.9, near)]) for _ in range(8)]
    b = [posed.View([thing], [posed.Guess(posed.BOX, 0.9, far)]) for _ in range(8)]
    b[0] = posed.View([thing], [])
    result = compared_poses(a, b)
    expected = evaluate_pose(posed.index_of(a), posed.MODELS, posed.predictions_of(b))
    assert tuple(result.poses) == COMPARED_POSES
    assert result.counts.both_found == 7
    assert result.poses["add_s_01d"].a == 1.0
    assert result.poses["add_s_01d"].b == expected.metrics["add_s_01d"] == 0.0
    assert result.poses["t_mm_median"].delta == pytest.approx(199.0)
    assert result.poses["t_mm_median"].low == pytest.approx(199.0)
    assert result.per_class[posed.BOX].poses["add_s_01d"].excludes_zero
    assert result.per_class[posed.BOTTLE].poses["add_s_01d"].delta is None


def test_there_are_no_pose_numbers_where_neither_side_has_poses():
    bare = [posed.View([posed.Thing(posed.BOX)], [posed.Guess(posed.BOX, 0.9, None)])]
    assert compared_poses(bare, bare).poses is None
    assert compared_poses(bare, bare).counts.both_found is None

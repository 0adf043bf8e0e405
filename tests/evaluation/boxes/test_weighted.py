from __future__ import annotations

import numpy as np
import pytest

import yolozu.evaluation.boxes.weighted as module
from tests.evaluation.random_scenes import some_scenes
from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.evaluation.boxes.matching import matches_of
from yolozu.evaluation.boxes.metrics import METRICS
from yolozu.evaluation.boxes.problem import problem_of
from yolozu.evaluation.boxes.registry import ENGINES
from yolozu.evaluation.boxes.weighted import mean_over_categories, metrics_of
from yolozu.evaluation.comparison.bootstrap import drawn

BOX = (40.0, 30.0, 100.0, 80.0)
FAR = (300.0, 300.0, 100.0, 80.0)


def problem(scenes):
    return problem_of(index_of(scenes), predictions_of(scenes), max_images=None)


def measured(scenes, multiplicity):
    """(13, ...) the numbers by category, then of all together; of each data set."""
    by_category = metrics_of(matches_of(problem(scenes)), np.array(multiplicity, np.int32), 3)
    return np.concatenate([by_category, mean_over_categories(by_category)[:, None]], axis=1)


def by_engine(engine, scenes):
    curves = ENGINES.load(engine)(problem(scenes))
    numbers = [[metric.of(curves, category) for category in (0, 1, 2, None)] for metric in METRICS.values()]
    return np.array(numbers, np.float64)


def repeated(scenes, times):
    return [scene for scene, count in zip(scenes, times, strict=True) for _ in range(count)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(8))
def test_weighted_images_are_repeated_images(seed, engine):
    scenes = some_scenes(seed)
    multiplicity = drawn(len(scenes), 4, seed)
    numbers = measured(scenes, multiplicity)
    for place in range(4):
        expected = by_engine(engine, repeated(scenes, multiplicity[:, place]))
        np.testing.assert_allclose(numbers[:, :, place], expected, rtol=0, atol=1e-9)


def test_equal_scores_in_an_image_keep_their_order_in_every_copy():
    scenes = [Scene([Truth(0, BOX), Truth(0, FAR)], [Found(7, BOX, 0.5), Found(7, (0.0, 0.0, 9.0, 9.0), 0.5)])]
    expected = by_engine("pycocotools", scenes * 3)
    np.testing.assert_allclose(measured(scenes, [[3]])[:, :, 0], expected, rtol=0, atol=1e-9)
    assert expected[0, 1] == pytest.approx(51 / 101 * (1 + 2 / 3 + 3 / 5) / 3, abs=0.01)


def test_a_class_that_was_not_drawn_has_no_number_and_counts_in_no_mean():
    scenes = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)]), Scene([Truth(1, BOX)], [Found(3, BOX, 0.9)])]
    numbers = measured(scenes, [[2, 0], [0, 2]])
    place = list(METRICS).index("map50_95")
    np.testing.assert_array_equal(np.isnan(numbers[place, :3, 0]), [True, False, True])
    np.testing.assert_array_equal(np.isnan(numbers[place, :3, 1]), [False, True, True])
    np.testing.assert_allclose(numbers[place, 3], 1.0)


@pytest.mark.parametrize("scenes", [[Scene()], [Scene([], [Found(7, BOX, 0.5)])]])
def test_without_ground_truth_there_are_no_numbers(scenes):
    assert np.isnan(measured(scenes, [[1, 0]])).all()


def test_data_sets_measured_apart_give_the_same_and_are_counted(monkeypatch):
    scenes, told = some_scenes(3), []
    multiplicity = drawn(len(scenes), 5, 0)
    together = metrics_of(matches_of(problem(scenes)), multiplicity, 3)
    monkeypatch.setattr(module, "AT_ONCE", 2)
    np.testing.assert_array_equal(
        metrics_of(matches_of(problem(scenes)), multiplicity, 3, advance=told.append), together
    )
    assert told == [2, 2, 1]


def test_no_data_sets():
    assert metrics_of(matches_of(problem([Scene()])), np.zeros((1, 0), np.int32), 3).shape == (12, 3, 0)

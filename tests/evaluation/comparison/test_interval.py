"""The interval of a metric of one set of predictions."""

import numpy as np
import pytest

from tests.evaluation.pose import scenes as posed
from tests.evaluation.random_scenes import some_scenes
from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.comparison.interval import metric_interval
from yolozu.evaluation.comparison.report import ComparedInterval

BOX = (40.0, 30.0, 100.0, 80.0)
DRAWN = ComparedInterval(resamples=200, seed=0, confidence=0.9)


def ends(scenes, metric="map50_95", max_images=None):
    options = {"max_images": max_images, "interval": DRAWN}
    return metric_interval(index_of(scenes), ObjectModels(), predictions_of(scenes), metric, **options)


def test_the_metric_lies_inside():
    scenes = some_scenes(1, 12)
    low, high = ends(scenes)
    assert low < evaluate_coco(index_of(scenes), predictions_of(scenes)).metrics["map50_95"] < high


def test_a_share_of_images_has_the_binomial_s_interval():
    """Of 10 images 5 are found: the recall of a drawn data set is a binomial share."""
    scenes = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)] if place % 2 else []) for place in range(10)]
    shares = np.random.default_rng(3).binomial(10, 0.5, 4000) / 10
    assert ends(scenes, "ar100") == pytest.approx(tuple(np.quantile(shares, [0.05, 0.95])), abs=0.11)


def test_only_the_images_that_count_are_drawn():
    found, missed = Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)]), Scene([Truth(0, BOX)], [])
    assert ends([found, found, missed], "ar100", max_images=2) == (pytest.approx(1.0), pytest.approx(1.0))


def test_where_nothing_is_to_be_measured_there_is_none():
    assert ends([Scene(), Scene()]) is None
    assert ends([Scene([Truth(0, BOX)], [])], "rot_deg_median") is None


def test_of_poses_it_is_over_the_objects_of_the_drawn_images():
    thing = posed.Thing(posed.BOX)
    guess = posed.Guess(posed.BOX, 0.9)
    views = [posed.View([thing], [guess] if place % 2 else []) for place in range(10)]
    options = {"max_images": None, "interval": DRAWN}
    recall = metric_interval(posed.index_of(views), posed.MODELS, posed.predictions_of(views), "add_s_01d", **options)
    shares = np.random.default_rng(3).binomial(10, 0.5, 4000) / 10
    assert recall == pytest.approx(tuple(np.quantile(shares, [0.05, 0.95])), abs=0.11)

import numpy as np

from yolozu.report.chosen import MOST_DRAWN, shown_detections, spread
from yolozu.structures.predictions import ImagePredictions


def test_pictures_are_spread_over_all():
    assert spread(range(10), 4) == [0, 2, 5, 7]
    assert spread(range(3), 4) == [0, 1, 2]


def test_detections_that_are_sure_enough_the_best_first():
    scores = np.array([0.1, 0.9, 0.25, 0.5])
    found = ImagePredictions("x", 10, 10, np.arange(4), scores, np.zeros((4, 4)))
    assert shown_detections(found, 0.25).scores.tolist() == [0.9, 0.5, 0.25]
    many = ImagePredictions("x", 10, 10, np.zeros(99, np.int64), np.linspace(0.3, 1.0, 99), np.zeros((99, 4)))
    assert len(shown_detections(many, 0.0)) == MOST_DRAWN

from __future__ import annotations

import numpy as np
import pytest

import yolozu.evaluation.boxes.matching as module
from tests.evaluation.random_scenes import some_scenes
from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of, reference
from yolozu.evaluation.boxes.matching import IGNORED, RIGHT, WRONG, matches_of
from yolozu.evaluation.boxes.problem import problem_of

BOX = (40.0, 30.0, 100.0, 80.0)


def matched(scenes):
    return matches_of(problem_of(index_of(scenes), predictions_of(scenes), max_images=None))


def fates_of_the_reference(evaluator, category, area):
    """(10, D) in the order in which pycocotools accumulates."""
    images = len(evaluator.params.imgIds)
    first = (category * 4 + area) * images
    rows = [row for row in evaluator.evalImgs[first : first + images] if row is not None]
    if not rows:
        return np.zeros((10, 0))
    order = np.argsort(-np.concatenate([row["dtScores"] for row in rows]), kind="mergesort")
    found = np.concatenate([row["dtMatches"] for row in rows], axis=1)[:, order] > 0
    ignored = np.concatenate([row["dtIgnore"] for row in rows], axis=1)[:, order]
    return np.where(ignored, IGNORED, np.where(found, RIGHT, WRONG))


@pytest.mark.parametrize("pairs_at_once", [1 << 20, 3])
@pytest.mark.parametrize("seed", range(12))
def test_fates_are_those_of_pycocotools(seed, pairs_at_once, monkeypatch):
    monkeypatch.setattr(module, "PAIRS_AT_ONCE", pairs_at_once)
    scenes = some_scenes(seed)
    matches, evaluator = matched(scenes), reference(scenes)
    for category in range(3):
        for area in range(4):
            fates = matches.fate_ATD[area][:, matches.category_D == category]
            np.testing.assert_array_equal(fates, fates_of_the_reference(evaluator, category, area))


def test_of_an_image_and_class_the_best_hundred_count():
    found = [Found(7, BOX, score / 200) for score in range(150)]
    matches = matched([Scene([Truth(0, BOX)], [*found, Found(3, BOX, 0.001)])])
    assert sorted(matches.row_D[matches.category_D == 1].tolist()) == list(range(50, 150))
    assert matches.rank_D[matches.category_D == 1].tolist() == list(range(100))
    assert matches.fate_ATD[0, 0, 1] == RIGHT
    assert (matches.fate_ATD[0, :, 2:] == WRONG).all()


def test_objects_count_by_area_and_crowds_in_none():
    scenes = [Scene([Truth(0, BOX), Truth(0, BOX, area=100.0), Truth(0, BOX, crowd=True)])]
    assert matched(scenes).counted_AG.tolist() == [
        [True, True, False],
        [False, True, False],
        [True, False, False],
        [False, False, False],
    ]


@pytest.mark.parametrize("scenes", [[], [Scene()], [Scene([Truth(0, BOX)], None)], [Scene([], [Found(7, BOX, 0.5)])]])
def test_nothing_to_match(scenes):
    assert not (matched(scenes).fate_ATD == RIGHT).any()

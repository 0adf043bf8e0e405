"""Every engine of the registry computes the same curves from the same columns."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.evaluation.boxes.problem import problem_of
from yolozu.evaluation.boxes.registry import ENGINES

BOX = (40.0, 30.0, 100.0, 80.0)
SCENES = [
    Scene([Truth(0, BOX), Truth(1, BOX, crowd=True)], [Found(7, BOX, 0.5), Found(3, BOX, 0.5), Found(90, BOX, 0.1)]),
    Scene([Truth(2, BOX, area=500.0)], [Found(90, (42.0, 30.0, 100.0, 80.0), 0.5)] * 3),
    Scene([Truth(2, BOX)], None),
]


def curves(engine, scenes):
    return ENGINES.load(engine)(problem_of(index_of(scenes), predictions_of(scenes), max_images=None))


@pytest.mark.parametrize("scenes", [SCENES, [], [Scene()], SCENES[2:], [Scene([], [Found(7, BOX, 0.5)])]])
@pytest.mark.parametrize("engine", ENGINES)
def test_curves_are_those_of_the_reference_element_by_element(engine, scenes):
    measured, reference = curves(engine, scenes), curves("pycocotools", scenes)
    assert measured.precision.shape == (10, 101, 3, 4, 3)
    assert measured.recall.shape == (10, 3, 4, 3)
    np.testing.assert_allclose(measured.precision, reference.precision, atol=1e-12)
    np.testing.assert_allclose(measured.recall, reference.recall, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_reaches_the_terminal(engine, capfd):
    curves(engine, SCENES)
    curves(engine, [Scene()])
    assert capfd.readouterr() == ("", "")

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.scenes import Found, Scene, Truth, index_of, name_of, predictions_of
from yolozu.errors import InputError
from yolozu.evaluation.boxes.problem import problem_of
from yolozu.structures.predictions import ImagePredictions

BOX = (40.0, 30.0, 100.0, 80.0)
hundredths = st.integers(0, 200_000).map(lambda n: n / 100)


@given(st.tuples(hundredths, hundredths, hundredths, hundredths), st.integers(1, 5000), st.integers(1, 5000))
def test_pixels_with_a_few_decimals_are_the_same_bits_after_normalizing(box, width, height):
    scene = Scene([Truth(0, box)], [Found(7, box, 0.5)], width, height)
    problem = problem_of(index_of([scene]), predictions_of([scene]), max_images=None)
    assert problem.truth_boxes_xywh_px.tolist() == [list(box)]
    assert problem.found_boxes_xywh_px.tolist() == [list(box)]


def test_columns_carry_category_ids_areas_and_image_numbers():
    scenes = [Scene([Truth(2, BOX, area=12.5), Truth(1, BOX, crowd=True)], None), Scene([], [Found(90, BOX, 0.25)])]
    problem = problem_of(index_of(scenes), predictions_of(scenes), max_images=None)
    assert problem.truth_images.tolist() == [1, 1]
    assert problem.truth_categories.tolist() == [90, 3]
    assert problem.truth_areas_px.tolist() == [12.5, 8000.0]
    assert problem.truth_crowd.tolist() == [False, True]
    assert (problem.found_images.tolist(), problem.found_categories.tolist()) == ([2], [90])
    assert problem.found_scores.tolist() == [0.25]
    assert (problem.covered, problem.uncovered) == (1, name_of(0))


def test_the_first_images_are_taken_on_both_sides():
    scenes = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.5)])] * 3
    problem = problem_of(index_of(scenes), predictions_of(scenes), max_images=2)
    assert len(problem.sizes) == 2
    assert problem.truth_images.tolist() == problem.found_images.tolist() == [1, 2]
    assert (problem.covered, problem.uncovered) == (2, None)


def test_predictions_may_come_in_any_order_and_by_base_name():
    scenes = [Scene([], [Found(7, BOX, 0.25)]), Scene([], [Found(7, BOX, 0.5)])]
    entries = [
        ImagePredictions(entry.image.rpartition("/")[2], None, None, entry.class_ids, entry.scores, entry.boxes_cxcywh)
        for entry in reversed(predictions_of(scenes))
    ]
    problem = problem_of(index_of(scenes), entries, max_images=None)
    assert problem.found_scores.tolist() == [0.25, 0.5]


def test_images_the_index_does_not_have_are_refused_together():
    entries = predictions_of([Scene(), Scene(), Scene()])
    with pytest.raises(InputError) as caught:
        problem_of(index_of([Scene()]), [*entries, entries[0]], max_images=None)
    assert str(caught.value) == (
        f"{name_of(1)}: YZ802 no image of split 'val' has this name\n"
        "  fix: name images by their path relative to the data set's root\n"
        f"{name_of(2)}: YZ802 no image of split 'val' has this name\n"
        "  fix: name images by their path relative to the data set's root\n"
        f"{name_of(0)}: YZ802 has two entries\n"
        "  fix: write one entry per image"
    )


def test_unknown_classes_are_refused():
    scenes = [Scene([], [Found(0, BOX, 0.5), Found(7, BOX, 0.5), Found(1, BOX, 0.5)])]
    with pytest.raises(InputError, match="YZ803 the data set has no class with the id 0, 1"):
        problem_of(index_of(scenes), predictions_of(scenes), max_images=None)


def test_nothing_at_all_is_empty_columns():
    problem = problem_of(index_of([]), [], max_images=None)
    assert problem.truth_boxes_xywh_px.shape == problem.found_boxes_xywh_px.shape == (0, 4)
    assert problem.sizes.shape == (0, 2)
    assert problem.truth_crowd.dtype == np.bool_

from __future__ import annotations

import pytest

from tests.evaluation.pose.scenes import BOTTLE, BOX, CLASSES, Guess, K, Thing, View, index_of, predictions_of
from yolozu.errors import InputError
from yolozu.evaluation.pose.problem import pose_problem_of
from yolozu.structures.classes import ClassTable


def problem_of(*views, **options):
    return pose_problem_of(index_of(views), predictions_of(views), **options)


def depths(problem):
    return problem.t_E3[:, 2].tolist()


def test_as_many_estimates_count_as_there_are_objects_of_the_class_by_score_then_place():
    guesses = [
        Guess(BOX, 0.2, (0.0, 0.0, 1.0)),
        Guess(BOX, 0.5, (0.0, 0.0, 2.0)),
        Guess(BOTTLE, 0.9, (0.0, 0.0, 3.0)),
        Guess(BOX, 0.5, (0.0, 0.0, 4.0)),
        Guess(BOX, 0.9, (0.0, 0.0, 5.0)),
    ]
    problem = problem_of(View([Thing(BOX), Thing(BOX)], guesses))
    assert depths(problem) == [5.0, 2.0]
    assert problem.object_P.tolist() == [0, 1, 0, 1]
    assert problem.estimate_P.tolist() == [0, 0, 1, 1]
    assert problem.estimates_by_class.tolist() == [4, 1, 0]


def test_every_object_with_a_pose_knows_its_image_and_its_place_there():
    views = [View([Thing(BOTTLE), Thing(BOX), Thing(BOTTLE, has_pose=False)]), View([]), View([Thing(BOX)])]
    problem = problem_of(*views)
    assert list(zip(problem.image_G.tolist(), problem.place_G.tolist(), strict=True)) == [(0, 1), (0, 0), (2, 0)]


def test_detections_without_a_pose_take_no_place():
    problem = problem_of(View([Thing(BOX)], [Guess(BOX, 0.9, None), Guess(BOX, 0.1)]))
    assert depths(problem) == [1.0]
    assert problem.estimates_by_class.tolist() == [1, 0, 0]


def test_objects_without_a_pose_are_not_evaluated_but_leave_room_for_their_estimates():
    things = [Thing(BOX), Thing(BOX, has_pose=False), Thing(BOX, crowd=True)]
    problem = problem_of(View(things, [Guess(BOX, 0.9 - 0.1 * number) for number in range(4)]))
    assert len(problem.class_G) == 1
    assert len(problem.t_E3) == 2


def test_every_object_stays_whether_or_not_anything_was_found():
    views = [View([Thing(BOX)], None), View([Thing(BOTTLE)], []), View([], [Guess(BOX, 0.5)])]
    problem = problem_of(*views)
    assert problem.class_G.tolist() == [BOX, BOTTLE]
    assert (problem.images, problem.covered, problem.uncovered) == (3, 2, "images/val/0000.jpg")
    assert problem.groups == ()


def test_the_camera_that_took_the_image_projects():
    problem = problem_of(View([Thing(BOX)], []), View([Thing(BOX)], [], K_true=(601.0, 500.0, 320.0, 240.0)))
    assert problem.K_G4.tolist() == [list(K), [601.0, 500.0, 320.0, 240.0]]


def test_only_the_first_images_are_evaluated():
    problem = problem_of(View([Thing(BOX)], []), View([Thing(BOX)], []), max_images=1)
    assert (problem.images, len(problem.class_G)) == (1, 1)


def test_unknown_images_and_classes_are_refused():
    views = [View([Thing(BOX)], [Guess(BOX, 0.5)])]
    with pytest.raises(InputError, match="YZ802"):
        pose_problem_of(index_of(views), predictions_of(views, names="elsewhere/{}.jpg".format))
    index = index_of(views)
    object.__setattr__(index, "classes", ClassTable(CLASSES.names, (8, 3, 90)))
    with pytest.raises(InputError, match="YZ803"):
        pose_problem_of(index, predictions_of(views))

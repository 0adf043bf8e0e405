"""Predictions made by hand, of objects 100 px wide."""

from tests.evaluation.scenes import CLASSES, Found, Scene, Truth, index_of, predictions_of
from yolozu.evaluation.forgetting.found import all_of, found_by_class

CAT, DOG, OWL = CLASSES.category_ids
HERE, NEAR, FAR = (0, 0, 100, 100), (20, 0, 100, 100), (60, 0, 100, 100)
"""NEAR overlaps HERE by 2/3, FAR by 1/4."""


def outcome(truth, found):
    """(objects, localized, recognized) of each class on one image."""
    scene = Scene(truth, found)
    entry = predictions_of([scene])[0] if found is not None else None
    pairs = [(index_of([scene]).records[0], entry)]
    return [(one.objects, one.localized, one.recognized) for one in found_by_class(pairs, CLASSES.category_ids)]


def test_an_object_is_found_by_what_overlaps_it_and_known_by_its_class():
    assert outcome([Truth(0, HERE)], [Found(CAT, NEAR, 0.9)])[0] == (1, 1, 1)
    assert outcome([Truth(0, HERE)], [Found(DOG, NEAR, 0.9)])[0] == (1, 1, 0)
    assert outcome([Truth(0, HERE)], [Found(CAT, FAR, 0.9)])[0] == (1, 0, 0)


def test_the_detection_that_overlaps_most_is_the_answer_whatever_its_score():
    assert outcome([Truth(0, HERE)], [Found(DOG, NEAR, 0.9), Found(CAT, HERE, 0.3)])[0] == (1, 1, 1)
    assert outcome([Truth(0, HERE)], [Found(CAT, NEAR, 0.9), Found(DOG, HERE, 0.3)])[0] == (1, 1, 0)


def test_of_two_answers_in_one_place_the_surer_counts():
    assert outcome([Truth(0, HERE)], [Found(DOG, HERE, 0.5), Found(CAT, HERE, 0.6)])[0] == (1, 1, 1)
    assert outcome([Truth(0, HERE)], [Found(DOG, HERE, 0.7), Found(CAT, HERE, 0.6)])[0] == (1, 1, 0)


def test_doubtful_detections_are_no_answers():
    assert outcome([Truth(0, HERE)], [Found(CAT, HERE, 0.24)])[0] == (1, 0, 0)
    assert outcome([Truth(0, HERE)], [Found(CAT, HERE, 0.25)])[0] == (1, 1, 1)


def test_images_without_detections_and_crowds():
    assert outcome([Truth(0, HERE), Truth(2, FAR, crowd=True)], None) == [(1, 0, 0), (0, 0, 0), (0, 0, 0)]
    assert outcome([], [Found(CAT, HERE, 0.9)]) == [(0, 0, 0)] * 3


def test_shares_are_of_all_objects_and_of_those_that_were_found():
    rows = [Truth(0, HERE), Truth(0, (300, 300, 50, 50)), Truth(1, (300, 0, 100, 100))]
    scene = Scene(rows, [Found(CAT, HERE, 0.9), Found(CAT, (300, 0, 100, 100), 0.9)])
    classes = found_by_class([(index_of([scene]).records[0], predictions_of([scene])[0])], CLASSES.category_ids)
    cats, dogs, owls = classes
    assert (cats.localization, cats.recognition) == (0.5, 1.0)
    assert (dogs.localization, dogs.recognition) == (1.0, 0.0)
    assert (owls.localization, owls.recognition) == (None, None)
    assert (all_of(classes).localization, all_of(classes).recognition) == (2 / 3, 0.5)

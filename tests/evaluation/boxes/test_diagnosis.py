"""Hotcoco's numbers on a case that is worked out by hand, in the order of our classes."""

from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.evaluation.boxes.diagnosis import Bin, Suspect, diagnose, diagnose_sure
from yolozu.evaluation.boxes.problem import problem_of

BOX, FAR, SHIFTED = (40.0, 30.0, 100.0, 80.0), (400.0, 300.0, 60.0, 60.0), (90.0, 30.0, 100.0, 80.0)
SCENES = [
    Scene([Truth(0, BOX)], [Found(7, BOX, 0.9), Found(7, BOX, 0.8)]),  # a hit and a duplicate
    Scene([Truth(0, BOX), Truth(1, FAR)], [Found(3, BOX, 0.7)]),  # a cat taken for a dog; a dog missed
    Scene([Truth(1, BOX)], [Found(3, SHIFTED, 0.6)]),  # IoU 1/3: badly placed
    Scene([Truth(2, BOX)], [Found(90, BOX, 0.55), Found(90, FAR, 0.5)]),  # a hit, and one of the background
]


def problem(scenes=SCENES):
    return problem_of(index_of(scenes), predictions_of(scenes), max_images=None)


def test_confusion_has_truth_in_rows_and_what_was_found_in_columns():
    sure = diagnose_sure(problem(), index_of(SCENES).records, score_threshold=0.5)
    assert sure.confusion.tolist() == [  # cat, dog, owl, nothing
        [1, 1, 0, 0],
        [0, 0, 0, 2],
        [0, 0, 1, 0],
        [1, 1, 1, 0],
    ]


def test_every_detection_that_is_no_hit_is_of_one_kind():
    counts = {error.name: error.count for error in diagnose(problem()).errors}
    assert counts == {"Cls": 1, "Loc": 1, "Both": 0, "Dupe": 1, "Bkg": 1, "Miss": 1}


def test_a_cure_of_what_is_missed_adds_what_was_missing():
    """One class, one of two objects found: AP .5 (51 of 101 recalls); without the miss it is 1."""
    scenes = [Scene([Truth(0, BOX), Truth(0, FAR)], [Found(7, BOX, 0.9)])]
    (missed,) = [error for error in diagnose(problem(scenes)).errors if error.name == "Miss"]
    assert missed.delta_ap == pytest.approx(1.0 - 51 / 101)


def test_calibration_compares_mean_score_and_share_of_hits():
    scenes = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.95), Found(7, FAR, 0.93), Found(7, FAR, 0.25)])]
    found = diagnose(problem(scenes))
    assert [(one.low, one.count, one.accuracy) for one in found.bins] == [(0.2, 1, 0.0), (0.9, 2, 0.5)]
    assert [one.confidence for one in found.bins] == pytest.approx([0.25, 0.94])
    assert found.ece == pytest.approx((1 * 0.25 + 2 * 0.44) / 3)
    assert isinstance(found.bins[0], Bin)


def test_precision_over_recall_is_that_of_the_coco_protocol():
    found = diagnose(problem())
    assert np.isnan(found.precision_RK).any(axis=0).tolist() == [False, False, False]
    assert found.precision_RK[:, 0] == pytest.approx([1.0] * 51 + [0.0] * 50)  # one of two cats, found first
    assert found.precision_RK[:, 1].tolist() == [0.0] * 101
    assert found.precision_R == pytest.approx(found.precision_RK.mean(axis=1))
    assert diagnose(problem([Scene([], [Found(7, BOX, 0.5)])])).precision_R is None


def test_doubtful_labels_the_surest_first():
    sure = diagnose_sure(problem(), index_of(SCENES).records, score_threshold=0.5)
    assert sure.suspects[:1] == (Suspect("wrong_label", 1, 2, 1, 0.7, "dog", "cat"),)
    assert Suspect("missing_annotation", 3, 5, None, 0.5, "owl", None) in sure.suspects
    none = diagnose_sure(problem([Scene()]), index_of([Scene()]).records, score_threshold=0.5)
    assert (none.suspects, none.images) == ((), ())


def test_images_are_numbered_as_they_stand_in_the_index_whatever_order_their_ids_have():
    index = index_of(SCENES)
    records = tuple(replace(record, number=99 - place) for place, record in enumerate(index.records))
    index = replace(index, records=records)
    found = problem_of(index, predictions_of(SCENES), max_images=None)
    sure = diagnose_sure(found, records, score_threshold=0.5)
    assert [(one.hits, one.extra, one.missed) for one in sure.images] == [(1, 1, 0), (0, 1, 2), (0, 1, 1), (1, 1, 0)]
    assert sure.suspects[0].image == 1

"""Curves of pose errors agree with the numbers that `evaluate_pose` gives."""

import numpy as np
import pytest

from tests.evaluation.pose.scenes import BOX, GHOST, MODELS, index_of, predictions_of
from tests.evaluation.pose.test_evaluate import VIEWS
from yolozu.artifacts.meshes import ObjectModels
from yolozu.evaluation.pose.distribution import pose_distribution
from yolozu.evaluation.pose.evaluate import evaluate_pose

INDEX, FOUND = index_of(VIEWS), predictions_of(VIEWS)


def test_errors_are_those_of_the_objects_with_an_estimate():
    found = pose_distribution(INDEX, MODELS, FOUND)
    assert found.objects == 4
    assert sorted(found.t_mm) == pytest.approx([10.0, 20.0])
    assert found.rotation_deg == pytest.approx([0.0, 0.0], abs=1e-6)
    report = evaluate_pose(INDEX, MODELS, FOUND)
    assert np.median(found.t_mm) == pytest.approx(report.metrics["t_mm_median"])
    assert np.median(found.z_mm) == pytest.approx(report.metrics["z_mm_median"])


def test_recall_rises_at_the_error_of_each_object():
    """One of two boxes is 1 cm off, and the bottle is not found; the ghost has no model."""
    found = pose_distribution(INDEX, MODELS, FOUND)
    curve = dict(zip(found.limits_cm_T.round(6).tolist(), found.add_recall_T.tolist(), strict=True))
    assert (curve[0.8], curve[1.2], curve[10.0]) == pytest.approx((0.0, 1 / 3, 1 / 3))
    assert found.add_recall_by_class[BOX][-1] == 0.5
    assert GHOST not in found.add_recall_by_class


def test_without_models_there_is_no_recall_and_only_the_first_images_count():
    found = pose_distribution(INDEX, ObjectModels(), FOUND, max_images=1)
    assert (found.objects, found.add_recall_T, found.add_recall_by_class) == (2, None, {})
    assert len(found.t_mm) == 1

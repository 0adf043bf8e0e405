from __future__ import annotations

import numpy as np
import pytest

from yolozu.evaluation.boxes.metrics import METRICS, Curves, Metric


def curves() -> Curves:
    precision, recall = np.full((10, 101, 2, 4, 3), -1.0), np.full((10, 2, 4, 3), -1.0)
    precision[:, :, 0, 0, 2] = np.linspace(0.9, 0.0, 10)[:, None]
    recall[:, 0, 1, 2] = 0.25
    return Curves(precision, recall)


def test_a_mean_is_over_what_was_measured():
    assert METRICS["map50_95"].of(curves()) == pytest.approx(0.45)
    assert METRICS["map50"].of(curves()) == pytest.approx(0.9)
    assert METRICS["map75"].of(curves()) == pytest.approx(0.4)
    assert METRICS["ar_small"].of(curves()) == pytest.approx(0.25)


def test_nothing_measured_is_none():
    assert METRICS["map_small"].of(curves()) is None
    assert METRICS["map50_95"].of(curves(), category=1) is None
    assert METRICS["map50_95"].of(curves(), category=0) == pytest.approx(0.45)


def test_any_threshold_of_the_protocol_can_be_asked_for():
    assert Metric("precision", iou_percent=95).of(curves()) == pytest.approx(0.0)

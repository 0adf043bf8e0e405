from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from yolozu.artifacts.parity_report import Differences, Matched, Selection, Thresholds
from yolozu.export.comparison import ComparedImage
from yolozu.export.matching import DetectionMatch
from yolozu.export.poses import PoseDifferences
from yolozu.export.selection import SelectionDifference
from yolozu.export.verdict import matched, output_differences, reason, selection, shortcomings

LIMITS = Thresholds(score_atol=1e-4, bbox_atol=1e-3, rot_deg=0.1, t_mm=0.5)
PAIRS = np.array([[0, 0], [1, 1]])
NOT_SEEN = SelectionDifference(np.array([np.nan]), 0, 0, 0)


def compared(image="a.jpg", size=1, *, logits=0.0, boxes=0.0, scores=0.0, other=0, unmatched=0, flips=0):
    return ComparedImage(
        image=image,
        batch_size=size,
        outputs={"pred_logits": np.array([[0.0, logits]]), "pred_boxes": np.array([[0.0, 0.0, 0.0, boxes]])},
        selection=SelectionDifference(np.array([0.0, scores]), reordered=1, tied=2, other=other),
        detections=DetectionMatch(np.array([0.99, 1.0]), np.array([0.0, scores]), unmatched, 1, flips, PAIRS),
    )


def posed(image="a.jpg", *, rot=0.0, t=0.0, turned=0.0, moved=0.0, sigma=0.0, **outputs):
    """Of a model with pose: three queries, two pairs."""
    raw = {"pred_offsets": np.zeros((3, 2)), "pred_log_sigma_z": np.array([[0.0], [0.0], [sigma]])}
    poses = PoseDifferences(
        rot_deg=np.array([rot, 0.0]),
        t_mm=np.array([0.0, t]),
        turned_deg=np.array([0.0, turned, 0.0]),
        moved_mm={"pred_log_z": np.zeros(3), "pred_offsets": np.array([0.0, 0.0, moved])},
    )
    return replace(compared(image), outputs={**compared().outputs, **raw, **outputs}, poses=poses)


def test_differences_within_tolerance_are_no_shortcoming():
    assert shortcomings([compared(logits=1e-4, boxes=1e-3, scores=1e-4)], LIMITS) == []


def test_each_shortcoming_names_its_worst_number_and_place():
    entries = [
        compared("a.jpg", 1, logits=0.1, boxes=0.01, other=1),
        compared("b.jpg", 3, logits=0.25, scores=0.5, unmatched=2, flips=1, other=4),
    ]
    assert shortcomings(entries, LIMITS) == [
        "pred_logits differ by 0.25 (tolerance 0.0001) on b.jpg at batch size 3",
        "pred_boxes differ by 0.01 (tolerance 0.001) on a.jpg at batch size 1",
        "proposal scores differ by 0.5 (tolerance 0.0001) on b.jpg at batch size 3",
        "5 queries rank clearly behind others, most of them on b.jpg at batch size 3",
        "2 detections have no counterpart, most of them on b.jpg at batch size 3",
        "1 objects changed labels, most of them on b.jpg at batch size 3",
    ]


def test_poses_are_held_to_what_they_do_to_an_object():
    assert shortcomings([posed(rot=0.1, t=0.5, turned=0.1, moved=0.5, sigma=1e-4)], LIMITS) == []
    entries = [posed(), posed("b.jpg", rot=0.2, t=0.75, turned=170.0, moved=1.5, sigma=0.01)]
    assert shortcomings(entries, LIMITS) == [
        "pred_log_sigma_z differ by 0.01 (tolerance 0.0001) on b.jpg at batch size 1",
        "pred_rot6d turn an object by 170 degrees (tolerance 0.1) on b.jpg at batch size 1",
        "pred_offsets move an object by 1.5 mm (tolerance 0.5) on b.jpg at batch size 1",
        "rotations of detections differ by 0.2 degrees (tolerance 0.1) on b.jpg at batch size 1",
        "translations of detections differ by 0.75 mm (tolerance 0.5) on b.jpg at batch size 1",
    ]


def test_raw_poses_may_differ_by_any_number():
    assert shortcomings([posed(pred_rot6d=np.full((3, 6), 1e9))], LIMITS) == []
    assert shortcomings([posed(pred_rot6d=np.full((3, 6), np.nan))], LIMITS) == [
        "pred_rot6d are not finite on a.jpg at batch size 1"
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_no_numbers_never_pass(value):
    assert shortcomings([compared(), compared("b.jpg", logits=value)], LIMITS) == [
        "pred_logits are not finite on b.jpg at batch size 1"
    ]


def test_statistics_leave_out_and_count_what_is_not_finite():
    entries = [compared(logits=0.3), compared(logits=np.nan)]
    assert output_differences(entries)["pred_logits"].model_dump() == pytest.approx(
        {"max": 0.3, "mean": 0.1, "p50": 0.0, "p90": 0.24, "p99": 0.294, "non_finite": 1}
    )


def test_without_a_finite_value_there_are_no_statistics():
    entry = ComparedImage(
        "a.jpg", 1, dict.fromkeys(("pred_logits", "pred_boxes"), np.array([[np.inf]])), NOT_SEEN, None
    )
    assert output_differences([entry])["pred_boxes"] == Differences(
        max=None, mean=None, p50=None, p90=None, p99=None, non_finite=1
    )


def test_selections_add_up():
    assert selection([compared(scores=0.1, other=1), compared(scores=0.2)]) == Selection(
        score_max=0.2, reordered=2, tied=4, other=1
    )


def test_matches_add_up_and_have_no_pose():
    entries = [compared(scores=0.1, unmatched=1), compared(flips=2)]
    assert matched(entries) == Matched(
        pairs=4, unmatched=1, tied=2, iou_min=0.99, score_max=0.1, label_flips=2, rot_deg_max=None, t_mm_max=None
    )


def test_the_largest_differences_of_poses_are_those_of_pairs():
    found = matched([posed(rot=0.25, turned=9.0), posed("b.jpg", t=3.0, moved=9.0)])
    assert (found.rot_deg_max, found.t_mm_max) == (0.25, 3.0)


def test_without_pairs_poses_do_not_differ():
    nothing = np.empty(0)
    poses = PoseDifferences(nothing, nothing, np.zeros(1), {"pred_log_z": np.zeros(1)})
    alone = replace(compared(), poses=poses)
    assert shortcomings([alone], LIMITS) == []
    assert (matched([alone]).rot_deg_max, matched([alone]).t_mm_max) == (None, None)


def test_without_a_finite_output_there_are_no_pairs():
    nothing = ComparedImage("a.jpg", 1, {}, NOT_SEEN, None)
    assert matched([nothing]) == Matched(
        pairs=0, unmatched=0, tied=0, iou_min=None, score_max=None, label_flips=0, rot_deg_max=None, t_mm_max=None
    )
    assert selection([nothing]).score_max is None


def test_the_reason_says_what_was_compared():
    scope = {"images": 1, "requested": 8, "batch_sizes": (1, 3)}
    assert reason([], **scope) == (
        "all outputs within tolerance on 1 image at batch sizes 1 and 3 (the split has no more; 8 were asked for)"
    )
    assert reason([], images=3, requested=3, batch_sizes=(1, 3), without_camera=2) == (
        "all outputs within tolerance on 3 images at batch sizes 1 and 3, 2 of them with a stand-in for the camera, "
        "which is not known"
    )
    assert reason(["x differs", "y differs"], images=8, requested=8, batch_sizes=(1, 3)) == (
        "x differs; y differs; compared on 8 images at batch sizes 1 and 3"
    )

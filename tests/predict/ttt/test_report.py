"""`ttt.json`: losses, limits, the twin that did not adapt, and all of it in a line."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from tests.predict.ttt.tiny import settings
from yolozu.artifacts.jsonio import pretty
from yolozu.artifacts.record import read_record, schema_of, write_record
from yolozu.predict.ttt.report import TttBatch, TttReport, TttStep, TttStop, ttt_report
from yolozu.predict.ttt.session import TttRun
from yolozu.structures.predictions import ImagePredictions


def found(image, *scores):
    boxes = np.full((len(scores), 4), 0.5)
    return ImagePredictions(image, 10, 10, np.zeros(len(scores), np.int64), np.array(scores), boxes)


def step(loss, grad_norm=None, update_norm=None, total=None):
    return TttStep(loss=loss, grad_norm=grad_norm, update_norm=update_norm, total_update_norm=total)


def batch(image, *steps, stop=None):
    return TttBatch(images=[image], steps=[*steps], stop=stop)


RATIO = TttStop(reason="loss_ratio", value=4.0, limit=3.0, ended=True, rolled_back=True)
NO_NUMBER = TttStop(reason="non_finite_loss", value=None, limit=None, ended=False, rolled_back=True)


def run(**keys):
    """Two pictures: one of two steps, one whose second step broke a limit."""
    return TttRun(
        settings=settings(preset="safe", include=("a*",), **keys),
        parameters={"norm.weight": 3, "norm.bias": 3},
        adapted_layers=["head"],
        norm_layers=2,
        no_adapt=[found("a.png", 0.5, 0.25), found("b.png")],
        predictions=[found("a.png", 0.75), found("b.png")],
        batches=[
            batch("a.png", step(2.0, 0.1, 0.01, 0.01), step(1.0, 0.2, 0.02, 0.03)),
            batch("b.png", step(4.0, 0.1, 0.01, 0.01), step(16.0), stop=RATIO),
        ],
        adapt_s=1.5,
        predict_s=1.0,
        no_adapt_s=0.5,
    )


def score(predictions):
    """Better with fewer detections."""
    return {"map50_95": 1.0 / (1 + sum(len(entry) for entry in predictions)), "add_01d": None}


def test_everything_that_came_of_it_is_told():
    report = ttt_report(run(), score).model_dump(mode="json")
    timestamp = datetime.fromisoformat(report.pop("timestamp"))
    assert 0 <= (datetime.now(UTC) - timestamp).total_seconds() < 60
    assert report == {
        "schema_version": 1,
        "settings": {
            "preset": "safe",
            "method": "tent",
            "update_filter": "norm_only",
            "include": ["a*"],
            "exclude": [],
            "reset": "sample",
            "steps": 1,
            "batch_size": 1,
            "max_batches": None,
            "lr": 0.5,
            "norm_weight": 0.25,
            "seed": 0,
            "stop_on_non_finite": True,
            "rollback_on_stop": True,
            "limits": {
                "grad_norm": 1.0,
                "update_norm": 1.0,
                "total_update_norm": 1.0,
                "loss_ratio": 3.0,
                "loss_increase": None,
            },
            "mim_mask_prob": None,
        },
        "parameters": {"norm.weight": 3, "norm.bias": 3},
        "fresh_adapters": ["head"],
        "norm_layers": 2,
        "images": 2,
        "adapted_images": 2,
        "stops": {"loss_ratio": 1},
        "loss_first": 3.0,
        "loss_last": 8.5,
        "no_adapt": {
            "detections": 2,
            "mean_score": 0.375,
            "metrics": {"map50_95": pytest.approx(1 / 3), "add_01d": None},
        },
        "adapted": {"detections": 1, "mean_score": 0.75, "metrics": {"map50_95": 0.5, "add_01d": None}},
        "cost": {"adapt_s": 1.5, "predict_s": 1.0, "no_adapt_s": 0.5, "ratio": 5.0, "steps": 3},
        "batches": [
            {
                "images": ["a.png"],
                "steps": [
                    {"loss": 2.0, "grad_norm": 0.1, "update_norm": 0.01, "total_update_norm": 0.01},
                    {"loss": 1.0, "grad_norm": 0.2, "update_norm": 0.02, "total_update_norm": 0.03},
                ],
                "stop": None,
            },
            {
                "images": ["b.png"],
                "steps": [
                    {"loss": 4.0, "grad_norm": 0.1, "update_norm": 0.01, "total_update_norm": 0.01},
                    {"loss": 16.0, "grad_norm": None, "update_norm": None, "total_update_norm": None},
                ],
                "stop": {"reason": "loss_ratio", "value": 4.0, "limit": 3.0, "ended": True, "rolled_back": True},
            },
        ],
    }


def test_it_is_read_as_it_was_written(tmp_path):
    report = ttt_report(run(), score)
    write_record(tmp_path / "ttt.json", report)
    assert read_record(tmp_path / "ttt.json", TttReport, code="YZ640", fix="-") == report
    assert {*schema_of(TttReport)["properties"]} == {*report.model_dump()}
    assert "NaN" not in pretty(report.model_dump(mode="json"))


def test_without_ground_truth_there_are_no_metrics():
    report = ttt_report(run(), None)
    assert (report.no_adapt.metrics, report.adapted.metrics) == (None, None)
    assert report.summary()["map50_95"] == {"no_adapt": None, "adapted": None}
    assert report.in_a_line() == "ttt tent (norm_only, sample): 3 steps, 5.0 times the time; stopped by 1 x loss_ratio"


def test_in_a_stream_the_first_and_the_last_loss_are_those_of_all_of_it():
    report = ttt_report(run(reset="stream"), None)
    assert (report.loss_first, report.loss_last) == (2.0, 16.0)


def test_losses_without_a_number_do_not_count():
    told = run()
    told.batches.append(batch("c.png", step(None), stop=NO_NUMBER))
    report = ttt_report(told, None)
    assert (report.loss_first, report.loss_last) == (3.0, 8.5)
    assert report.stops == {"loss_ratio": 1, "non_finite_loss": 1}
    assert report.batches[2].stop is not None
    assert (report.batches[2].stop.value, report.batches[2].stop.ended) == (None, False)


def test_without_steps_there_are_no_losses():
    told = run(steps=0)
    told.batches = [batch("a.png")]
    report = ttt_report(told, None)
    assert (report.loss_first, report.loss_last, report.cost.steps, report.stops) == (None, None, 0, {})


def test_nothing_predicted_is_nothing_to_divide_by():
    report = ttt_report(TttRun(settings()), score)
    assert (report.images, report.no_adapt.mean_score, report.cost.ratio) == (0, None, 0.0)


def test_in_a_line_it_says_what_it_was_worth():
    assert ttt_report(run(), score).in_a_line() == (
        "ttt tent (norm_only, sample): map50_95 0.3333 -> 0.5000, 3 steps, 5.0 times the time; "
        "stopped by 1 x loss_ratio"
    )


def test_a_receipt_keeps_what_it_was_worth_and_what_it_cost():
    assert ttt_report(run(), score).summary() == {
        "map50_95": {"no_adapt": pytest.approx(1 / 3), "adapted": 0.5},
        "cost": 5.0,
        "steps": 3,
        "stops": {"loss_ratio": 1},
    }

from __future__ import annotations

from tests.evaluation.comparison.test_compare import compared, interval
from tests.evaluation.scenes import Found, Scene, Truth

BOX = (40.0, 30.0, 100.0, 80.0)


def test_the_report_says_what_was_compared_and_how():
    scenes = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)])]
    report = compared(scenes, scenes, interval=interval(100, 3, 0.9), warnings=["a warning"]).model_dump()
    assert report["interval"] == {"method": "percentile", "resamples": 100, "seed": 3, "confidence": 0.9}
    assert report["counts"] == {"images": 1, "ground_truth": 1, "both_found": None}
    assert report["metrics"]["ar100"] == {
        "a": 1.0,
        "b": 1.0,
        "delta": 0.0,
        "low": 0.0,
        "high": 0.0,
        "resamples": 100,
        "excludes_zero": False,
    }
    assert [row["name"] for row in report["per_class"]] == ["cat", "dog", "owl"]
    assert (report["a"]["name"], report["poses"], report["warnings"]) == ("a", None, ["a warning"])

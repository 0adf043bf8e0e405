from __future__ import annotations

from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.evaluation.comparison.compare import Resampling, compare
from yolozu.evaluation.comparison.report import ComparedSide, compare_report, eval_compare_schema
from yolozu.progress import SilentProgress

BOX = (40.0, 30.0, 100.0, 80.0)


def test_the_report_says_what_was_compared_and_how():
    scenes = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)])]
    resampling = Resampling(100, 3, 0.9)
    result = compare(
        index_of(scenes),
        ObjectModels(),
        (predictions_of(scenes), predictions_of(scenes)),
        max_images=None,
        resampling=resampling,
        progress=SilentProgress(),
    )
    sides = [ComparedSide(name=name, sha256=name * 64, meta={"adapter": "dummy"}) for name in "ab"]
    report = compare_report(result, resampling, sides, ["a warning"])
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


def test_the_schema_names_every_key():
    assert {"a", "b", "metrics", "poses", "per_class", "interval"} <= set(eval_compare_schema()["properties"])

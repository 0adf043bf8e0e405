"""A scenario suite as test cases."""

from yolozu.app.ci.cases import Case
from yolozu.app.ci.suite_cases import suite_results


def row(name, **values):
    measured = {"images": 4, "fps": 8.0, "map50_95": 0.5, "map50": 0.6, "recall": 0.7, "add_s_01d": None, "reasons": {}}
    return {"name": name, **measured, **values}


def test_a_scenario_that_was_not_measured_is_skipped():
    reason = {"map50_95": "there is no model"}
    report = {
        "dataset": {"root": "data", "split": "val", "images": 4},
        "adapter": {"name": "precomputed"},
        "clean": row("clean"),
        "reference": None,
        "scenarios": [row("small", fps=None), row("noise", map50_95=None, reasons=reason)],
    }
    found = suite_results(report, "reports/scenarios.json", 3.0)
    assert found.headline == "data val: 4 images, adapter precomputed"
    assert found.cases == (
        Case("scenarios", "clean", "passed", 0.5, message="map50_95 0.5000 on 4 images"),
        Case("scenarios", "small", "passed", 0.0, message="map50_95 0.5000 on 4 images"),
        Case("scenarios", "noise", "skipped", message="there is no model"),
    )
    assert found.metrics["map50"] == 0.6

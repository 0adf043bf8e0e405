"""Why two runs differ, on a page."""

from tests.report.html_reading import read_page
from yolozu.report.run_differences import run_differences_page

CAUSE = {"name": "threads", "text": "threads add", "differences": [{"name": "torch threads", "a": 1, "b": 2}]}
TRAINING = {
    "should_be_equal": True,
    "because": [],
    "compared_rows": 3,
    "first_step": {"step": 20, "name": "total", "a": 3.0, "b": 3.5, "last_equal": 10},
    "compared_validations": 2,
    "first_validation": None,
    "checkpoints": [{"name": "checkpoints/best.pt", "a": "aa", "b": "bb"}],
    "resumed_at": [None, 7],
}
REPORT = {
    "a": {"run": "x<b>", "directory": "runs/x"},
    "b": {"run": "y", "directory": "runs/y"},
    "differ": True,
    "contract": [{"name": "seed", "a": 0, "b": None, "stages": ["train"]}],
    "operations": [],
    "data": [],
    "code": [],
    "environment": [{"name": "torch threads", "a": 1, "b": 2, "stages": []}],
    "metrics": [],
    "stages": [
        {"stage": "train", "outcome": "differs", "expected": False, "because": [], "outputs": [{"name": "best.pt"}]},
        {"stage": "predict", "outcome": "equal", "expected": True, "because": ["input onnx"], "outputs": []},
    ],
    "training": TRAINING,
    "causes": [CAUSE],
    "findings": [{"where": "runs/y/z:", "problem": "is gone"}],
}


def test_each_layer_is_a_section_and_the_causes_come_first():
    page = read_page(run_differences_page(REPORT))
    assert page.title == "x<b> and y · yolozu"
    for word in (
        "They differ.",
        "torch threads 1 → 2: threads add",
        "no reason in keys, inputs or version",
        "step 20 (equal up to step 10): total",
        "none in 2 rows that both have",
        "B went on at step 7 in another process.",
        "runs/y/z: is gone",
        "Nothing differs here.",
    ):
        assert word in page.text
    titles = ["causes", "contract", "operations", "data", "code", "environment", "stages", "training", "metrics"]
    assert [name for name in page.ids if name in titles] == titles


def test_equal_runs_need_no_cause():
    page = read_page(run_differences_page({**REPORT, "differ": False, "causes": [], "training": None}))
    assert "Contract, data and results are equal, but for times." in page.text
    assert "causes" not in page.ids
    assert "training" not in page.ids

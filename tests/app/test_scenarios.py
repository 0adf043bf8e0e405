from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.test_datasets import make_split
from yolozu.app.scenarios import files_of, measure_scenarios, setting_meant_by
from yolozu.errors import YolozuError
from yolozu.progress import SilentProgress

SETTING = "dataset: data\nadapter: rtdetr_pose\ncheckpoint: gone.pt\nscenarios: [{name: small, slice: {area: small}}]\n"
FLAGS = ("dataset", "adapter", "checkpoint", "onnx", "predictions", "device", "batch_size", "intrinsics", "seed")


def meant(path="t.yaml", **flags):
    return setting_meant_by(None if path is None else Path(path), {**dict.fromkeys(FLAGS), **flags})


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_split(tmp_path / "data", "val")
    for name in ("t.yaml", "suite.yaml"):
        (tmp_path / name).write_text(SETTING)


def test_flags_win_and_a_file_means_its_adapter():
    setting = meant(None, dataset="data", onnx="m.onnx", intrinsics="600, 600,320,240")
    assert (setting.adapter, setting.intrinsics) == ("onnxruntime", (600.0, 600.0, 320.0, 240.0))
    assert files_of(setting) == {"checkpoint": None, "onnx": Path("m.onnx"), "predictions": None}


def test_what_the_file_gives_another_adapter_is_left_out():
    assert files_of(meant(adapter="dummy")) == {"checkpoint": None, "onnx": None, "predictions": None}


def test_a_suite_is_measured_on_the_data():
    report = measure_scenarios(meant(adapter="dummy"), SilentProgress())
    assert [row["name"] for row in report["scenarios"]] == ["small"]
    assert (report["dataset"]["images"], report["adapter"]["name"]) == (1, "dummy")


@pytest.mark.parametrize(
    ("path", "flags", "said"),
    [
        (
            None,
            {"adapter": "dummy"},
            "command line: YZ820 no data set is named\n  fix: give --dataset ROOT",
        ),
        ("suit.yaml", {}, "suit.yaml: YZ101 no such file\n  fix: did you mean 'suite.yaml'?"),
        ("t.yaml", {"adapter": "dumy"}, "adapter 'dumy': YZ901 no such adapter\n  fix: did you mean 'dummy'?"),
        ("t.yaml", {"onnx": "m.onnx", "adapter": "dummy"}, "--onnx: YZ612 adapter 'dummy' does not read it\n"),
        (
            "t.yaml",
            {"adapter": "precomputed"},
            "--predictions: YZ612 adapter 'precomputed' needs it\n"
            "  fix: give --predictions FILE, or predictions: FILE in the setting file",
        ),
        ("t.yaml", {"seed": -1}, "--seed: YZ104 must be a whole number of at least 0, got -1\n"),
        ("t.yaml", {"intrinsics": "1,2,x"}, "--intrinsics: YZ103 must be a list of four numbers: fx, fy, cx, cy in px"),
    ],
)
def test_what_cannot_be_meant_is_refused(path, flags, said):
    with pytest.raises(YolozuError) as caught:
        meant(path, **flags)
    assert said in str(caught.value)

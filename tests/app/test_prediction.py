from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runs import write_dataset
from yolozu.app.prediction import camera_in, prediction_asked_by
from yolozu.artifacts.camera_file import StatedCamera
from yolozu.artifacts.predictions import read_predictions
from yolozu.contract.overrides import Override
from yolozu.errors import UsageError
from yolozu.progress import SilentProgress

OPTIONS = ("config", "run_id", "checkpoint", "onnx", "dataset", "split", "batch_size", "intrinsics", "ttt_log_out")


def asked(*flags, **options):
    overrides = [Override(key, value, f"--{key.replace('_', '-')}") for key, value in flags]
    return prediction_asked_by(overrides, **{**dict.fromkeys(OPTIONS), **options})


def test_a_file_predicts_a_data_set(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "data", exported)
    prediction = asked(("max_images", 2), onnx=exported.onnx, dataset=Path("data"), batch_size=3).opened(
        SilentProgress()
    )
    assert (prediction.request.batch_size, prediction.files) == (3, (None, None, exported.onnx, None))
    adapter = {"adapter": "onnxruntime", "onnx": str(exported.onnx)}
    assert prediction.summary() == {**adapter, "dataset": "data", "split": "val"}
    done = prediction.write(tmp_path / "p.json", wrap=False, ttt_log_out=None)
    assert done.images == len(read_predictions(tmp_path / "p.json")) == 2


def test_options_that_the_adapter_does_not_read_are_refused_before_anything_is_read():
    request = asked(("adapter", "dummy"), ("device", "cpu"), onnx=Path("gone.onnx"), dataset=Path("gone"))
    with pytest.raises(UsageError) as caught:
        request.opened(SilentProgress())
    assert [(finding.code, finding.where) for finding in caught.value.findings] == [
        ("YZ612", "--onnx"),
        ("YZ612", "--device"),
    ]


def test_a_report_of_what_does_not_happen_is_refused():
    with pytest.raises(UsageError) as caught:
        asked(("adapter", "dummy"), dataset=Path("data"), ttt_log_out=Path("ttt.json"))
    assert str(caught.value) == (
        "--ttt-log-out: YZ631 nothing adapts, so there is no report\n  fix: add --ttt, or leave it out"
    )


def test_a_camera_is_a_comma_list_or_a_file(tmp_path):
    assert camera_in("100,110,60,45") == StatedCamera((100, 110, 60, 45), None)
    path = tmp_path / "a,b.json"
    path.write_text('{"fx": 100, "fy": 110, "cx": 60, "cy": 45, "width": 120, "height": 90}')
    assert camera_in(str(path)) == StatedCamera((100, 110, 60, 45), (120, 90))


def test_a_camera_file_that_is_none_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"--camera .*gone.yaml: YZ617 No such file or directory"):
        camera_in(str(tmp_path / "gone.yaml"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("100,100,60", "'100,100,60' is no list of four numbers"),
        ("a,b,c,d", "'a,b,c,d' is no list of four numbers"),
        ("0,100,60,45", "'0,100,60,45' is no camera: fx and fy must be above 0"),
        ("100,nan,60,45", "'100,nan,60,45' is no camera: fx and fy must be above 0"),
        ("100,100,inf,45", "'100,100,inf,45' is no camera: fx and fy must be above 0"),
    ],
)
def test_a_camera_that_is_none_is_refused(text, problem):
    with pytest.raises(UsageError) as caught:
        camera_in(text)
    assert str(caught.value) == (
        f"--camera: YZ617 {problem}\n"
        "  fix: write fx,fy,cx,cy in px, such as 600,600,320,240, or name a file that holds a camera"
    )

"""A model loaded from each of its forms, and what it finds beside what the command line finds."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import yolozu
from tests.cli.runs import write_run
from tests.fixtures.videos import write_video
from yolozu.cli.app import main


@pytest.fixture
def photos(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported.index.root / "images/val", tmp_path / "photos")
    return Path("photos")


@pytest.mark.parametrize("kind", ["checkpoint", "onnx"])
def test_the_same_is_found_as_on_the_command_line_however_a_picture_is_given(exported, photos, capsys, kind):
    path = getattr(exported, kind)
    assert main(["predict", "photos", f"--{kind}", str(path), "--jsonl", "-"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(len(row["detections"]) for row in rows) > 5
    model = yolozu.load(path)
    assert (model.path, model.classes.names) == (path, ("cup", "can", "box"))
    assert [found.to_dict() for found in model.predict(photos)] == rows
    files = sorted(photos.iterdir())
    opened = [Image.open(file) for file in files]
    pixels = [np.asarray(image.convert("RGB")) for image in opened]
    for images in (opened, pixels):
        found = [entry.to_dict()["detections"] for entry in model.predict(images)]
        assert found == [row["detections"] for row in rows]
    for image in opened:
        image.close()


def test_torch_and_onnx_runtime_find_the_same(exported, photos):
    pairs = [yolozu.load(path).predict(photos) for path in (exported.checkpoint, exported.onnx)]
    for ours, theirs in zip(*pairs, strict=True):
        assert ours.class_names.tolist() == theirs.class_names.tolist()
        assert np.allclose(ours.boxes_xyxy_px, theirs.boxes_xyxy_px, atol=1e-2)
        assert np.allclose(ours.scores, theirs.scores, atol=1e-3)


def test_a_run_is_named_or_is_a_directory_and_does_to_these_pictures_nothing_of_its_own(exported, photos):
    write_run(Path("runs/a"), exported, corruption="fog", max_images=1, score_threshold=0.9, tta=True, tta_mode="model")
    shutil.copytree("runs/a", "elsewhere/b")
    expected = [found.to_dict() for found in yolozu.load(exported.onnx).predict(photos)]
    for run in ("a", "runs/a", Path("elsewhere/b")):
        model = yolozu.load(run)
        assert model.path.name == "model.onnx"
        assert [found.to_dict() for found in model.predict(photos)] == expected
    assert yolozu.load("a", adapter="rtdetr_pose").path == Path("runs/a/checkpoints/best.pt")


def test_options_have_their_effect(exported, photos):
    few = yolozu.load(exported.onnx, score_threshold=0.0, max_detections=2, batch_size=1).predict(photos / "0.png")
    assert [len(found) for found in few] == [2]
    assert yolozu.load(exported.onnx, score_threshold=1.0).predict(photos / "0.png")[0].scores.tolist() == []


def test_poses_need_a_camera_for_translations(exported_pose, photos):
    (found,) = yolozu.load(exported_pose.onnx).predict(photos / "0.png")
    assert found.R_m2c.shape == (len(found), 3, 3)
    assert (found.t_m2c, found.intrinsics, found.intrinsics_from) == (None, None, None)
    Path("K.json").write_text("[100, 100, 60, 45]")
    for camera in ((100, 100, 60, 45), "100,100,60,45", Path("K.json"), np.array([100, 100, 60, 45])):
        (found,) = yolozu.load(exported_pose.onnx, camera=camera).predict(photos / "0.png")
        assert found.t_m2c.shape == (len(found), 3)
        assert (found.intrinsics.tolist(), found.intrinsics_from) == ([100, 100, 60, 45], "given")
    empty = yolozu.load(exported_pose.onnx, score_threshold=1.0).predict(photos / "0.png")[0]
    assert (len(empty), empty.R_m2c.shape) == (0, (0, 3, 3))


def test_a_camera_is_assumed_only_where_that_is_asked_for(exported_pose, photos):
    (found,) = yolozu.load(exported_pose.onnx, assumed_fov_deg=90).predict(photos / "0.png")
    assert found.intrinsics.tolist() == pytest.approx([60, 60, 60, 45])
    assert found.intrinsics_from == "assumed"


def test_a_picture_that_cannot_be_read_is_an_error_or_left_out_and_told_of(exported, photos):
    (photos / "1.png").write_bytes(b"no picture")
    model, told = yolozu.load(exported.onnx), []
    with pytest.raises(yolozu.InputError, match=r"^photos/1.png: YZ207"):
        model.predict(photos)
    assert len(model.predict(photos, unreadable=told.append)) == 4
    assert [finding.where for finding in told] == ["photos/1.png"]


def test_each_picture_comes_as_soon_as_its_batch_is_done(exported, photos):
    taken = []

    def pictures():
        for number in range(100):
            taken.append(number)
            yield np.zeros((32, 32, 3), np.uint8)

    stream = yolozu.load(exported.onnx, batch_size=2).predict_each(pictures())
    assert [next(stream).image, next(stream).image, next(stream).image][-1] == "image-000002"
    assert taken == [0, 1, 2, 3]


def test_a_video_is_its_frames(exported, photos):
    write_video(photos / "clip.mp4", 5)
    found = yolozu.load(exported.onnx).predict([photos / "clip.mp4", photos / "0.png"], every=2)
    assert [entry.image for entry in found] == ["clip-000000.jpg", "clip-000002.jpg", "clip-000004.jpg", "0.png"]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("nothing.pt", "nothing.pt: YZ642 is not there\n  fix: name a .pt or .onnx file, or a run"),
        ("exp10", "exp10: YZ642 is not there\n  fix: did you mean 'exp01'? runs here: exp01; name a .pt or .onnx file"),
        ("photos", "photos: YZ642 is no run\n  fix: name a .pt or .onnx file, or a run"),
        ("photos/0.png", "photos/0.png: YZ642 is neither a checkpoint (.pt) nor an exported file (.onnx)"),
    ],
)
def test_what_is_no_model_is_told_with_what_is(exported, photos, model, said):
    write_run(Path("runs/exp01"), exported)
    with pytest.raises(yolozu.UsageError) as caught:
        yolozu.load(model)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"device": "cuda:7"}, "YZ615"),
        ({"adapter": "rtdetr_pose"}, "YZ612"),
        ({"score_threshold": 2}, "YZ104"),
        ({"batch_size": 0}, "YZ325"),
        ({"assumed_fov_deg": 180}, "YZ325"),
        ({"camera": (1, 2)}, "YZ617"),
        ({"camera": "gone.json"}, "YZ617"),
    ],
)
def test_options_that_cannot_be_are_refused(exported, options, said):
    with pytest.raises(yolozu.YolozuError, match=said):
        yolozu.load(exported.onnx, **options)

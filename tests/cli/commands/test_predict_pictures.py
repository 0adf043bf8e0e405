"""`yolozu predict SOURCE…`, as it is typed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import av
import pytest
from PIL import Image

from tests.cli.runs import write_run
from tests.fixtures.videos import write_video
from yolozu.artifacts.predictions import read_predictions
from yolozu.cli.app import main


@pytest.fixture
def photos(exported, tmp_path, monkeypatch):
    """Five pictures in a folder of an empty working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported.index.root / "images/val", tmp_path / "photos")
    return tmp_path / "photos"


def test_each_picture_is_a_line_and_everything_that_is_asked_for_is_left(exported, photos, capsys):
    words = f"predict photos --onnx {exported.onnx} --max-detections 2 --save-images drawn --save-crops crops"
    assert main([*words.split(), "--save-txt", "txt", "--output", "out/p.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{exported.onnx}: 3 classes"
    assert [line.split("  ")[1:3] for line in lines[1:6]] == [
        ["0.png", "120x90"], ["1.png", "96x64"], ["2.png", "64x128"], ["3.png", "50x50"], ["4.png", "200x100"],
    ]  # fmt: skip
    assert lines[7:] == ["  out/p.json", "  drawn", "  crops", "  txt"]
    entries = read_predictions(photos.parent / "out/p.json")
    found = sum(len(entry) for entry in entries)
    assert lines[6] == f"5 pictures, {found} detections"
    assert found == sum(len(path.read_text().splitlines()) for path in (photos.parent / "txt").iterdir())
    assert sorted(path.name for path in (photos.parent / "drawn").iterdir()) == [f"{place}.png" for place in range(5)]
    meta = json.loads((photos.parent / "out/p.json").read_text())["meta"]
    assert [row["name"] for row in meta["classes"]] == ["cup", "can", "box"]
    assert (meta["score_threshold"], meta["max_detections"]) == (0.25, 2)


def test_json_lines_are_all_that_is_printed(exported, photos, capsys):
    words = f"predict photos/0.png photos/4.png --checkpoint {exported.checkpoint} --jsonl -"
    assert main(words.split()) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["image"], row["width"]) for row in rows] == [("0.png", 120), ("4.png", 200)]
    assert {detection["class_name"] for row in rows for detection in row["detections"]} <= {"cup", "can", "box"}


def test_a_checkpoint_and_its_exported_file_find_the_same(exported, photos, capsys):
    found = []
    for option, path in (("--checkpoint", exported.checkpoint), ("--onnx", exported.onnx)):
        assert main(["predict", "photos", option, str(path), "--jsonl", "-"]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        found.append([[round(entry["score"], 3) for entry in row["detections"]] for row in rows])
    assert found[0] == found[1]


def test_pictures_that_cannot_be_read_are_named_and_counted_and_the_rest_goes_on(exported, photos, capsys):
    (photos / "2.png").write_bytes(b"no picture")
    assert main(["predict", "photos", "--onnx", str(exported.onnx), "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.err == (
        "photos/2.png: YZ207 image cannot be read: cannot identify image file 'photos/2.png'\n"
        "  fix: copy it again, or leave it out\n"
    )
    said = json.loads(printed.out)
    assert (said["model"], said["pictures"], said["unreadable"]) == (str(exported.onnx), 4, 1)
    assert main(["predict", "photos/2.png", "--onnx", str(exported.onnx), "--save-images", "drawn"]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == ["0 pictures, 0 detections, 1 left out"]


def test_the_latest_run_here_is_meant_and_what_it_did_to_its_pictures_is_not_done_to_others(exported, photos, capsys):
    for age, name in enumerate(("new", "old")):
        write_run(photos.parent / "runs" / name, exported, corruption="fog", max_images=1, score_threshold=0.9)
        os.utime(photos.parent / f"runs/{name}/checkpoints/best.pt", (1000 - age, 1000 - age))
    assert main(["predict", "photos", "--jsonl", "-"]) == 0
    by_run = capsys.readouterr().out
    assert main(["predict", "photos", "--jsonl", "-", "--onnx", str(exported.onnx)]) == 0
    assert capsys.readouterr().out == by_run
    assert len(by_run.splitlines()) == 5
    assert main(["predict", "photos"]) == 0
    assert capsys.readouterr().out.startswith("runs/new/exports/model.onnx: 3 classes\n")


FIX = "  fix: give the camera: --camera FX,FY,CX,CY in px, or a file\n"


def test_an_assumed_camera_is_told_of_once_and_in_the_files(exported_pose, photos, capsys):
    words = ["predict", "photos", "--onnx", str(exported_pose.onnx), "--jsonl", "-", "--batch-size", "2"]
    assert main([*words, "--output", "p.json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == (
        "5 of 5 pictures: warning: YZ637 no known camera: translations rest on an assumed field of view of 53° (a "
        f"focal length as long as the longer side), and are as wrong as that is\n{FIX}"
    )
    first = json.loads(printed.out.splitlines()[0])
    assert first["intrinsics"] == pytest.approx({"fx": 120, "fy": 120, "cx": 60, "cy": 45})
    assert first["intrinsics_from"] == "assumed"
    camera = json.loads((photos.parent / "p.json").read_text())["meta"]["camera"]
    assert camera == {"from": "exif", "otherwise_assumed_fov_deg": pytest.approx(53.13, abs=0.01)}


@pytest.mark.parametrize("option", ["--camera", "--intrinsics"])
def test_a_given_camera_is_used_and_nothing_is_said(exported_pose, photos, capsys, option):
    words = f"predict photos/0.png --onnx {exported_pose.onnx} --jsonl - {option} 100,100,60,45"
    assert main(words.split()) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    row = json.loads(printed.out)
    assert all("t_xyz" in found for found in row["detections"])
    assert (row["intrinsics"]["fx"], row["intrinsics_from"]) == (100, "given")


def test_a_focal_length_of_exif_is_used_and_told_of(exported_pose, photos, capsys):
    with Image.open(photos / "0.png") as image:
        exif = image.getexif()
        exif.get_ifd(0x8769)[0xA405] = 26
        image.save(photos / "0.jpg", exif=exif)
    assert main(["predict", "photos/0.jpg", "--onnx", str(exported_pose.onnx), "--jsonl", "-"]) == 0
    printed = capsys.readouterr()
    assert printed.err == (
        "1 of 1 pictures: warning: YZ646 focal length from EXIF, its principal point taken to be the middle: "
        f"translations are that exact\n{FIX}"
    )
    row = json.loads(printed.out)
    assert row["intrinsics_from"] == "exif"
    assert row["intrinsics"]["fx"] == pytest.approx(26 * 150 / 43.2666, rel=1e-4)


def test_pictures_that_the_camera_did_not_take_are_findings_told_once(exported_pose, photos, capsys):
    (photos.parent / "camera.json").write_text(
        '{"fx": 200, "fy": 200, "cx": 119.5, "cy": 89.5, "width": 240, "height": 180, "depth_scale": 1}'
    )
    shutil.copy(photos / "0.png", photos / "5.png")
    words = ["predict", "photos/0.png", "photos/5.png", "--onnx", str(exported_pose.onnx), "--json"]
    assert main([*words, "--camera", "camera.json"]) == 1
    printed = capsys.readouterr()
    assert printed.err == (
        "--camera: YZ645 is the camera of pictures of 240x180 px, this one has 120x90\n"
        "  fix: if they are such pictures, resized, it is 100,100,60,45\n"
    )
    assert json.loads(printed.out)["unreadable"] == 2


def test_a_detector_without_poses_needs_no_camera(exported, photos, capsys):
    assert main(["predict", "photos/0.png", "--onnx", str(exported.onnx), "--jsonl", "-"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert json.loads(printed.out)["intrinsics"] is None


def test_options_of_data_sets_and_of_pictures_do_not_mix(photos, capsys):
    assert main(["predict", "photos", "--dataset", "data", "--split", "val"]) == 2
    assert main(["predict", "--save-images", "out", "--jsonl", "-"]) == 2
    fix = "leave it out, or predict the data set: yolozu export-predictions"
    assert capsys.readouterr().err.splitlines() == [
        "--dataset: YZ636 is of data sets, and pictures are named",
        f"  fix: {fix}",
        "--split: YZ636 is of data sets, and pictures are named",
        f"  fix: {fix}",
        "--save-images: YZ636 is of pictures, and none is named",
        "  fix: name pictures: yolozu predict SOURCE…",
        "--jsonl: YZ636 is of pictures, and none is named",
        "  fix: name pictures: yolozu predict SOURCE…",
    ]


def test_without_a_model_the_ways_to_one_are_told(photos, capsys):
    assert main(["predict", "photos"]) == 2
    assert capsys.readouterr().err == (
        "runs: YZ627 no run here has a model\n"
        "  fix: name a model: --checkpoint FILE or --onnx FILE; or train one: yolozu run CONFIG\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--ttt", "--ttt: YZ636 looks at a whole data set"),
        ("--tta --tta-mode prediction", "--tta-mode prediction: YZ636 looks at a whole data set"),
        ("--adapter dummy", "--adapter dummy: YZ636 does not say its classes"),
        ("--save-images photos", "--save-images photos: YZ905 photos/0.png is a picture that is predicted"),
        ("--output photos", "--output photos: YZ727 is a directory"),
        ("--save-txt photos/0.png", "--save-txt photos/0.png: YZ727 is there, and is no directory"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_predicted(exported, photos, capsys, words, said):
    model = [] if "dummy" in words else ["--checkpoint", str(exported.checkpoint)]
    write_run(photos.parent / "runs/a", exported)
    assert main(["predict", "photos", *model, *words.split()]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(said)
    assert "  0.png" not in printed.out


def test_test_time_augmentation_looks_at_each_picture_again(exported, photos, capsys):
    printed = []
    for flags in ([], ["--tta", "--tta-mode", "model", "--tta-flip"]):
        assert main(["predict", "photos", "--checkpoint", str(exported.checkpoint), "--jsonl", "-", *flags]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] != printed[1]


def test_names_that_no_terminal_should_see_are_shown_as_escapes_and_are_json_all_the_same(exported, photos, capsys):
    for name in (b"a\x1b[31m.png", b"\xff.png"):
        shutil.copy(photos / "0.png", os.fsencode(photos) + b"/" + name)
    assert main(["predict", "photos", "--onnx", str(exported.onnx), "--jsonl", "rows.jsonl"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[1] for line in lines[-4:-2]] == ["a\\x1b[31m.png", "\\xff.png"]
    rows = [json.loads(line) for line in (photos.parent / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["image"] for row in rows[-2:]] == ["a\x1b[31m.png", "\udcff.png"]
    assert lines[-1] == "  rows.jsonl"


def test_frames_of_a_video_are_predicted_and_drawn_and_one_that_is_damaged_is_named(exported, photos, capsys):
    write_video(photos / "clip.mp4", 8)
    (photos / "none.mp4").write_bytes(b"no video")
    words = "predict photos/clip.mp4 photos/none.mp4 photos/0.png --every 3 --save-images drawn"
    assert main([*words.split(), "--onnx", str(exported.onnx), "--batch-size", "2"]) == 1
    printed = capsys.readouterr()
    names = [line.split("  ")[1:3] for line in printed.out.splitlines()[1:5]]
    frames = ["clip-000000.jpg", "clip-000003.jpg", "clip-000006.jpg"]
    assert names == [*([frame, "64x48"] for frame in frames), ["0.png", "120x90"]]
    assert printed.err.startswith("photos/none.mp4: YZ644 no frame can be read: ")
    assert sorted(path.name for path in (photos.parent / "drawn").iterdir()) == ["0.png", *frames]


def test_a_picture_may_be_piped_in(exported, photos):
    command = [sys.executable, "-m", "yolozu", "predict", "-", "--onnx", str(exported.onnx), "--jsonl", "-"]
    done = subprocess.run(
        command, input=(photos / "0.png").read_bytes(), capture_output=True, check=True, cwd=photos.parent
    )
    assert json.loads(done.stdout)["image"] == "stdin.jpg"


def test_a_video_of_the_drawn_frames_is_as_long_as_the_video(exported, photos, capsys):
    write_video(photos / "clip.mp4", 10)
    words = ["predict", "photos/clip.mp4", "--onnx", str(exported.onnx), "--every", "5", "--save-video"]
    assert main([*words, "drawn.mp4"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "  drawn.mp4"
    with av.open(str(photos.parent / "drawn.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.frames, stream.average_rate, stream.width) == (2, 5, 64)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("photos/0.png --save-video drawn.mp4", "--save-video drawn.mp4: YZ636 holds the frames of one video"),
        (
            "photos/clip.mp4 photos/0.png --save-video drawn.mp4",
            "--save-video drawn.mp4: YZ636 holds the frames of one video",
        ),
        ("photos/clip.mp4 --save-video drawn.gif", "--save-video drawn.gif: YZ636 is written as H.264"),
        (
            "photos/clip.mp4 --save-video photos/clip.mp4",
            "--save-video photos/clip.mp4: YZ905 is the video that is predicted",
        ),
        ("photos/none.mp4 --save-video drawn.mp4", "photos/none.mp4: YZ644 no frame can be read: "),
    ],
)
def test_what_cannot_be_filmed_is_refused(exported, photos, capsys, words, said):
    write_video(photos / "clip.mp4", 1)
    (photos / "none.mp4").write_bytes(b"no video")
    assert main(["predict", *words.split(), "--onnx", str(exported.onnx)]) == 2
    assert capsys.readouterr().err.startswith(said)
    assert not (photos.parent / "drawn.mp4").exists()

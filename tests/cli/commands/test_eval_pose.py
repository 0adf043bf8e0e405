from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image

from yolozu.cli.app import main

CORNERS = [(x, y, z) for x in (-50, 50) for y in (-30, 30) for z in (-20, 20)]
EYE = "1 0 0 0 1 0 0 0 1"
HEADER = "scene_id,im_id,obj_id,score,R,t,time\n"


def ply(points):
    head = f"ply\nformat ascii 1.0\nelement vertex {len(points)}\n"
    names = "".join(f"property float {name}\n" for name in "xyz")
    return head + names + "end_header\n" + "".join(" ".join(map(str, point)) + "\n" for point in points)


def write_models(directory, scale=1.0):
    directory.mkdir(parents=True)
    (directory / "obj_000003.ply").write_text(ply([[scale * side for side in point] for point in CORNERS]))
    (directory / "models_info.json").write_text(json.dumps({"3": {"diameter": 123.3 * scale}}))


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Two images of one object a metre away, as BOP lays them out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    scene = tmp_path / "data" / "test" / "000002"
    (scene / "rgb").mkdir(parents=True)
    write_models(tmp_path / "data" / "models")
    for number in (4, 5):
        Image.new("RGB", (64, 48), (number, 40, 40)).save(scene / "rgb" / f"{number:06d}.png")
    camera = {"cam_K": [60, 0, 31.5, 0, 60, 23.5, 0, 0, 1], "depth_scale": 1.0}
    pose = {"obj_id": 3, "cam_R_m2c": [1, 0, 0, 0, 1, 0, 0, 0, 1], "cam_t_m2c": [0, 0, 1000]}
    info = {"bbox_visib": [20, 20, 20, 10], "visib_fract": 1.0}
    for name, value in (("scene_camera", camera), ("scene_gt", [pose]), ("scene_gt_info", [info])):
        (scene / f"{name}.json").write_text(json.dumps({"4": value, "5": value}))
    return tmp_path


def results(directory, *lines):
    (directory / "r.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines))


def run(*words) -> int:
    return main(["eval-pose", "--dataset", "data", "--predictions", "r.csv", *map(str, words)])


def test_the_table_fits_eighty_columns(data, capsys):
    results(data, f"2,4,3,0.5,{EYE},3 0 1004,-1")
    assert run() == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines()[:-1])) <= 80
    assert out == (
        "data test: 2 images, 2 objects with a pose\n"
        "predictions: 1 poses in 1 images\n"
        "\n"
        "recall, over all objects\n"
        "  ADD below 0.1 diameter         0.5000\n"
        "  ADD-S below 0.1 diameter       0.5000\n"
        "  ADD(-S) below 0.1 diameter     0.5000\n"
        "  ADD, area up to 10 cm          0.4750\n"
        "  ADD-S, area up to 10 cm        0.4750\n"
        "  5 degrees and 5 cm             0.5000\n"
        "  projections within 5 px        0.5000\n"
        "  MSSD, average recall           0.5000\n"
        "  MSPD, average recall           0.5000\n"
        "  BOP without VSD                0.5000\n"
        "median, over 1 objects with an estimate\n"
        "  rotation, degrees              0.0000\n"
        "  translation, mm                5.0000\n"
        "  translation / diameter         0.0406\n"
        "  depth, mm                      4.0000\n"
        "\n"
        "class                    objects   found ADD(-S)   5°5cm     BOP     deg      mm\n"
        "obj_000003                     2       1  0.5000  0.5000  0.5000     0.0     5.0\n"
        "warning: 1 of 2 images have no entry in the predictions (the first is "
        "test/000002/rgb/000005.png); their objects count as missed\n"
    )


def test_the_report_is_written_and_printed(data, capsys):
    results(data, f"2,4,3,0.5,{EYE},3 0 1004,-1")
    assert run("--split", "test", "--max-images", "1", "--json", "--output", "out/eval.json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((data / "out" / "eval.json").read_text()) == printed
    assert printed["counts"]["ground_truth"] == 1
    assert printed["metrics"]["t_mm_median"] == pytest.approx(5.0)
    assert printed["per_class"][0]["diameter_m"] == pytest.approx(0.1233)


def test_predictions_json_becomes_bop_results(data, capsys):
    detection = {
        "class_id": 3,
        "score": 0.5,
        "bbox": {"cx": 0.5, "cy": 0.5, "w": 0.2, "h": 0.2},
        "R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "t_xyz": [0.0, 0.0, 1.25],
    }
    entries = [{"image": "test/000002/rgb/000005.png", "detections": [detection]}]
    (data / "p.json").write_text(json.dumps(entries))
    assert main(["eval-pose", "--dataset", "data", "--predictions", "p.json", "--bop-csv", "o.csv"]) == 0
    rotation = "1.0 0.0 0.0 0.0 1.0 0.0 0.0 0.0 1.0"
    assert (data / "o.csv").read_text() == f"{HEADER}2,5,3,0.5,{rotation},0.0 0.0 1250.0,-1\n"
    told = capsys.readouterr()
    assert "BOP results: o.csv, 1 estimates\n" in told.err
    assert "  depth, mm                    250.0000\n" in told.out


def test_models_may_lie_elsewhere_and_in_metres(data, capsys):
    results(data, f"2,4,3,0.5,{EYE},3 0 1004,-1")
    write_models(data / "mine", scale=0.002)
    assert run("--models", "mine", "--models-unit", "m", "--json") == 0
    assert json.loads(capsys.readouterr().out)["per_class"][0]["diameter_m"] == pytest.approx(0.2466)


def test_axes_that_contradict_each_other_are_said_of_other_models_too(data, capsys):
    results(data, f"2,4,3,0.5,{EYE},3 0 1004,-1")
    write_models(data / "mine")
    axes = [{"axis": [0, 0, 1], "offset": [0, 0, 0]}, {"axis": [0, 0, 1], "offset": [9, 0, 0]}]
    info = {"3": {"diameter": 123.3, "symmetries_continuous": axes}}
    (data / "mine/models_info.json").write_text(json.dumps(info))
    assert run("--models", "mine") == 0
    said = "mine/models_info.json: 3: has parallel axes of any turn; they meet nowhere; none of them counts"
    assert f"warning: {said}\n" in capsys.readouterr().err


def test_a_missing_directory_of_models_is_a_usage_error(data, capsys):
    results(data)
    assert run("--models", "elsewhere") == 2
    assert capsys.readouterr().err.endswith(
        "--models: YZ813 elsewhere is no directory\n"
        "  fix: name a directory with obj_000001.ply, … or <class>.ply, and models_info.json\n"
    )


def test_lines_that_cannot_be_used_are_refused(data, capsys):
    results(data, f"9,4,3,0.5,{EYE},0 0 1000,-1")
    assert run() == 2
    assert capsys.readouterr().err.endswith(
        "r.csv: YZ812 1 estimate is left out, for images that split 'test' does not have "
        "(the first is line 2, image 4 in scene 9)\n"
        "  fix: name another split, or other ids: the images' paths state them\n"
    )


def report(capsys, *words):
    assert run("--json", *words) == 0
    return json.loads(capsys.readouterr().out)


def test_lines_of_other_images_and_objects_are_said_in_the_report(data, capsys):
    results(data, f"2,4,3,0.5,{EYE},3 0 1004,-1", f"9,4,3,0.5,{EYE},0 0 1000,-1", f"2,4,8,0.5,{EYE},0 0 1000,-1")
    found = report(capsys)
    assert found["counts"]["estimates"] == 1
    assert [warning.partition(",")[0] for warning in found["warnings"][:2]] == ["1 estimate is left out"] * 2


@pytest.mark.slow
def test_the_targets_of_a_test_split_say_what_is_to_be_found(data, capsys):
    results(data, f"2,4,3,0.5,{EYE},3 0 1004,-1")
    assert report(capsys)["metrics"]["add_01d"] == 0.5
    target = {"scene_id": 2, "im_id": 4, "obj_id": 3, "inst_count": 1}
    (data / "data/test_targets_bop19.json").write_text(json.dumps([target, {**target, "scene_id": 7}]))
    found = report(capsys)
    assert (found["metrics"]["add_01d"], found["counts"]["images"], found["counts"]["ground_truth"]) == (1.0, 1, 1)
    assert found["warnings"] == [
        "data/test_targets_bop19.json: 1 of 2 images are evaluated",
        "data/test_targets_bop19.json: 1 of its 2 images are not here: their objects count nowhere",
    ]
    assert report(capsys, "--targets", "none")["metrics"]["add_01d"] == 0.5
    (data / "mine.json").write_text(json.dumps([{"scene_id": 2, "im_id": 5}]))
    assert report(capsys, "--targets", "mine.json")["metrics"]["add_01d"] == 0.0


def test_one_of_several_cameras_is_evaluated(data, capsys):
    scene = data / "data/test/000002"
    for name in ("scene_camera", "scene_gt", "scene_gt_info"):
        text = (scene / f"{name}.json").read_text()
        (scene / f"{name}.json").rename(scene / f"{name}_cam1.json")
        (scene / f"{name}_cam2.json").write_text(text)
    (scene / "rgb").rename(scene / "rgb_cam1")
    shutil.copytree(scene / "rgb_cam1", scene / "rgb_cam2")
    results(data, f"2,4,3,0.5,{EYE},3 0 1004,-1")
    assert run() == 2
    assert "YZ806 BOP results name scene and image, and each was taken by several cameras: cam1, cam2" in (
        capsys.readouterr().err
    )
    assert report(capsys, "--camera", "cam2", "--bop-csv", "o.csv")["counts"]["images"] == 2
    assert (data / "o.csv").read_text().splitlines()[1].startswith("2,4,3,")

from __future__ import annotations

import json

import pytest

from tests.app.test_datasets import make_split
from tests.artifacts.predictions.samples import detection, entry, wrapped, write
from tests.cli.commands.test_predict import dataset  # noqa: F401 - a fixture
from yolozu.cli.app import main

BOX = {"cx": 0.5, "cy": 0.5, "w": 0.2, "h": 0.2}
SETTING = """\
dataset: data
adapter: rtdetr_pose
checkpoint: gone.pt
scenarios:
- {name: small, slice: {area: small}}
- {name: large, slice: {area: large}}
- {name: a name that is longer than its column, slice: {classes: [cat]}}
- {name: fog, perturb: {kind: fog}}
"""


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n", "0 0.5 0.5 0.4 0.4\n"])
    size = {"width": 64, "height": 48}
    write(tmp_path, wrapped(entry("images/val/0.png", detection(class_id=0, score=0.9, bbox=BOX), image_size=size)))
    (tmp_path / "t.yaml").write_text(SETTING)
    return tmp_path


def test_the_table_fits_eighty_columns(data, capsys):
    words = "test t.yaml --adapter precomputed --predictions predictions.json --max-images 50"
    assert main(words.split()) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert out == (
        "data val: 2 images, adapter precomputed\n"
        "recall and rejected at score 0.3; z and rot: median errors, mm and degrees\n"
        "\n"
        "scenario            img   obj img/s    AP AP.50 recall      z   rot ADD(-S)  rej\n"
        "clean                 2     2     - 0.505 0.505  0.500      -     -       - 0.00\n"
        "small                 2     2     - 0.505 0.505  0.500      -     -       - 0.00\n"
        "large                 2     0     -     -     -      -      -     -       -    -\n"
        "a name that is l…     2     2     - 0.505 0.505  0.500      -     -       - 0.00\n"
        "fog                   2     2     -     -     -      -      -     -       -    -\n"
        "not measured: large: no object is in this slice\n"
        "not measured: fog: adapter precomputed cannot be shown other pictures\n"
    )
    report = json.loads((data / "reports/scenarios.json").read_text())
    assert [row["name"] for row in report["scenarios"]][-1] == "fog"
    assert (report["setting"]["max_images"], report["setting"]["checkpoint"]) == (50, None)


def test_only_the_first_images_are_tested_and_json_is_printed(data, capsys):
    words = "test t.yaml --adapter precomputed --predictions predictions.json --max-images 1 --json --output out/s.json"
    assert main(words.split()) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["dataset"]["images"], report["clean"]["map50"]) == (1, pytest.approx(1.0))
    assert json.loads((data / "out/s.json").read_text()) == report


def test_a_model_is_shown_perturbed_pictures(exported, dataset, capsys):  # noqa: F811
    words = f"test --dataset data --adapter onnxruntime --onnx {exported.onnx} --perturb-images 2 --json"
    assert main(words.split()) == 0
    report = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in report["scenarios"]}
    assert (rows["noise"]["images"], rows["noise"]["fps"] > 0.0) == (2, True)
    assert rows["noise"]["reasons"]["map50_95"] == "no object is in this slice"
    assert report["clean"]["fps"] > 0.0
    assert report["adapter"]["description"]["onnx_sha256"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("test", "command line: YZ820 no data set is named\n  fix: give --dataset ROOT, or dataset: ROOT in the "),
        ("test t.yaml", "gone.pt: "),
        ("test t.yaml --onnx m.onnx", "m.onnx: YZ602 no such file\n"),
        ("test --dataset data --predictions p.json", "p.json: YZ701 cannot be read: No such file"),
        ("test t.yaml --adapter dummy --output data", "--output data: YZ727 is a directory\n"),
        (
            "test t.yaml --predictions predictions.json --output predictions.json",
            "--output predictions.json: YZ905 this command reads it\n",
        ),
        ("test --adapter dummy --dataset nowhere", "nowhere: YZ201 "),
    ],
)  # fmt: skip
def test_what_cannot_be_tested_is_refused(data, capsys, words, said):
    assert main(words.split()) == 2
    assert said in capsys.readouterr().err


def test_a_class_that_there_is_not_is_refused(data, capsys):
    (data / "t.yaml").write_text("dataset: data\nadapter: dummy\nscenarios: [{name: a, slice: {classes: [nobody]}}]\n")
    assert main(["test", "t.yaml"]) == 2
    assert "scenario a: YZ821 no class is called 'nobody'" in capsys.readouterr().err

from __future__ import annotations

import json
import shutil

import pytest

from tests.app.test_datasets import make_split
from tests.artifacts.predictions.samples import detection, entry, wrapped
from yolozu.cli.app import main

BOX = {"cx": 0.5, "cy": 0.5, "w": 0.2, "h": 0.2}
META = {"max_detections": 300, "score_threshold": 0.001}


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n", "0 0.5 0.5 0.2 0.2\n"])
    predicted(tmp_path / "reports" / "pred_all.json", 2)
    predicted(tmp_path / "reports" / "pred_half_with_a_rather_long_name_that_goes_on.json", 1)
    return tmp_path


def predicted(path, found, **meta):
    path.parent.mkdir(exist_ok=True)
    size = {"width": 64, "height": 48}
    entries = [
        entry(
            f"images/val/{place}.png", image_size=size, detections=[detection(class_id=0, bbox=BOX)] * (place < found)
        )
        for place in range(2)
    ]
    path.write_text(json.dumps(wrapped(*entries, meta={**META, **meta})))


def run(*words) -> int:
    return main(["eval-suite", "--dataset", "data", *map(str, words)])


def test_the_table_fits_eighty_columns(data, capsys):
    assert run("--predictions-glob", "reports/pred_*.json") == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    first, protocol, *table = out.splitlines()
    assert first == "data val: 2 images, hotcoco"
    assert protocol.startswith("protocol sha256 ")
    assert table == [
        "",
        "file                          AP   AP.50   AP.75  AR.100   small  medium   large",
        "pred_all.json             1.0000  1.0000  1.0000  1.0000  1.0000       -       -",
        "pred_hal…t_goes_on.json   0.5050  0.5050  0.5050  0.5000  0.5050       -       -",
    ]


def test_files_come_in_the_order_they_are_named(data, capsys):
    half = "reports/pred_half_with_a_rather_long_name_that_goes_on.json"
    assert run(half, "reports/pred_all.json", "--json") == 0
    assert [file["file"] for file in json.loads(capsys.readouterr().out)["files"]] == [half, "reports/pred_all.json"]


def test_a_dry_run_checks_and_counts(data, capsys):
    assert run("reports/pred_all.json", "--dry-run") == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "file                                                     objects   found  images",
        "pred_all.json                                                  2       2       2",
    ]


def test_the_report_is_written_and_printed(data, capsys):
    assert run("reports/pred_all.json", "--json", "--output", "out/eval_suite.json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((data / "out" / "eval_suite.json").read_text()) == printed
    assert printed["protocol"]["data"]["images"] == 2
    assert printed["files"][0]["boxes"]["metrics"]["map50"] == pytest.approx(1.0)


def digest(capsys, *words):
    assert run("reports/pred_all.json", "--json", *words) == 0
    return json.loads(capsys.readouterr().out)["protocol_sha256"]


def test_the_digest_does_not_depend_on_where_the_data_lies_or_what_is_measured(data, capsys, monkeypatch):
    first = digest(capsys)
    half = "reports/pred_half_with_a_rather_long_name_that_goes_on.json"
    assert digest(capsys, half, "--dry-run") == first
    shutil.copytree(data, data / "moved" / "here")
    monkeypatch.chdir(data / "moved" / "here")
    assert digest(capsys) == first
    assert digest(capsys, "--max-images", "1") != first
    assert digest(capsys, "--engine", "pycocotools") != first
    assert digest(capsys, "--pin", "tta=null") != first


def test_a_written_protocol_is_insisted_on(data, capsys):
    pinned = digest(capsys, "--write-protocol", "p.yaml", "--max-images", "1", "--pin", "seed=any")
    assert digest(capsys, "--protocol", "p.yaml", "--expect-hash", pinned[:12]) == pinned
    assert run("reports/pred_all.json", "--protocol", "p.yaml", "--max-images", "2", "--engine", "pycocotools") == 2
    told = capsys.readouterr().err
    assert "p.yaml: data.max_images: YZ841 1 -> 2\n" in told
    assert 'p.yaml: boxes.engine: YZ841 "hotcoco" -> "pycocotools"\n' in told


def test_changed_labels_are_another_protocol(data, capsys):
    digest(capsys, "--write-protocol", "p.yaml")
    (data / "data" / "labels" / "val" / "1.txt").write_text("0 0.5 0.5 0.3 0.2\n")
    assert run("reports/pred_all.json", "--protocol", "p.yaml", "--output", "r.json") == 2
    assert "p.yaml: data.content: YZ841" in capsys.readouterr().err
    assert not (data / "r.json").exists()


@pytest.mark.parametrize(
    ("expected", "told"), [("0" * 12, "YZ842 the protocol's digest is "), ("abc", "YZ842 has less than 12 letters")]
)
def test_another_digest_than_expected_is_an_error(expected, told, data, capsys):
    assert run("reports/pred_all.json", "--expect-hash", expected) == 2
    assert f"--expect-hash {expected}: {told}" in capsys.readouterr().err


def test_a_file_that_does_not_fit_stops_everything(data, capsys):
    predicted(data / "reports" / "pred_x.json", 2, score_threshold=0.5)
    words = ("--output", "r.json", "--write-protocol", "p.yaml")
    assert run("--predictions-glob", "reports/pred_*.json", *words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith(
        "reports/pred_x.json: meta.score_threshold: YZ843 0.5, but the protocol pins 0.001\n"
        "  fix: predict again with the pinned value, or pin another for all files: --pin score_threshold=0.5\n"
    )
    assert not (data / "r.json").exists()
    assert not (data / "p.yaml").exists()
    assert run("reports/pred_x.json", "--pin", "score_threshold=0.5") == 0
    assert run("--predictions-glob", "reports/pred_*.json", "--pin", "score_threshold=any") == 0


def test_pins_that_are_none_are_named_together(data, capsys):
    assert run("reports/pred_all.json", "--pin", "tta", "--pin", "=1", "--pin", "x=[") == 2
    assert capsys.readouterr().err == (
        "--pin tta: YZ848 is no pin\n"
        "  fix: write KEY=VALUE, such as score_threshold=0.05\n"
        "--pin =1: YZ848 is no pin\n"
        "  fix: write KEY=VALUE, such as score_threshold=0.05\n"
        "--pin x=[: YZ848 a value that ends too early\n"
        "  fix: close what is open\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "eval-suite: YZ847 no predictions file is named"),
        (("--predictions-glob", "*.jsn"), "--predictions-glob: YZ847 no file matches '*.jsn'"),
    ],
)
def test_without_files_there_is_nothing_to_evaluate(words, told, data, capsys):
    assert run(*words) == 2
    assert capsys.readouterr().err.startswith(told)

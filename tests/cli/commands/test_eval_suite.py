from __future__ import annotations

import json

import pytest

from tests.app.test_benchmark import predicted
from tests.app.test_datasets import make_split
from yolozu.cli.app import main


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n", "0 0.5 0.5 0.2 0.2\n"])
    predicted(tmp_path / "reports" / "pred_all.json", 2)
    predicted(tmp_path / "reports" / "pred_half_with_a_rather_long_name_that_goes_on.json", 1)
    return tmp_path


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


def test_reports_beside_the_predictions_are_left_out_with_a_note(data, capsys):
    for _ in range(2):  # the second time, the report of the first lies beside them
        names = sorted(f"reports/{path.name}" for path in (data / "reports").glob("*.json"))
        assert run(*names, "--output", "reports/eval_suite.json", "--json") == 0
        said = capsys.readouterr()
        assert [file["file"] for file in json.loads(said.out)["files"]] == [
            "reports/pred_all.json", "reports/pred_half_with_a_rather_long_name_that_goes_on.json",
        ]  # fmt: skip
    assert said.err.splitlines()[0] == "note: reports/eval_suite.json: no predictions in there, left out"
    assert run("reports/eval_suite.json") == 2
    assert "YZ847 reports/eval_suite.json: no predictions in there" in capsys.readouterr().err


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


def test_a_written_protocol_is_named(data, capsys):
    assert run("reports/pred_all.json", "--write-protocol", "p.yaml", "--pin", "seed=any") == 0
    assert capsys.readouterr().err.endswith("protocol: p.yaml\n")
    assert run("reports/pred_all.json", "--protocol", "p.yaml") == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "eval-suite: YZ847 no predictions file is named\n"),
        (("p.json", "--pin", "tta"), "--pin tta: YZ848 is no pin\n"),
        (("p.json", "--output", "p.json"), "--output p.json: YZ905 this command reads it\n"),
        (("reports/pred_all.json", "--expect-hash", "abc"), "--expect-hash abc: YZ842 has less than 12 letters\n"),
    ],
)
def test_what_is_meant_by_no_one_is_refused(words, told, data, capsys):
    assert run(*words) == 2
    assert told in capsys.readouterr().err

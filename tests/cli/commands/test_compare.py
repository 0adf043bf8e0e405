from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.engine.test_run_files import SCENES, finish_run
from tests.evaluation.pose import scenes as posed
from yolozu.artifacts.predictions import write_predictions
from yolozu.cli.app import main


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two runs; the second finds nothing in one of two images."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    finish_run(tmp_path / "runs" / "one", SCENES * 8)
    finish_run(tmp_path / "runs" / "two", [SCENES[0], replace(SCENES[1], found=[])] * 8, score_threshold=0.85)
    return tmp_path


def run(*words) -> int:
    return main(["compare", *map(str, words), "--bootstrap", "100"])


def test_the_table_fits_eighty_columns(runs, capsys):
    assert run("one", "two") == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert out == (
        "A: one\n"
        "B: two\n"
        "16 images, 16 objects\n"
        "interval: 95 % of 100 paired bootstraps over images; * leaves out 0\n"
        "\n"
        "boxes                         A        B     B - A   interval\n"
        "AP, IoU .50 to .95       1.0000   0.5000   -0.5000   -0.5000 .. -0.5000 *\n"
        "AP, IoU .50              1.0000   0.5000   -0.5000   -0.5000 .. -0.5000 *\n"
        "AP, IoU .75              1.0000   0.5000   -0.5000   -0.5000 .. -0.5000 *\n"
        "AP, small                     -        -         -   -\n"
        "AP, medium               1.0000   0.5000   -0.5000   -0.5000 .. -0.5000 *\n"
        "AP, large                     -        -         -   -\n"
        "AR, 1 detection          1.0000   0.5000   -0.5000   -0.5000 .. -0.5000 *\n"
        "AR, 10 detections        1.0000   0.5000   -0.5000   -0.5000 .. -0.5000 *\n"
        "AR, 100 detections       1.0000   0.5000   -0.5000   -0.5000 .. -0.5000 *\n"
        "AR, small                     -        -         -   -\n"
        "AR, medium               1.0000   0.5000   -0.5000   -0.5000 .. -0.5000 *\n"
        "AR, large                     -        -         -   -\n"
        "\n"
        "AP by class                   A        B     B - A   interval\n"
        "dog                      1.0000   0.0000   -1.0000   -1.0000 .. -1.0000 *\n"
        "cat                      1.0000   1.0000   +0.0000   +0.0000 .. +0.0000\n"
        "\n"
        "A is better at 95 %: AP, IoU .50 to .95 (-0.5000); AP, IoU .50 (-0.5000); AP,\n"
        "  IoU .75 (-0.5000); AP, medium (-0.5000); AR, 1 detection (-0.5000); AR, 10\n"
        "  detections (-0.5000); AR, 100 detections (-0.5000); AR, medium (-0.5000).\n"
        "AP by class: 1 of 2 intervals leave out 0; were there no difference, about 0.1\n"
        "  would.\n"
        "warning: score_threshold is not stated in one, 0.85 in two\n"
    )


def test_the_better_side_is_named(runs, capsys):
    assert run("two", "one") == 0
    assert "\nB is better at 95 %: AP, IoU .50 to .95 (+0.5000);" in capsys.readouterr().out


def test_a_run_does_not_differ_from_itself(runs, capsys):
    assert run("one", "one") == 0
    out = capsys.readouterr().out
    assert "*" not in out.partition("boxes")[2]
    assert "\nChance may explain: AP, IoU .50 to .95;" in out


def test_the_report_is_written_and_printed(runs, capsys):
    assert run("one", "two", "--json", "--output", "out/c.json", "--seed", 4, "--confidence", 0.9) == 0
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((runs / "out" / "c.json").read_text()) == printed
    assert printed["interval"] == {"method": "percentile", "resamples": 100, "seed": 4, "confidence": 0.9}
    assert (printed["a"]["name"], printed["b"]["meta"]["score_threshold"]) == ("one", 0.85)


def test_poses_are_shown_where_there_are_any(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    thing = posed.Thing(posed.BOX)
    views = [posed.View([thing], [posed.Guess(posed.BOX, 0.9, (0.0, 0.0, depth))]) for depth in (1.0, 1.5)]
    write_predictions(tmp_path / "b.json", posed.predictions_of(views[:1]), {})
    finish_run(tmp_path / "runs" / "one", index=posed.index_of(views), predictions=posed.predictions_of(views))
    assert run("one", "b.json") == 0
    out = capsys.readouterr().out
    assert "5 degrees and 5 cm       0.5000   0.5000   +0.0000   +0.0000 .. +0.0000\n" in out
    assert "translation, mm          0.0000   0.0000   +0.0000" in out
    assert "medians over the 1 objects that both found\n" in out


def test_a_side_that_is_nothing_is_a_usage_error(runs, capsys):
    assert run("one", "tow") == 2
    assert capsys.readouterr().err.startswith("tow: YZ850 is neither a run nor a file\n")

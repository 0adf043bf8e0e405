"""`yolozu gc`, as it is typed."""

import json
import re

import pytest

from tests.app.gc.made_runs import intact, make_run
from yolozu.cli.app import main
from yolozu.paths import RUNS_DIR, RunLayout


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    make_run("old", score=0.25, age_s=7200)
    make_run("new", init_from="runs/old/checkpoints/best.pt")
    make_run("other", age_s=3600)
    (RUNS_DIR / "other/notes.txt").write_text("mine")


def sizes_out(text: str) -> str:
    """The text without what depends on the length of receipts."""
    return re.sub(r"\d[\d.]* k?B\b", "SIZE", text)


def test_alone_it_lists_the_runs_and_says_what_can_be_asked(capsys):
    assert main(["gc"]) == 0
    out = sizes_out(capsys.readouterr().out).splitlines()
    assert out[1] == "old    stays (no rule says that it goes), SIZE, 2h 00m old, map50_95 0.250"
    assert out[3:] == [
        "0 runs would be deleted, SIZE freed",
        "say what may go: RUN names, --keep-newest N, --keep-best N, --older-than TIME, --scratch",
    ]


def test_it_only_says_what_would_go_until_it_is_told_yes(capsys):
    assert main(["gc", "--keep-newest", "1"]) == 0
    said = capsys.readouterr().out
    assert sizes_out(said).splitlines()[1:] == [
        "old    stays (init_from of new), SIZE, 2h 00m old, map50_95 0.250",
        "other  frees SIZE of SIZE, 1h 00m old",
        "    runs/other/notes.txt stays: is not of the run's making",
        "1 run would be deleted, SIZE freed",
        "nothing is deleted without --yes",
    ]
    assert intact(RunLayout.of("other"))
    assert main(["gc", "--keep-newest", "1", "--yes"]) == 0
    assert [path.name for path in (RUNS_DIR / "other").iterdir()] == ["notes.txt"]
    assert said.splitlines()[-2].split("deleted, ")[1] in capsys.readouterr().out


def test_json_names_every_file(capsys):
    assert main(["gc", "other", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (run,) = told["runs"]
    assert (told["deleted"], run["goes"], run["left"]) == (
        False,
        True,
        {"runs/other/notes.txt": "is not of the run's making"},
    )
    assert run["deleted"][:2] == ["runs/other/data/predict.json", "runs/other/checkpoints/best.pt"]
    assert told["freed"] == run["freed"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nothing"], "YZ660"),
        (["--keep", "nothing"], "YZ660"),
        (["--metric", "mAP", "--keep-best", "1"], "YZ661"),
        (["--yes"], "YZ662"),
        (["--older-than", "1 week"], "YZ341"),
        (["--keep-best", "-1"], "YZ903"),
    ],
)
def test_what_cannot_be_meant_is_refused(words, code, capsys):
    assert main(["gc", *words]) == 2
    assert code in capsys.readouterr().err


def test_a_directory_without_runs_has_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["gc"]) == 0
    assert capsys.readouterr().out.startswith("0 runs would be deleted, 0 B freed\n")
    assert list((tmp_path / "empty").iterdir()) == []

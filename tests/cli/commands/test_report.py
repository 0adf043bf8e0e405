"""`yolozu report` as it is typed."""

import shutil
from pathlib import Path

from tests.report.html_reading import read_page
from yolozu.cli.app import main

RELEASE = Path(__file__).parents[2] / "fixtures/release_0_1_0"


def test_the_page_is_written_where_it_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(shutil.copytree(RELEASE, tmp_path / "project"))
    assert main(["report", "run_id=finished", "--out", "a page.html", "--pictures", "1"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("finished: a page.html (0.")
    assert err == ""
    assert read_page(Path("a page.html").read_text()).title == "Run finished · yolozu"


def test_numbers_out_of_range_and_unknown_runs_are_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--pictures", "0"]) == 2
    assert main(["report", "gone"]) == 2
    assert "gone: YZ850 is no run" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

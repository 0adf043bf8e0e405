"""Pages of runs that are there already."""

import shutil
from pathlib import Path

import pytest

from tests.report.html_reading import read_page
from yolozu.app.reporting import report_on
from yolozu.errors import UsageError

RELEASE = Path(__file__).parents[1] / "fixtures/release_0_1_0"


@pytest.fixture
def old(tmp_path, monkeypatch):
    """A working directory with finished and interrupted runs of an earlier release."""
    place = shutil.copytree(RELEASE, tmp_path / "project")
    monkeypatch.chdir(place)
    return place


def page_of(word, output=None, **options):
    done = report_on(word, output, **{"pictures": None, "score": None, **options})
    return done, read_page(done.path.read_text())


@pytest.mark.parametrize("word", ["finished", "run_id=finished", "runs/finished", "run_dir=runs/finished"])
def test_a_run_is_meant_by_name_or_directory_and_stays_as_it_is(old, word):
    before = sorted((path, path.stat().st_mtime_ns) for path in (old / "runs/finished").rglob("*"))
    done, page = page_of(word)
    assert (done.run, done.path, done.notes) == ("finished", Path("finished-report.html"), ())
    assert {"summary", "boxes", "poses", "exported_file", "scenarios", "time", "contract"} <= set(page.ids)
    assert sorted((path, path.stat().st_mtime_ns) for path in (old / "runs/finished").rglob("*")) == before


def test_without_a_name_it_is_the_run_that_was_built_last(old):
    path = old / "runs/interrupted/receipts/prepare_data.json"
    path.touch()
    assert page_of(None)[0].run == "interrupted"
    shutil.rmtree(old / "runs")
    with pytest.raises(UsageError, match="runs: YZ854 no run here has built anything"):
        report_on(None, None, pictures=None, score=None)


def test_a_run_that_is_not_finished_shows_what_it_has(old):
    done, page = page_of("interrupted", Path("out/page.html"))
    assert done.path == Path("out/page.html")
    assert "time" in page.ids
    assert "boxes" not in page.ids


def test_a_file_that_somebody_has_changed_is_left_out_and_one_without_a_receipt_is_told(old):
    run = old / "runs/finished"
    (run / "reports/eval_coco.json").write_text("{}")
    (run / "receipts/scenarios.json").unlink()
    done, page = page_of("finished")
    assert done.notes == (
        "reports/eval_coco.json is not what stage evaluate wrote, and is left out",
        "stage scenarios is not finished; what it has left is shown",
    )
    assert done.notes[0] in page.text
    assert ("boxes" in page.ids, "scenarios" in page.ids) == (False, True)


def test_pictures_that_are_gone_are_told_and_the_rest_is_shown(old):
    shutil.rmtree(old / "runs/finished/data/rendered", ignore_errors=True)
    shutil.rmtree(old / "parts", ignore_errors=True)
    done, page = page_of("finished")
    assert len(done.notes) == 1
    assert "images are not where the run read them: no picture is shown" in done.notes[0]
    assert page.pictures == []
    assert "boxes" in page.ids


def test_how_much_is_shown_can_be_chosen(old):
    few, many = (len(page_of("finished", pictures=count, score=0.0)[1].pictures) for count in (1, 8))
    assert few < many


def test_a_run_without_results_and_a_name_that_no_run_has_are_refused(old):
    (old / "runs/empty/receipts").mkdir(parents=True)
    with pytest.raises(UsageError, match="empty: YZ854 no stage of this run is finished"):
        report_on("empty", None, pictures=None, score=None)
    with pytest.raises(UsageError, match="did you mean 'finished'"):
        report_on("finishd", None, pictures=None, score=None)
    with pytest.raises(UsageError, match="YZ727"):
        report_on("finished", old / "runs", pictures=None, score=None)

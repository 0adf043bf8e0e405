"""Intervals of a sweep's runs, drawn once."""

from pathlib import Path

import pytest

from tests.engine.test_run_files import SCENES, finish_run
from yolozu.app.sweep import intervals
from yolozu.app.sweep.intervals import with_intervals
from yolozu.evaluation.comparison.ranking import RankedRun, Ranking
from yolozu.progress import SilentProgress


def ranked(state="up to date", metric="map50"):
    run = RankedRun(run_id="a", values={}, state=state, metric=0.5, low=None, high=None, minutes=None)
    return Ranking(sweep="s", metric=metric, lower_is_better=False, runs=[run])


@pytest.fixture
def layout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return finish_run(Path("runs/a"), [*SCENES, SCENES[0]])


def ends(layout, **how):
    found = with_intervals(ranked(**how), {"a": layout}, SilentProgress())
    assert (found.interval.resamples, found.interval.confidence) == (1000, 0.95)
    return found.runs[0].low, found.runs[0].high


def test_an_interval_is_drawn_once(layout, monkeypatch):
    first = ends(layout)
    assert first == (pytest.approx(1.0), pytest.approx(1.0))
    monkeypatch.setattr(intervals, "_measured", lambda *_: pytest.fail("drawn again"))
    assert ends(layout) == first


def test_other_predictions_and_other_metrics_are_drawn_anew(layout, monkeypatch):
    drawn = []
    monkeypatch.setattr(intervals, "_measured", lambda *given: drawn.append(given[1]) or (0.25, 0.75))
    ends(layout)
    ends(layout, metric="map75")
    finish_run(Path("runs/a"), SCENES)
    assert ends(layout) == (0.25, 0.75)
    assert drawn == ["map50", "map75", "map50"]


def test_that_there_is_none_is_remembered_too(layout, monkeypatch):
    assert ends(layout, metric="rot_deg_median") == (None, None)
    monkeypatch.setattr(intervals, "_measured", lambda *_: pytest.fail("drawn again"))
    assert ends(layout, metric="rot_deg_median") == (None, None)


def test_what_is_stale_has_none(layout):
    assert ends(layout, state="stale") == (None, None)

"""The page of a sweep."""

from tests.report.html_reading import read_page
from yolozu.evaluation.comparison.ranking import RankedRun, Ranking
from yolozu.evaluation.comparison.report import ComparedInterval
from yolozu.report.ranked import ranked_page


def run(name, metric, low=None, high=None, **values):
    state = "not built" if metric is None else "up to date"
    return RankedRun(run_id=name, values=values, state=state, metric=metric, low=low, high=high, minutes=1.25)


def page_of(*runs, interval=None):
    found = Ranking(sweep="s", metric="map50", lower_is_better=False, interval=interval, runs=list(runs))
    return read_page(ranked_page(found))


def test_runs_their_keys_and_intervals_are_there():
    interval = ComparedInterval(resamples=100, seed=0, confidence=0.9)
    page = page_of(run("s-<b>", 0.5, 0.4, 0.625, lr=0.1, amp="none"), run("s-c", None, lr=0.2), interval=interval)
    assert page.title == "s · yolozu"
    assert "2 runs, 1 of them measured; by map50, the most is best" in page.text
    assert "90 % intervals of 100 bootstraps over images" in page.text
    for word in ("s-<b>", "0.400 … 0.625", "not built", "none"):
        assert word in page.text
    assert "svg" in page.tags


def test_without_intervals_there_is_no_chart():
    assert "intervals" not in page_of(run("s-c", None)).ids

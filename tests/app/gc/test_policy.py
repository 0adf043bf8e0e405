"""Rules by which runs stay."""

import pytest

from tests.app.gc.made_runs import make_run
from yolozu.app.gc.policy import Policy, choose
from yolozu.app.gc.run_facts import facts_of_runs
from yolozu.errors import UsageError
from yolozu.paths import RUNS_DIR


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, score, age_s, held_out in (
        ("low", 0.1, 0, "images"),
        ("high", 0.5, 100, "images"),
        ("middle", 0.3, 200, "images"),
        ("elsewhere", 0.2, 300, "others"),
        ("unmeasured", None, 400, "images"),
    ):
        make_run(name, score=score, age_s=age_s, held_out=held_out)


def choice(**rules):
    runs = facts_of_runs(RUNS_DIR)
    found = choose(Policy(**rules), runs, max(run.built_at for run in runs))
    return found.going, found.staying


def test_the_best_stay_of_each_set_of_images_and_what_is_not_measured():
    assert choice(keep_best=1) == (
        ["low", "middle"],
        {
            "high": ["best 1 by map50_95 (0.5)"],
            "elsewhere": ["best 1 by map50_95 (0.2)"],
            "unmeasured": ["map50_95 is not measured: only its name lets it go"],
        },
    )


def test_the_newest_stay_and_rules_add_up():
    going, staying = choice(keep_newest=1, keep_best=1, keep=("mid*",))
    assert going == []
    assert staying["low"] == ["newest 1"]
    assert staying["middle"] == ["named by --keep mid*"]


def test_runs_that_are_named_go_and_no_others():
    assert choice(runs=("unmeasured", "low")) == (["low", "unmeasured"], {})


def test_age_alone_lets_older_runs_go():
    assert choice(older_than_s=150)[0] == ["elsewhere", "middle", "unmeasured"]


def test_without_a_rule_nothing_goes():
    going, staying = choice()
    assert going == []
    assert set(map(tuple, staying.values())) == {("no rule says that it goes",)}


def test_slips_are_told_all_together():
    with pytest.raises(UsageError) as caught:
        choice(runs=("higH",), keep=("x*",), metric="map50_59")
    assert [(one.code, one.where) for one in caught.value.findings] == [
        ("YZ660", "higH"),
        ("YZ660", "--keep x*"),
        ("YZ661", "--metric map50_59"),
    ]
    assert "did you mean 'high'?" in caught.value.findings[0].fix
    assert caught.value.findings[2].fix.startswith("did you mean 'map50_95'? The metrics are map50_95, ")

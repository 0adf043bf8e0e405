from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.errors import UsageError
from yolozu.paths import RUNS_DIR, RunLayout, check_run_id


def test_a_run_lives_below_runs():
    layout = RunLayout.of("exp01")
    assert layout.request_path("train") == Path("runs/exp01/plan/train.json")
    assert layout.receipt_path("train") == Path("runs/exp01/receipts/train.json")
    assert layout.run_id == "exp01"


@pytest.mark.parametrize("bad", ["", ".", "..", "../x", "a/b", "-x", ".hidden", "a" * 65, "a\n", "a b", "ü"])
def test_a_bad_run_id_is_refused(bad):
    with pytest.raises(UsageError, match="YZ902"):
        check_run_id(bad, where="run_id")


@given(st.text(max_size=70))
def test_no_run_id_reaches_outside_runs(text):
    try:
        layout = RunLayout.of(text)
    except UsageError:
        return
    assert layout.root.resolve().parent == RUNS_DIR.resolve()


def test_a_run_may_have_a_directory_anywhere():
    layout = RunLayout.at("/data/trainings/exp01/")
    assert (layout.run_id, layout.word) == ("exp01", "run_dir=/data/trainings/exp01")
    assert layout.receipt_path("train") == Path("/data/trainings/exp01/receipts/train.json")
    assert RunLayout.at("runs/exp01") == RunLayout.of("exp01")
    assert RunLayout.of("exp01").word == "run_id=exp01"


@pytest.mark.parametrize("bad", [".", "", "/", "a/..", "a/-x", "a/.hidden"])
def test_a_directory_that_cannot_name_a_run_is_refused(bad):
    with pytest.raises(UsageError, match=r"run_dir=.*YZ902"):
        RunLayout.at(bad)

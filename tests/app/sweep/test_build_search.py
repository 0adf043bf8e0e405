"""Searches built, by played workers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Barrier

import pytest

from tests.app.sweep.searches import MEDIAN, SEARCH, built, lr_of, metric_of, opened, searched, write  # noqa: F401
from yolozu.errors import UsageError

pytestmark = pytest.mark.slow


def trained(played):
    return [name.partition("/")[0] for name in played.made if name.endswith("/train")]


def test_runs_are_chosen_one_after_another_and_none_is_tried_again(searched):  # noqa: F811
    code, ends = built()
    assert (code, [end.exit_code for end in ends]) == (0, [0] * 5)
    names = [one.run.run_id for one in opened().runs]
    assert trained(searched) == names == [end.run_id for end in ends]
    assert len(set(names)) == 5
    searched.ran.clear()
    assert built() == (code, ends)
    Path("runs/.sweeps/s.jsonl").unlink()  # without it, the same runs are chosen, and found
    assert built() == (code, ends)
    assert searched.ran == []
    write(SEARCH.replace("max_runs: 5", "max_runs: 6"))
    built()
    assert [one.run.run_id for one in opened().runs][:5] == names
    assert len(trained(searched)) == 6


def test_a_training_is_ended_where_the_pruner_says_so_and_stays_resumable(searched):  # noqa: F811
    write(SEARCH + MEDIAN)

    def wait(run, number, stopping):
        """A real one takes minutes to its next validation."""
        end = time.monotonic() + 20
        while (run, number) in expected and not stopping() and time.monotonic() < end:
            time.sleep(0.01)

    expected = _expected_to_end(searched)
    searched.validated = wait
    code, ends = built()
    assert (code, [end.exit_code for end in ends]) == (0, [0] * 5)
    found = {one.run.run_id: one for one in opened().runs}
    ended = {name: one.pruned for name, one in found.items() if one.pruned is not None}
    assert {(name, at.validation) for name, at in ended.items()} == expected
    assert ended
    for name, at in ended.items():
        assert at.value == metric_of(name) / 2
        assert not Path(f"runs/{name}/predictions/predictions.json").exists()
        session = found[name].session
        assert session.unfinished(session.plan["train"]).position == "at step 8 of 24"
    searched.ran.clear()
    built()
    assert searched.ran == []
    Path("runs/.sweeps/s.jsonl").unlink()  # without it, the same trainings end where they stand
    built()
    assert {one.run.run_id: one.pruned for one in opened().runs if one.pruned is not None} == ended
    assert searched.ran == []
    write(SEARCH)  # without the pruner nothing keeps them from going on
    built()
    assert {name.partition("/")[0] for name in searched.ran} == set(ended)
    assert all(one.pruned is None and not one.is_left for one in opened().runs)


def _expected_to_end(played):
    """By hand: worse than the median of the runs that were finished before, at the first validation."""
    finished, expected, left = [], set(), opened()
    from yolozu.app.sweep.study import KnownRun

    known = []
    for _ in range(5):
        values = left.decider().next_values(known)
        run = left.search.run(values).run_id
        first = metric_of(run) / 2
        half = sorted(finished)
        median = None if len(half) < 2 else (half[(len(half) - 1) // 2] + half[len(half) // 2]) / 2
        if median is not None and first < median:
            expected.add((run, 1))
            known.append(KnownRun(values, "pruned", None, ((1, first),)))
        else:
            finished.append(first)
            reports = ((1, first), (2, 2 * first), (3, 2 * first))
            known.append(KnownRun(values, "complete", metric_of(run), reports))
    return expected


def test_a_training_that_was_faster_than_the_watch_is_judged_before_anything_else_begins(searched):  # noqa: F811
    write(SEARCH + MEDIAN)
    expected = _expected_to_end(searched)
    built()
    ended = {(one.run.run_id, one.pruned.validation) for one in opened().runs if one.pruned is not None}
    assert ended == expected
    assert not any(f"{name}/export_onnx" in searched.ran for name, _ in expected)


def test_a_run_that_failed_is_no_end_and_is_tried_again(searched):  # noqa: F811
    first = opened().search.run(opened().next_values()).run_id
    searched.fails[f"{first}/train"] = 2
    code, ends = built()
    assert (code, [end.exit_code for end in ends]) == (2, [2, 0, 0, 0, 0])
    searched.fails.clear()
    searched.ran.clear()
    assert built()[0] == 0
    assert {name.partition("/")[0] for name in searched.ran} == {first}
    assert len(opened().runs) == 5


def test_fail_fast_chooses_no_further_run(searched):  # noqa: F811
    first = opened().search.run(opened().next_values()).run_id
    searched.fails[f"{first}/train"] = 2
    assert [end.exit_code for end in built(fail_fast=True)[1]] == [2]


def test_a_stop_ends_the_run_and_the_same_command_goes_on(searched):  # noqa: F811
    def stop(run, number, stopping):
        if len(opened().runs) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
            end = time.monotonic() + 20
            while not stopping() and time.monotonic() < end:
                time.sleep(0.01)

    searched.validated = stop
    code, ends = built()
    assert (code, [end.exit_code for end in ends]) == (75, [0, 75])
    assert opened().runs[1].session.unfinished(opened().runs[1].session.plan["train"]).done == 8
    searched.validated = lambda *_: None
    assert built()[0] == 0
    assert len(opened().runs) == 5


def test_several_runs_at_once(searched):  # noqa: F811
    together = Barrier(2)

    def meet(name):
        if name.endswith("/train") and len(trained(searched)) < 2:
            together.wait(20)

    searched.while_running = meet
    code, ends = built(jobs=2)
    assert (code, [end.exit_code for end in ends]) == (0, [0] * 5)
    assert "OMP_NUM_THREADS" in searched.environments[f"{ends[0].run_id}/train"] or "OMP_NUM_THREADS" in os.environ


def test_a_search_is_gone_on_with_by_one_command_at_a_time(searched):  # noqa: F811
    from yolozu.app.sweep.build_search import build_search

    stale = opened()
    write(SEARCH.replace("max_runs: 5", "max_runs: 1"))
    built()
    with pytest.raises(UsageError, match="YZ732 the search s was gone on with by another command meanwhile"):
        build_search(stale, jobs=1, gpus=None, fail_fast=False, view_of=lambda _: None)


def test_nothing_of_optuna_is_imported_by_other_sweeps(played):
    Path("sweep.yaml").write_text("config_version: 1\nrun_id: g\nbase: exp.yaml\ngrid: {lr: [0.1]}\n")
    code = (
        "import sys; from yolozu.cli.app import main; code = main(['sweep', 'sweep.yaml', '--plan'])\n"
        "import yolozu.app.sweep.search\n"
        "sys.exit(code or 'optuna' in sys.modules or 'sqlalchemy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0

"""Freeing the space of runs: what goes, what stays, and that every run which stays is whole."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.app.gc.made_runs import disk_usage, intact, make_run
from yolozu.app.gc.collect import collect_runs
from yolozu.app.gc.policy import Policy
from yolozu.engine.lock import HeldLock
from yolozu.engine.store.store import Store
from yolozu.errors import UsageError
from yolozu.paths import RUNS_DIR, RunLayout, store_path

NAMES = ("a", "b", "c", "seq/d")


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    RUNS_DIR.mkdir()


def going(collected) -> list[str]:
    return [run.run for run in collected.runs if run.goes]


POLICIES = st.builds(
    Policy,
    runs=st.sampled_from([(), ("a",), ("*",), ("a", "seq/*")]),
    keep=st.sampled_from([(), ("b",), ("[bc]",)]),
    keep_best=st.sampled_from([None, 0, 1]),
    keep_newest=st.sampled_from([None, 0, 1, 2]),
    older_than_s=st.sampled_from([None, 50.0]),
)
RUNS = st.fixed_dictionaries(
    {
        "score": st.sampled_from([None, 0.1, 0.2]),
        "age_s": st.sampled_from([0.0, 10.0, 100.0]),
        "init_from": st.sampled_from([None, *(f"runs/{name}/checkpoints/best.pt" for name in NAMES)]),
        "stored": st.booleans(),
        "content": st.sampled_from(["same", "other"]),
    }
)


@settings(max_examples=15, deadline=None)
@given(
    runs=st.fixed_dictionaries(dict.fromkeys(NAMES, RUNS)),
    policy=POLICIES,
    options=st.fixed_dictionaries({"scratch": st.booleans(), "keep_store": st.booleans()}),
    noted=st.sets(st.sampled_from(NAMES)),
    busy=st.tuples(st.sets(st.sampled_from(NAMES), max_size=1), st.sets(st.sampled_from(NAMES), max_size=2)),
)
def test_after_any_gc_every_run_that_stays_is_whole(runs, policy, options, noted, busy):
    held, begun = busy
    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        layouts = {name: make_run(name, **keys) for name, keys in runs.items()}
        notes = [layouts[name].root / "checkpoints/notes.txt" for name in noted]
        for path in notes:
            path.write_text("mine")
        for name in begun:
            (layouts[name].root / "scratch/predict/out").mkdir(parents=True)
            (layouts[name].root / "scratch/predict/out/half").write_text("half")
        locks = [HeldLock(layouts[name].lock_path, code="YZ302", what=name) for name in held]
        before = disk_usage(RUNS_DIR)
        if policy.says_nothing and not options["scratch"]:
            with pytest.raises(UsageError, match="YZ662"):
                collect_runs(policy, delete=True)
            return
        seen = collect_runs(policy, **options, delete=False)
        assert disk_usage(RUNS_DIR) == before
        done = collect_runs(policy, **options, delete=True)
        assert (going(done), done.freed, done.keys) == (going(seen), seen.freed, seen.keys)
        assert before - disk_usage(RUNS_DIR) == done.freed
        gone, store = set(going(done)), Store(store_path())
        assert not gone & held
        for name in set(NAMES) - gone:
            assert intact(layouts[name])
            named = runs[name]["init_from"]
            assert named is None or Path(named).is_file()
        assert all(path.read_text() == "mine" for path in notes)
        assert {name for name in gone if layouts[name].root.exists()} == gone & noted
        assert not set(done.keys) & set(store.all_keys())
        for lock in locks:
            lock.release()


def test_what_a_run_that_stays_goes_on_from_stays_through_others():
    make_run("a", age_s=300)
    make_run("b", age_s=200, continual_from="a")
    make_run("c", age_s=100, init_from="./runs/b/checkpoints/best.pt")
    make_run("d", age_s=400)
    collected = collect_runs(Policy(keep_newest=1), delete=False)
    assert going(collected) == ["d"]
    assert {run.run: run.stays_for for run in collected.runs if not run.goes} == {
        "a": ("continual_from of b",),
        "b": ("init_from of c",),
        "c": ("newest 1",),
    }


def test_a_file_with_a_link_in_the_store_is_freed_with_it_or_not_at_all():
    make_run("a", stored=True)
    alone = collect_runs(Policy(runs=("a",)), keep_store=True, delete=False)
    whole = collect_runs(Policy(runs=("a",)), delete=False)
    linked = len("images") + len("weights a")
    assert (len(alone.keys), len(whole.keys)) == (0, 2)
    assert whole.freed - alone.freed == linked + whole.receipts_freed


def test_what_another_run_has_of_the_store_stays_there():
    make_run("a", stored=True, content="same")
    make_run("b", stored=True, content="same")
    collected = collect_runs(Policy(runs=("a",)), delete=True)
    assert (going(collected), collected.keys) == (["a"], ())
    assert intact(RunLayout.of("b"))
    assert len(list(Store(store_path()).all_keys())) == 2


def interrupted(name: str) -> RunLayout:
    layout = make_run(name)
    layout.receipt_path("train").unlink()
    scratch = layout.scratch_dir("train")
    (scratch / "out").mkdir(parents=True)
    (scratch / "out/last.pt").write_text("half")
    (scratch / "state.json").write_text(json.dumps({"digest": "0", "spec": {}, "inputs": {}, "version": 1}))
    (scratch / "saved.json").write_text(json.dumps({"done": 31, "total": 200}))
    return layout


def test_an_interrupted_training_goes_by_its_name_alone():
    layout = interrupted("a")
    (run,) = collect_runs(Policy(runs=("*",)), delete=True).runs
    assert run.stays_for == ("train is interrupted at step 31 of 200 and would go on: only its name lets it go",)
    assert going(collect_runs(Policy(runs=("a",)), delete=True)) == ["a"]
    assert layout.scratch_dir("train").exists() is False


def test_scratch_goes_where_it_is_asked_for_and_the_run_stays_whole():
    layout = interrupted("a")
    assert collect_runs(Policy(keep_newest=1), delete=True).freed == 0
    (run,) = collect_runs(Policy(), scratch=True, delete=True).runs
    assert (run.goes, len(run.deleted)) == (False, 3)
    assert not layout.scratch_dir("train").exists()
    assert intact(layout)


def test_a_run_that_is_built_stays_even_by_name():
    layout = make_run("a")
    lock = HeldLock(layout.scratch_dir("train").with_name("train.lock"), code="YZ302", what="train")
    (run,) = collect_runs(Policy(runs=("a",)), scratch=True, delete=True).runs
    assert run.stays_for[0].startswith("is being built by process ")
    assert run.deleted == ()
    lock.release()


def test_a_gc_that_was_killed_is_finished_by_the_next():
    layout = make_run("a", stored=True)
    (layout.root / "checkpoints/best.pt").unlink()
    collect_runs(Policy(runs=("a",)), delete=True)
    assert not layout.root.exists()

"""Which results runs still have."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.app.store import collect
from yolozu.engine.failure import record_failure
from yolozu.engine.store.keys import key_of_receipt
from yolozu.engine.store.named import named_keys, runs_below, runs_with, unnamed
from yolozu.engine.store.store import Store
from yolozu.errors import InputError
from yolozu.paths import RunLayout
from yolozu.planning.receipt import Receipt

STAGES = ("prepare_data", "train", "predict", "echo")


def receipt(stage: str, number: int) -> Receipt:
    """One of the results that ``stage`` may have given."""
    outputs = {"out/a.txt": str(number), "out/left_out.txt": None}
    return Receipt(stage, 1, {}, {"data": str(number)}, outputs, {}, "", 1.0, {}, {"store": "first"})


def give(root: Path, store: Store, made: Receipt) -> None:
    """Let a run have a result, and the store keep it."""
    (root / "out").mkdir(parents=True, exist_ok=True)
    (root / "out/a.txt").unlink(missing_ok=True)
    (root / "out/a.txt").write_text(made.outputs["out/a.txt"])
    made.write(RunLayout(root).receipt_path(made.stage))
    store.put(key_of_receipt(made), made, root)


RESULTS = st.tuples(st.sampled_from(["a", "b", "seq/one"]), st.sampled_from(STAGES), st.integers(0, 3))


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.lists(RESULTS, max_size=8), st.sets(st.sampled_from(["a", "b"])))
def test_what_a_receipt_names_is_never_deleted_and_the_rest_is(given_to, deleted):
    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        patch.setattr(os, "fsync", lambda _: None)  # what a power cut would leave is no matter here
        store = Store(Path("runs/.store"))
        for run, stage, number in given_to:
            give(Path("runs") / run, store, receipt(stage, number))
        for run in deleted:
            shutil.rmtree(Path("runs") / run, ignore_errors=True)
        has = {(run, stage): number for run, stage, number in given_to if run not in deleted}
        kept = {key_of_receipt(receipt(stage, number)) for (_, stage), number in has.items()}
        collected = collect()
        assert set(store.all_keys()) == kept
        assert not kept & set(collected.keys)


def test_a_stage_that_failed_names_nothing(tmp_path):
    layout = RunLayout(tmp_path / "a")
    receipt("train", 1).write(layout.receipt_path("train"))
    record_failure(layout, "predict", kind="InputError", text="predict: no")
    assert named_keys(tmp_path) == {key_of_receipt(receipt("train", 1)): ["a"]}


def test_runs_are_found_at_any_depth_and_none_in_what_begins_with_a_dot(tmp_path):
    for place in ("a/receipts", "seq/one/receipts", ".store/ab/receipts", "a/below/receipts"):
        (tmp_path / place).mkdir(parents=True)
    assert [run.relative_to(tmp_path).as_posix() for run in runs_below(tmp_path)] == ["a", "seq/one"]


def test_a_run_behind_a_link_is_found_once_by_its_own_name_and_circles_end(tmp_path):
    (tmp_path / "disk/far/receipts").mkdir(parents=True)
    runs = tmp_path / "runs"
    (runs / "near/receipts").mkdir(parents=True)
    (runs / "best").symlink_to("near")
    (runs / "far").symlink_to(tmp_path / "disk/far")
    (runs / "round").symlink_to(".")
    assert [run.name for run in runs_below(runs)] == ["near", "far"]


def test_a_run_that_is_only_planned_is_a_run(tmp_path):
    RunLayout(tmp_path / "a").plan_dir.mkdir(parents=True)
    RunLayout(tmp_path / "a").overrides_path.write_text("{}")
    (tmp_path / "b/plan").mkdir(parents=True)
    assert [run.name for run in runs_below(tmp_path)] == ["a"]


def test_runs_that_have_a_result_are_named(tmp_path):
    store = Store(tmp_path / ".store")
    for run in ("a", "seq/one"):
        give(tmp_path / run, store, receipt("train", 1))
    give(tmp_path / "gone", store, receipt("train", 2))
    shutil.rmtree(tmp_path / "gone")
    named, key = named_keys(tmp_path), key_of_receipt(receipt("train", 1))
    assert runs_with(store, key, named) == ["a", "seq/one"]
    assert unnamed(store, named) == [key_of_receipt(receipt("train", 2))]


def test_a_result_that_another_release_kept_under_another_key_is_named_too(tmp_path):
    store, made = Store(tmp_path / ".store"), receipt("train", 1)
    give(tmp_path / "a", store, made)
    old = "ab" + "0" * 62
    store.put(old, made, tmp_path / "a")
    assert unnamed(store, named_keys(tmp_path)) == []


def test_what_an_unreadable_receipt_names_is_not_known(tmp_path):
    store = Store(tmp_path / ".store")
    give(tmp_path / "a", store, receipt("train", 1))
    RunLayout(tmp_path / "a").receipt_path("train").write_text("{")
    with pytest.raises(InputError, match="YZ301"):
        named_keys(tmp_path)


def test_a_stage_of_another_spec_is_another_result():
    made = receipt("echo", 1)
    assert key_of_receipt(made) != key_of_receipt(replace(made, spec={"a": {}}))

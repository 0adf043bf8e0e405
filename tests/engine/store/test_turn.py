"""What is taken from the store instead of being built, and what is kept there."""

import os
import shutil
from dataclasses import dataclass, field
from socket import gethostname

import pytest

from tests.engine.conftest import ToyRun, contract
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.predict import PredictSection
from yolozu.engine.execute_stage import execute
from yolozu.engine.lock import HeldLock
from yolozu.engine.store.store import Store
from yolozu.errors import GateFailed, Interrupted
from yolozu.paths import RunLayout, store_path
from yolozu.planning.receipt import Receipt
from yolozu.progress import SilentProgress

ALL = ["letters", "shout", "count", "praise"]


@dataclass
class Said(SilentProgress):
    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(line)


@dataclass
class StoringRun(ToyRun):
    """A toy run whose stages use the store."""

    operations: OperationsSection = field(default_factory=OperationsSection)
    lines: list[str] = field(default_factory=list)

    def execute(self, contract_, stage, *, stopping=False, insist_on_resume=False):
        execute(
            self.plan(contract_)[stage],
            self.layout,
            operations={"operations": self.operations.model_dump(mode="json"), "provenance": {}},
            progress=Said(self.lines),
            stopping=stopping if callable(stopping) else lambda: stopping,
            insist_on_resume=insist_on_resume,
        )

    def ran_here(self) -> list[str]:
        """Stages of the run that were not taken from the store."""
        return [name for name in ALL if self.receipt(name) is not None and "store" not in self.receipt(name).ran_on]

    def receipt(self, stage: str) -> Receipt | None:
        return Receipt.read(self.layout.receipt_path(stage))


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda name, **operations: StoringRun(RunLayout.of(name), OperationsSection(**operations))


@pytest.fixture
def first(run):
    """A run that is built."""
    made = run("first")
    made.build(contract())
    return made


@pytest.mark.effect("store")
@pytest.mark.parametrize("used", [True, False])
def test_another_run_that_asks_for_the_same_takes_all_of_it(first, run, used):
    second = run("second", store=used)
    second.build(contract())
    assert second.ran_here() == ([] if used else ALL)
    assert second.text("out/praise.txt") == "well said: HELLO 1"
    assert second.reasons(contract()) == {}


@pytest.mark.effect("store")
def test_nothing_is_kept_where_the_store_is_switched_off(run):
    run("first", store=False).build(contract())
    assert not store_path().exists()


def test_a_receipt_says_which_run_has_made_the_result_and_is_the_same_otherwise(first, run):
    second, third = run("second"), run("third")
    second.build(contract())
    shutil.rmtree(first.layout.root)
    third.build(contract())
    made = Receipt.read(second.layout.receipt_path("shout"))
    assert made.ran_on["store"] == "first"
    assert made == third.receipt("shout")


def test_what_is_taken_is_linked(first, run):
    second = run("second")
    second.build(contract())
    loud = [made.layout.root / "out/loud.txt" for made in (first, second)]
    assert loud[0].samefile(loud[1])


def test_a_key_that_differs_builds_the_stages_that_read_it_alone(first, run):
    second = run("second")
    second.build(contract(predict=PredictSection(max_detections=100)))
    assert second.ran_here() == ["count"]


def test_a_result_comes_back_with_its_keys(first):
    first.build(contract("other"))
    first.build(contract())
    assert first.text("out/loud.txt") == "HELLO 1"
    assert first.receipt("shout").ran_on["store"] == "first"


def test_what_is_damaged_is_told_of_moved_away_and_built_again(first, run):
    second = run("second")
    (first.layout.root / "out/loud.txt").write_text("HELLO 7")
    second.build(contract())
    assert second.ran_here() == ["shout"]
    assert second.text("out/loud.txt") == "HELLO 1"
    (line,) = second.lines
    moved = next((store_path() / "damaged").iterdir())
    assert line == f"shout: out/loud.txt in the store is damaged: moved to {moved}"


def test_a_directory_that_is_optional_comes_along(run):
    run("first").build(contract(split="with_extra"))
    second = run("second")
    second.build(contract(split="with_extra"))
    assert second.text("data/extra/one.txt") == "1"
    assert second.ran_here() == []


def test_a_gate_that_has_said_no_is_not_kept(run):
    strict = contract(predict=PredictSection(max_detections=2))
    for name in ("first", "second"):
        with pytest.raises(GateFailed):
            run(name).build(strict)


def test_what_was_interrupted_gives_way_to_a_result_that_is_there(first, run):
    second = run("second")
    second.execute(contract(), "letters")
    second.operations = OperationsSection(store=False)
    with pytest.raises(Interrupted):
        second.execute(contract(), "shout", stopping=True)
    second.operations = OperationsSection()
    second.execute(contract(), "shout")
    assert second.text("out/loud.txt") == "HELLO 1"
    assert not second.layout.scratch_dir("shout").exists()


def test_what_was_interrupted_for_other_keys_is_set_aside(first, run):
    second = run("second")
    second.execute(contract(seed=7), "letters")
    with pytest.raises(Interrupted):
        second.execute(contract(seed=7), "shout", stopping=True)
    second.execute(contract(), "shout")
    assert second.lines == ["shout: what was interrupted is set aside in runs/second/scratch/shout.prev"]
    second.execute(contract(seed=7), "shout")
    assert second.text("out/loud.txt") == "HELLO 2"


def test_insisting_on_resuming_takes_nothing(first, run):
    second = run("second", store=False)
    second.execute(contract(), "letters")
    with pytest.raises(Interrupted):
        second.execute(contract(), "shout", stopping=True)
    second.operations = OperationsSection()
    second.execute(contract(), "shout", insist_on_resume=True)
    assert second.text("out/loud.txt") == "HELLO 2"


def test_what_went_on_from_another_result_is_no_ones_but_the_runs(first, run):
    first.build(contract(seed=1))
    assert first.text("out/loud.txt") == "HELLO 1!"
    second = run("second")
    second.build(contract(seed=1))
    assert second.text("out/loud.txt") == "HELLO 1"


@pytest.mark.effect("store_dir")
@pytest.mark.parametrize("shared", ["../team", None])
def test_a_shared_directory_serves_others(run, tmp_path, monkeypatch, shared):
    for name in ("anna", "ben"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        mine = run(name, store_dir=shared)
        mine.build(contract())
    assert mine.ran_here() == ([] if shared else ALL)


def test_a_store_that_cannot_be_written_costs_a_line_a_stage(run, tmp_path):
    (tmp_path / "file").write_text("")
    mine = run("first", store_dir="file")
    mine.build(contract())
    assert mine.lines[-1] == "praise: not kept in file: Not a directory"
    assert mine.reasons(contract()) == {}


def test_deleting_the_store_harms_no_run(first, run):
    shutil.rmtree(store_path())
    assert first.reasons(contract()) == {}
    second = run("second")
    second.build(contract())
    assert second.ran_here() == ALL


def test_a_file_system_without_links_gets_copies(first, run, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    second = run("second")
    second.build(contract())
    assert second.ran_here() == []
    assert not (second.layout.root / "out/loud.txt").samefile(first.layout.root / "out/loud.txt")


def test_who_comes_second_waits_for_who_makes_the_same_and_takes_it(first, run, tmp_path):
    second, elsewhere = run("second"), Store(tmp_path / "made")
    store_path().rename(elsewhere.directory)
    key = next(key for key in elsewhere.all_keys() if elsewhere.receipt(key).stage == "letters")
    lock = HeldLock(Store(store_path()).lock_path(key), code="YZ340", what="this", timeout_s=0.0)

    def ends() -> bool:
        shutil.copytree(elsewhere.directory, store_path(), dirs_exist_ok=True)
        lock.release()
        return False

    second.execute(contract(), "letters", stopping=ends)
    other = f"process {os.getpid()} on {gethostname()}"
    assert second.lines == [f"letters: {other} makes this result already; waits for it"]
    assert second.receipt("letters").ran_on["store"] == "first"


def test_who_waits_can_be_stopped(first, run):
    key = next(Store(store_path()).all_keys())
    stage = Store(store_path()).receipt(key).stage
    shutil.rmtree(store_path())
    lock = HeldLock(Store(store_path()).lock_path(key), code="YZ340", what="this", timeout_s=0.0)
    first.layout.receipt_path(stage).unlink()
    try:
        with pytest.raises(Interrupted, match="stopped on request, while another builder made its result"):
            first.execute(contract(), stage, stopping=True)
    finally:
        lock.release()

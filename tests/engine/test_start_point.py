"""What becomes of interrupted work when something else is asked for: nothing that was saved is deleted."""

from dataclasses import replace

import pytest

from tests.engine.conftest import contract
from yolozu.contract.sections.train import DeviceSection
from yolozu.engine.scratch import Scratch
from yolozu.errors import Interrupted, UsageError
from yolozu.planning.begun import Begun, set_aside


@pytest.fixture
def stopped(toy):
    """`shout` was stopped with seed 3 after its first try was saved."""
    toy.execute(contract(seed=3), "letters")
    stop(toy, 3)
    return toy


def stop(toy, seed):
    with pytest.raises(Interrupted):
        toy.execute(contract(seed=seed), "shout", stopping=True)


def scratch(toy):
    return Scratch.of(toy.layout, "shout")


def kept(toy):
    return [(path.name, Begun.read(path).spec["seed"]["seed"]) for path in set_aside(scratch(toy).directory)]


def test_the_state_is_set_aside_for_another_spec_and_comes_back_with_its_own(stopped):
    stop(stopped, 7)
    assert kept(stopped) == [("shout.prev", 3)]
    stopped.execute(contract(seed=3), "shout")
    assert stopped.text("out/loud.txt") == "HELLO 2"
    assert kept(stopped) == [("shout.prev-2", 7)]


def test_several_states_are_kept_side_by_side(stopped):
    for seed in (9, 7, 5):
        stop(stopped, seed)
    assert sorted(kept(stopped)) == [("shout.prev", 3), ("shout.prev-2", 9), ("shout.prev-3", 7)]
    stop(stopped, 9)
    assert sorted(kept(stopped)) == [("shout.prev", 3), ("shout.prev-3", 7), ("shout.prev-4", 5)]


def test_what_saved_nothing_is_not_kept(stopped):
    (scratch(stopped).directory / "saved.json").unlink()
    stop(stopped, 2)
    assert kept(stopped) == []


def test_a_spec_that_goes_on_from_it_takes_the_state_over(stopped):
    stopped.execute(contract(seed=4), "shout")
    assert stopped.text("out/loud.txt") == "HELLO 2"
    assert kept(stopped) == []


def test_a_device_decides_nothing(stopped):
    stopped.execute(contract(seed=3, device=DeviceSection(device="cuda")), "shout")
    assert stopped.text("out/loud.txt") == "HELLO 2"


def test_insisting_on_a_resume_that_is_impossible_touches_nothing(stopped):
    before = sorted(path for path in scratch(stopped).directory.rglob("*"))
    with pytest.raises(UsageError, match="seed: 3 → 2"):
        stopped.execute(contract(seed=2), "shout", insist_on_resume=True)
    assert sorted(path for path in scratch(stopped).directory.rglob("*")) == before
    assert kept(stopped) == []


def test_insisting_takes_back_what_was_set_aside(stopped):
    stop(stopped, 7)
    stopped.execute(contract(seed=3), "shout", insist_on_resume=True)
    assert stopped.text("out/loud.txt") == "HELLO 2"


def test_a_finished_result_that_was_killed_while_published_is_not_lost_to_another_spec(toy, monkeypatch):
    toy.execute(contract(seed=3), "letters")

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("yolozu.engine.execute_stage.publish", killed)
        with pytest.raises(SystemExit):
            toy.execute(contract(seed=3), "shout")
    toy.execute(contract(seed=4), "shout")
    assert (toy.text("out/loud.prev.txt"), toy.text("out/loud.txt")) == ("HELLO 1", "HELLO 1!")


def test_a_state_of_an_early_release_goes_on(stopped):
    begun = Begun.read(scratch(stopped).directory)
    replace(begun, version=None).write()
    stopped.execute(contract(seed=3), "shout")
    assert stopped.text("out/loud.txt") == "HELLO 2"


def test_a_state_of_another_version_of_the_stage_is_set_aside(stopped):
    begun = Begun.read(scratch(stopped).directory)
    replace(begun, version=0).write()
    stopped.execute(contract(seed=3), "shout")
    assert stopped.text("out/loud.txt") == "HELLO 1"
    assert kept(stopped) == [("shout.prev", 3)]


def test_a_stage_that_is_refused_before_it_saved_anything_leaves_everything_as_it_was(stopped, monkeypatch):
    def refuse(*_):
        raise UsageError.one("YZ501", where="device", problem="is not there", fix="name another")

    with monkeypatch.context() as patch:
        patch.setattr("yolozu.engine.execute_stage._run_stage", refuse)
        with pytest.raises(UsageError, match="is not there"):
            stopped.execute(contract(seed=7), "shout")
    assert kept(stopped) == []
    assert Begun.read(scratch(stopped).directory).spec["seed"]["seed"] == 3

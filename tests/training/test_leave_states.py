"""What a task leaves: states that add up over tasks, and that no kill on the way changes by a bit."""

import random
from dataclasses import replace

import pytest
import torch

from tests.training.several import together
from tests.training.test_distributed import SMOOTH, model_with
from tests.training.test_exact_resume import Killed, Lines
from tests.training.tiny import CLASSES, StopAfter, files_in, outcome, training_config
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.continual_state import read_continual_state
from yolozu.artifacts.digest import digest_file
from yolozu.continual.registry import REGULARIZERS
from yolozu.contract.sections.continual import ContinualSection
from yolozu.errors import Interrupted
from yolozu.progress import SilentProgress
from yolozu.training.config import regularization_of
from yolozu.training.distributed import SINGLE_PROCESS
from yolozu.training.regularization import held_by

pytestmark = pytest.mark.slow
BOTH = {"ewc": True, "si": True, "ewc_samples": 3, "ewc_lambda": 10.0}
ALIKE = {**SMOOTH, "val_every_steps": SMOOTH["max_steps"], "val_every": 100}
"""One validation, so that it chooses the same weights whatever a last bit makes of its score."""

STEPS = {"max_steps": 4, "val_every_steps": 2, "save_last_every": 1}


def states_in(directory):
    return {name: directory / f"{name}_state.pt" for name in REGULARIZERS}


def train(tiny, directory, *, after=None, keys=BOTH, chosen=None, **options):
    """Train with both regularizers in ``directory``, as a first task or after that in another directory."""
    chosen = training_config(**STEPS) if chosen is None else chosen
    materials = tiny.materials(chosen)
    asked = regularization_of(ContinualSection(**keys), states_in(directory))
    if after is not None:
        materials.detector.load_state_dict(read_checkpoint(after / "best.pt").evaluation_weights())
        parameters = dict(materials.detector.named_parameters())
        found = {name: read_continual_state(states_in(after)[name], name) for name in asked.settings}
        asked = replace(asked, held={name: held_by(state, parameters, CLASSES.names) for name, state in found.items()})
    return tiny.fit(directory, chosen, materials=replace(materials, regularization=asked), **options)


def train_in(group, tiny, directory, after):
    """As one of several processes."""
    train(tiny, directory, after=after, chosen=training_config(**ALIKE), processes=group)


def all_of(directory):
    states = {path.name: digest_file(path) for path in states_in(directory).values()}
    return {**outcome(directory), **states}


@pytest.fixture(scope="module")
def first(tiny, tmp_path_factory):
    directory = tmp_path_factory.mktemp("first")
    train(tiny, directory)
    return directory


@pytest.fixture(scope="module")
def second(tiny, first, tmp_path_factory):
    directory = tmp_path_factory.mktemp("second")
    train(tiny, directory, after=first)
    return directory


@pytest.mark.effect("ewc", "si")
def test_a_first_task_trains_as_ever_and_leaves_its_states(tiny, first, tmp_path):
    tiny.fit(tmp_path, training_config(**STEPS))
    assert not any(path.exists() for path in states_in(tmp_path).values())
    best = read_checkpoint(tmp_path / "best.pt")
    for name, path in states_in(first).items():
        state = read_continual_state(path, name)
        assert (state.class_names, state.checkpoint) == (CLASSES.names, digest_file(first / "best.pt"))
        assert all(torch.equal(anchor, best.evaluation_weights()[key]) for key, anchor in state.anchor.items())
        assert any(bool((importance > 0).any()) for importance in state.importance.values())
    wanted, found = outcome(tmp_path), outcome(first)
    assert {**found, "last.pt": None} == {**wanted, "last.pt": None}  # which has what synaptic intelligence gathers


def test_a_second_task_is_held_and_adds_to_what_mattered(first, second):
    losses = [row["losses"] for row in outcome(second)["train.jsonl"] if row["meta"]["kind"] == "train_step"]
    assert all(row["ewc"] >= 0.0 and row["si"] >= 0.0 for row in losses)
    assert losses[-1]["ewc"] > 0.0
    for name, path in states_in(second).items():
        before, after = (read_continual_state(each, name) for each in (states_in(first)[name], path))
        added = [after.importance[key] - importance for key, importance in before.importance.items()]
        assert all(bool((more >= 0.0).all()) for more in added)
        assert any(bool((more > 0.0).any()) for more in added)


@pytest.mark.effect("ewc_samples")
def test_the_importance_is_of_as_many_images_as_asked_for(tiny, first, tmp_path):
    train(tiny, tmp_path, keys={**BOTH, "ewc_samples": 5})
    three, five = (read_continual_state(states_in(place)["ewc"], "ewc") for place in (first, tmp_path))
    assert any(not torch.equal(three.importance[name], five.importance[name]) for name in three.importance)
    assert digest_file(states_in(first)["si"]) == digest_file(states_in(tmp_path)["si"])


def test_killed_at_any_line_again_and_again_changes_no_bit_of_weights_and_states(tiny, first, second, tmp_path):
    with Lines() as undisturbed:
        train(tiny, tmp_path / "watched", after=first)
    chance, kills = random.Random(4), 0
    for _ in range(4):
        try:
            with Lines(kill_at=chance.randrange(1, undisturbed.count)):
                train(tiny, tmp_path / "killed", after=first)
        except Killed:
            kills += 1
    train(tiny, tmp_path / "killed", after=first)
    assert kills > 1
    assert all_of(tmp_path / "killed") == all_of(tmp_path / "watched") == all_of(second)


def test_stopped_while_it_gathers_importance_it_goes_on_from_the_finished_training(tiny, first, second, tmp_path):
    asked = StopAfter(0)
    asked.left = 10**6

    class StopAtImportance(Progressing):
        def bar(self, title, total, done=0):
            if title == "importance of weights":
                asked.left = 1
            return super().bar(title, total, done)

    with pytest.raises(Interrupted) as caught:
        train(tiny, tmp_path, after=first, stopping=asked, progress=StopAtImportance())
    assert caught.value.findings[0].code == "YZ505"
    assert files_in(tmp_path).last.is_file()
    assert not any(path.exists() for path in states_in(tmp_path).values())
    shown = Progressing()
    train(tiny, tmp_path, after=first, progress=shown)
    assert all_of(tmp_path) == all_of(second)
    assert "going on from optimizer step 4" in shown.lines


def distance(one, two):
    """Of all tensors together, as a share of their norm."""
    first, second = (torch.cat([named[name].flatten().double() for name in one]) for named in (one, two))
    return float((second - first).norm() / first.norm())


def test_two_processes_gather_and_hold_as_one(tiny, tmp_path):
    shared = replace(tiny, objective=replace(tiny.objective, model=model_with("syncbn")))
    train(shared, tmp_path / "first", chosen=training_config(**ALIKE))
    train_in(SINGLE_PROCESS, shared, tmp_path / "one", tmp_path / "first")
    assert together(train_in, shared, tmp_path / "two", tmp_path / "first") == [None, None]
    for name in REGULARIZERS:
        one, two = (read_continual_state(states_in(tmp_path / place)[name], name) for place in ("one", "two"))
        assert distance(one.importance, two.importance) < 0.05  # training magnifies the last bits of sums
        assert distance(one.anchor, two.anchor) < 1e-4
    rows = [outcome(tmp_path / place)["train.jsonl"] for place in ("one", "two")]
    assert any(row["losses"]["ewc"] > 0.0 for row in rows[0])
    for row, other in zip(*rows, strict=True):
        assert other["losses"] == pytest.approx(row["losses"], rel=1e-3, abs=1e-5)


class Progressing:
    """Keeps what is said."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def bar(self, title, total, done=0):
        return SilentProgress().bar(title, total, done)

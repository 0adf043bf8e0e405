"""What is seen of a run whose training is ended early."""

from threading import Lock
from types import SimpleNamespace

import pytest

from yolozu.app.sweep.pruning import SearchView
from yolozu.app.sweep.search_journal import Pruned
from yolozu.engine.view.events import Says, StageChanges

PRUNED = Pruned(run_id="a", decided_by="", validation=2, optim_step=16, value=0.25)


class Shown(list):
    def show(self, run, event):
        self.append((run, event))


@pytest.fixture
def shown():
    return Shown()


def view(shown, *, pruned, looks=lambda _: None):
    one = SimpleNamespace(pruned=pruned)
    watch = SimpleNamespace(look=lambda: looks(one))
    return SearchView(shown, Lock(), one, watch, "map50")


def says(text):
    return Says(stage="train", kind="error", text=text)


def test_a_pruned_training_is_no_failure_and_says_nothing_of_being_stopped(shown):
    seen = view(shown, pruned=PRUNED)
    seen.show("a", says("training, optimizer step 16 of 24: YZ505 stopped on request; everything is saved"))
    seen.show("a", says("  fix: run the same command again: it goes on from there"))
    seen.show("a", StageChanges(stage="train", state="failed", seconds=2.0))
    seen.show("a", says("something else"))
    assert [getattr(event, "state", None) or event.text for _, event in shown] == ["pruned", "something else"]
    assert shown[0][1].numbers == {"optim_step": 16, "validation": 2, "map50": 0.25}


def test_of_others_everything_is_passed_on(shown):
    seen = view(shown, pruned=None)
    events = [says("YZ505"), StageChanges(stage="train", state="failed"), StageChanges(stage="train", state="done")]
    for event in events:
        seen.show("a", event)
    assert [event for _, event in shown] == events


@pytest.mark.parametrize("state", ["done", "up to date"])
def test_the_end_of_a_training_is_looked_at_before_anything_else_begins(shown, state):
    seen = view(shown, pruned=None, looks=lambda one: setattr(one, "pruned", PRUNED))
    seen.show("a", StageChanges(stage="train", state=state))
    assert [event.state for _, event in shown] == [state, "pruned"]

"""Tasks of a graph, several at once."""

from threading import Event, Lock

import pytest
from doit.control import TaskControl
from doit.task import dict_to_task

from yolozu.engine.doit.side_by_side import run_side_by_side
from yolozu.engine.doit.slots import WorkerSlots


class Run:
    """A graph that was run: what ended in which order, what was blocked, how many ran at once."""

    def __init__(self, graph, *, workers=1, fails=(), may_begin=lambda: True, act=lambda _: None):
        self.ended, self.blocked, self.most, self._now, self._lock = [], {}, 0, 0, Lock()
        self._fails, self._act = fails, act
        tasks = [dict_to_task({"name": name, "actions": None, "task_dep": deps}) for name, deps in graph.items()]
        control = TaskControl(tasks)
        control.process(None)
        run_side_by_side(
            control.task_dispatcher(),
            self._execute,
            slots=WorkerSlots(workers, [], {}),
            order=list(graph).index,
            may_begin=may_begin,
            blocked=self.blocked.__setitem__,
        )

    def _execute(self, name):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._act(name)
        with self._lock:
            self._now -= 1
            self.ended.append(name)
        return name not in self._fails


TWO_CHAINS = {"a1": [], "a2": ["a1"], "b1": [], "b2": ["b1"], "b3": ["b2", "a1"]}


def test_one_at_a_time_ends_a_chain_before_the_next():
    run = Run(TWO_CHAINS)
    assert (run.ended, run.most) == (["a1", "a2", "b1", "b2", "b3"], 1)


def test_several_run_at_once_and_each_behind_what_it_needs():
    both = {"a1": Event(), "b1": Event()}

    def meet(name):
        if name in both:
            both[name].set()
            assert all(event.wait(10) for event in both.values())

    run = Run(TWO_CHAINS, workers=2, act=meet)
    assert run.most == 2
    assert sorted(run.ended) == sorted(TWO_CHAINS)
    assert all(run.ended.index(before) < run.ended.index(name) for name, deps in TWO_CHAINS.items() for before in deps)


def test_what_fails_blocks_what_needs_it_and_nothing_else():
    run = Run(TWO_CHAINS, fails=["b1"])
    assert run.ended == ["a1", "a2", "b1"]
    assert run.blocked == {"b2": ["b1"], "b3": ["b2"]}


def test_once_nothing_may_begin_what_runs_is_waited_for():
    begun = []
    run = Run(TWO_CHAINS, act=begun.append, may_begin=lambda: len(begun) < 2)
    assert (run.ended, run.blocked) == (["a1", "a2"], {})


def test_a_mistake_in_a_thread_is_raised_once_the_others_have_ended():
    def act(name):
        if name == "a1":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Run(TWO_CHAINS, workers=2, act=act)

import threading
import time

import pytest
from torch import distributed

from yolozu.engine.processes import nodes as module
from yolozu.engine.processes.failures import Failure
from yolozu.engine.processes.nodes import Nodes, Word

REFUSED = Failure(1, 2, 5.0, "InputError", "no")


@pytest.fixture
def store(monkeypatch):
    """What the nodes of a test share, where everything goes faster."""
    monkeypatch.setattr(module, "BEAT_S", 0.01)
    monkeypatch.setattr(module, "GONE_AFTER_S", 0.5)
    return distributed.HashStore()


def wait_until(question):
    deadline = time.monotonic() + 20
    while not question():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def in_background(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    return thread, found


def test_a_word_survives_its_way():
    for word in (Word(), Word(3, (), asked=True), Word(4, (REFUSED,), has_heard=True)):
        assert Word.from_json(word.to_json().encode()) == word


def test_all_hear_how_the_others_ended(store):
    first, second = (Nodes(store, rank, 2) for rank in (0, 1))
    thread, found = in_background(lambda: second.ends([REFUSED], asked=True))
    wait_until(first.have_failed)
    words = first.ends([], asked=False)
    thread.join()
    for told in (words, found[0]):
        assert {node: (word.failures, word.asked) for node, word in told.items()} == {
            0: ((), False), 1: ((REFUSED,), True),
        }  # fmt: skip
    assert first.lost() == second.lost() == []


def test_who_is_done_waits_for_the_others(store):
    first, second = (Nodes(store, rank, 2) for rank in (0, 1))
    thread, found = in_background(lambda: first.ends([], asked=False))
    time.sleep(0.2)
    assert (found, second.have_failed()) == ([], False)
    second.ends([], asked=False)
    thread.join()
    assert sorted(found[0]) == [0, 1]


def test_who_says_nothing_any_more_is_gone(store):
    first, second = (Nodes(store, rank, 2) for rank in (0, 1))
    wait_until(lambda: 1 in first._words)
    assert not first.have_failed()
    second._end.set()
    wait_until(first.have_failed)
    assert first.lost() == [1]
    assert list(first.ends([REFUSED], asked=False)) == [0]


def test_all_others_are_gone_with_the_store(store, monkeypatch):
    def closed(*_):
        raise RuntimeError("Connection reset by peer")

    nodes = Nodes(store, 2, 3)
    assert nodes.lost() == []
    monkeypatch.setattr(nodes, "_exchange", closed)
    wait_until(nodes.lost)
    assert nodes.lost() == [0, 1]
    assert list(nodes.ends([], asked=False)) == [2]


def test_a_store_that_does_not_answer_holds_nobody_up(store, monkeypatch):
    nodes = Nodes(store, 0, 2)
    monkeypatch.setattr(nodes, "_exchange", lambda _: time.sleep(30))
    began = time.monotonic()
    assert list(nodes.ends([], asked=False)) == [0]
    assert time.monotonic() - began < 10

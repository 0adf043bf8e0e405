"""Rows reach every logger once, whatever stops a training, and whatever a logger does."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch

from tests.training.test_loop import Telling
from tests.training.tiny import StopAfter, outcome, training_config
from yolozu.errors import Interrupted
from yolozu.training.checkpointing import CheckpointWriter
from yolozu.training.loggers import following as module
from yolozu.training.loggers.following import Following, LogPlan

EVERY = 10
"""Steps of `training_config`, each of which gives a row."""


class Book:
    """What loggers were told, and by which training."""

    def __init__(self):
        self.opened, self.told, self.closed = [], [], []

    def logger(self, training):
        book = self

        class Writing:
            log_id = training.log_id if training.log_id is not None else f"log-{len(book.opened) + 1}"

            def log(self, values, *, step):
                book.told.append((self.log_id, step, values))

            def close(self, *, finished):
                book.closed.append(finished)

        self.opened.append(training)
        return Writing()

    def steps(self, part):
        return [(log, step) for log, step, values in self.told if f"{part}/loss" in values]


@pytest.fixture
def book(monkeypatch):
    book = Book()
    monkeypatch.setattr(module, "_kind", lambda _: book.logger)
    return book


def plan_in(directory, *names):
    return LogPlan(names, "exp01", directory, {"lr": 0.1})


def told(following, *rows):
    for kind, step in rows:
        following.row(kind, step, {"total": 1.5, "box": 0.5}, {"lr": 0.1, "map50_95": None, "grad_norm": float("inf")})


def first_row(timestamp):
    meta = {"kind": "train_step", "optim_step": 1}
    return json.dumps({"timestamp": timestamp, "losses": {}, "metrics": {}, "meta": meta}) + "\n"


@pytest.fixture
def metrics(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text(first_row("2026-01-01T00:00:00.000+00:00"))
    return path


def test_a_row_is_told_with_its_part_and_what_is_no_number_is_left_out(tmp_path, metrics, book):
    with Following(plan_in(tmp_path, "one"), metrics, done_steps=0, say=pytest.fail) as following:
        told(following, ("train_step", 1), ("non_finite_loss", 2), ("val_epoch", 3), ("train_epoch", 3))
    values = {"loss": 1.5, "loss_box": 0.5, "lr": 0.1}
    assert book.told == [
        ("log-1", step, {f"{part}/{name}": value for name, value in values.items()})
        for part, step in (("train", 1), ("val", 3), ("epoch", 3))
    ]
    assert book.closed == [True]
    (training,) = book.opened
    assert (training.run_id, training.directory, training.log_id, training.done_steps) == (
        "exp01", tmp_path / "one", None, 0,
    )  # fmt: skip
    assert training.directory.is_dir()


def test_a_training_that_goes_on_tells_only_what_was_not_told(tmp_path, metrics, book):
    with Following(plan_in(tmp_path, "one"), metrics, done_steps=0, say=pytest.fail) as following:
        told(following, ("train_step", 1), ("train_step", 2), ("train_step", 3))
    with Following(plan_in(tmp_path, "one"), metrics, done_steps=2, say=pytest.fail) as following:
        told(following, ("val_step", 2), ("train_step", 3), ("train_step", 4))
    assert [(log, step) for log, step, _ in book.told] == [("log-1", step) for step in (1, 2, 3, 2, 4)]
    assert [training.log_id for training in book.opened] == [None, "log-1"]


def test_a_training_begun_anew_and_one_that_goes_on_with_something_else_get_logs_of_their_own(tmp_path, metrics, book):
    plan = plan_in(tmp_path, "one")
    for done_steps, timestamp in ((0, "a"), (0, "b"), (5, "a"), (5, "c")):
        metrics.write_text(first_row(timestamp))
        with Following(plan, metrics, done_steps=done_steps, say=pytest.fail) as following:
            told(following, ("train_step", done_steps + 1))
    assert [training.log_id for training in book.opened] == [None, None, "log-1", None]
    assert [(log, step) for log, step, _ in book.told] == [("log-1", 1), ("log-2", 1), ("log-1", 6), ("log-4", 6)]


def test_what_was_told_that_cannot_be_read_begins_anew(tmp_path, metrics, book):
    (tmp_path / "loggers.json").write_text("{")
    with Following(plan_in(tmp_path, "one"), metrics, done_steps=2, say=pytest.fail) as following:
        told(following, ("train_step", 3))
    assert [training.log_id for training in book.opened] == [None]


@pytest.mark.parametrize("when", ["opening", "logging", "closing"])
def test_a_logger_that_fails_is_named_once_and_the_others_go_on(tmp_path, metrics, book, monkeypatch, when):
    class Failing:
        log_id = ""

        def __init__(self, _):
            if when == "opening":
                raise ConnectionError("no\nserver")

        def log(self, _, *, step):  # noqa: ARG002
            if when == "logging":
                raise ConnectionError("no\nserver")

        def close(self, *, finished):  # noqa: ARG002
            if when == "closing":
                raise ConnectionError("no\nserver")

    monkeypatch.setattr(module, "_kind", {"one": Failing, "two": book.logger}.get)
    said = []
    with Following(plan_in(tmp_path, "one", "two"), metrics, done_steps=0, say=said.append) as following:
        told(following, ("train_step", 1), ("train_step", 2))
    assert said == ["warning: logger one has failed and is told nothing more: ConnectionError: no server"]
    assert [step for _, step, _ in book.told] == [1, 2]
    assert book.closed == [True]


@pytest.mark.slow
def test_a_stop_and_a_kill_are_not_seen_in_the_log_nor_the_log_in_the_training(
    tiny, tmp_path, uninterrupted, book, monkeypatch
):
    class Disturbing:
        log_id = ""

        def __init__(self, _):
            torch.manual_seed(1)

        def log(self, _, *, step):  # noqa: ARG002
            torch.rand(1), np.random.rand(), random.random()  # noqa: NPY002 - the state that libraries share

        def close(self, *, finished):  # noqa: ARG002
            torch.manual_seed(2)

    monkeypatch.setattr(module, "_kind", {"one": Disturbing, "two": book.logger}.get)
    plan, chosen = plan_in(tmp_path / "reports", "one", "two"), training_config()
    save = CheckpointWriter.save

    def killed(self, state):
        if state.step == 8:
            raise KeyboardInterrupt
        save(self, state)

    with pytest.raises(Interrupted):
        tiny.fit(tmp_path, chosen, log_plan=plan, stopping=StopAfter(4))
    monkeypatch.setattr(CheckpointWriter, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        tiny.fit(tmp_path, chosen, log_plan=plan)
    monkeypatch.setattr(CheckpointWriter, "save", save)
    telling = Telling()
    tiny.fit(tmp_path, chosen, log_plan=plan, progress=telling)
    assert outcome(tmp_path) == uninterrupted
    assert book.steps("train") == [("log-1", step) for step in range(1, EVERY + 1)]
    assert book.steps("val") == [("log-1", step) for step in (3, 6, 9, 10)]
    assert book.closed == [False, False, True]
    assert not [line for line in telling.lines if "logger" in line]

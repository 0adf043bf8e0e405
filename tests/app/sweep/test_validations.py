"""What validations have found, by a training's files."""

import json
from pathlib import Path

import pytest

from tests.engine.doit.sessions import sessions_of
from yolozu.app.sweep.validations import ValidationMetric, metrics_file, validations_of
from yolozu.engine.requests import read_request
from yolozu.engine.scratch import Scratch
from yolozu.planning.begun import Begun


def row(kind, step, **metrics):
    return json.dumps({"meta": {"kind": kind, "optim_step": step}, "metrics": metrics}) + "\n"


ROWS = row("val_epoch", 8, map50=0.1) + row("val_step", 16, map50=None) + row("val_epoch", 24, map50=0.3)


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (found,) = sessions_of(a="")
    found.write_plan()
    return found


def begin(session, text, done, total=32):
    node = read_request(session.layout.request_path("train"))
    scratch = Scratch.of(session.layout, "train")
    inputs = {name: digest for name, digest in session._inputs(node).items() if digest is not None}
    scratch.begin(node, Begun(scratch.directory, "", node.spec, inputs, node.stage.version))
    scratch.record_saved(done, total)
    metrics_file(session, node).write_text(text)


def test_there_are_none_before_anything_is_saved(session):
    assert validations_of(session, "map50") == []


def test_they_count_from_one_and_those_without_the_metric_are_left_out(session):
    begin(session, ROWS + '{"meta": {"ki', 24)
    assert validations_of(session, "map50") == [
        ValidationMetric(1, 8, 0.1, is_last=False),
        ValidationMetric(3, 24, 0.3, is_last=False),
    ]


@pytest.mark.parametrize(
    ("text", "done", "total", "found"),
    [
        (ROWS, 23, 32, [(1, False)]),  # the third is written, and its checkpoint is not
        (ROWS, 24, 24, [(1, False), (3, True)]),
        (ROWS + row("early_stop", 24), 24, 32, [(1, False), (3, True)]),
    ],
)
def test_one_counts_once_its_checkpoint_is_there_and_the_last_one_says_so(session, text, done, total, found):
    begin(session, text, done, total)
    assert [(one.number, one.is_last) for one in validations_of(session, "map50")] == found


def test_of_a_training_for_another_spec_there_are_none(session):
    begin(session, ROWS, 24)
    (other,) = sessions_of(a="lr=0.5")
    assert validations_of(other, "map50") == []
    assert Path(other.layout.root).is_dir()

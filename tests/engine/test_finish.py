"""Ending an interrupted training where it stands."""

import json

import pytest

from tests.engine.conftest import opened
from yolozu.artifacts.digest import DigestCache
from yolozu.engine.finish import finishing_overrides
from yolozu.errors import UsageError
from yolozu.planning.begun import Begun, out_dir, saved_path


def interrupt(session, *, done):
    root, node, scratch = session.layout.root, session.plan["train"], session.layout.scratch_dir("train")
    for path in node.inputs.values():
        if path not in session.texts:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("{}")
    with DigestCache(None) as cache:
        inputs = {name: session.digest(path, cache) for name, path in node.inputs.items()}
    Begun(scratch, "d", node.spec, inputs, node.stage.version).write()
    last = out_dir(scratch) / node.outputs["last"]
    last.parent.mkdir(parents=True)
    last.touch()
    if done is not None:
        saved_path(scratch).write_text(json.dumps({"done": done, "total": 10}))


def overrides(session):
    return {override.key: override.value for override in finishing_overrides(session)}


def test_the_step_it_has_reached_becomes_its_limit(config):
    session = opened()
    interrupt(session, done=4)
    assert overrides(session) == {"max_steps": 4}


def test_a_schedule_of_the_total_is_bent_on_purpose(config):
    session = opened("scheduler=cosine")
    interrupt(session, done=4)
    assert overrides(session) == {"max_steps": 4, "extend": True}


def test_nothing_to_finish_says_where_to_look(config):
    with pytest.raises(UsageError) as caught:
        finishing_overrides(opened())
    assert str(caught.value) == (
        "run_id=a: YZ332 no training of this run is interrupted\n  fix: see yolozu status run_id=a"
    )


def test_work_for_another_spec_is_not_finished_by_mistake(config):
    interrupt(opened("lr=0.5"), done=4)
    with pytest.raises(UsageError) as caught:
        finishing_overrides(opened())
    assert str(caught.value) == (
        "run_id=a: YZ332 runs/a/scratch/train was begun for another spec: lr: 0.5 → 0.0001\n"
        "  fix: give its keys, too; see yolozu status run_id=a"
    )
    assert overrides(opened("lr=0.5")) == {"max_steps": 4}


def test_a_state_of_an_early_release_has_to_go_on_first(config):
    session = opened()
    interrupt(session, done=None)
    with pytest.raises(UsageError, match="an early release saved it"):
        finishing_overrides(session)


def test_a_training_without_a_step_is_nothing_to_keep(config):
    session = opened()
    interrupt(session, done=0)
    with pytest.raises(UsageError, match="its training has not made a step yet"):
        finishing_overrides(session)

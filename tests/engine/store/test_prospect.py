"""What a plan says of results in the store."""

import pytest

from tests.engine.conftest import opened
from yolozu.artifacts.digest import digest_file
from yolozu.engine.store.keys import key_of_node
from yolozu.engine.store.remote import RemoteStore
from yolozu.engine.store.store import CAME_FROM, Store
from yolozu.paths import store_path
from yolozu.planning.receipt import Receipt


@pytest.fixture
def node(config, tmp_path):
    """The first stage of a run that another one has made already."""
    session = opened()
    node, run = session.plan["prepare_data"], tmp_path / "runs/first"
    inputs = session._inputs(node)
    outputs = dict.fromkeys(node.outputs.values())
    for path in set(outputs) - node.optional_outputs:
        (run / path).parent.mkdir(parents=True, exist_ok=True)
        (run / path).write_text("x")
        outputs[path] = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    made = Receipt(
        "prepare_data", node.stage.version, node.spec, inputs, outputs, {}, "", 1.0, {}, {CAME_FROM: "exp07"}
    )
    Store(store_path()).put(key_of_node(node, inputs), made, run)
    return node


def reasons_of(*words):
    return {
        verdict.node.name: [reason.render() for reason in verdict.reasons]
        for verdict in opened(*words).verdicts(["train"])
    }


def test_a_stage_whose_inputs_are_known_says_that_its_result_is_there(node):
    told = reasons_of("store=true")
    assert told["prepare_data"] == ["is in the store (exp07)", "has not been built"]
    assert told["train"] == ["has not been built", "prepare_data runs before it and may change what it reads"]


def test_nothing_is_said_of_a_store_that_is_switched_off_or_of_another_result(node):
    assert reasons_of("store=false")["prepare_data"] == ["has not been built"]
    assert reasons_of("store=true", "val_max_images=3")["prepare_data"] == ["has not been built"]


def test_a_build_asks_a_remote_store_too_and_a_plan_does_not(config, tmp_path):
    words = ("store=true", f"store_remote=file://{tmp_path}/there")
    session, run = opened(*words), tmp_path / "other"
    node = session.plan["train"]
    inputs = {name: digest for name, digest in session._inputs(node).items() if digest is not None}
    outputs = dict.fromkeys(node.outputs.values())
    for path in set(outputs) - node.optional_outputs:
        (run / path).parent.mkdir(parents=True, exist_ok=True)
        (run / path).write_text("x")
        outputs[path] = digest_file(run / path)
    made = Receipt("train", node.stage.version, node.spec, inputs, outputs, {}, "", 1.0, {}, {CAME_FROM: "exp07"})
    said: list[str] = []
    session.layout.plan_dir.mkdir(parents=True)
    assert not session.is_in_store(node, said.append)
    session.layout.remote_trouble_path.unlink()
    RemoteStore(f"file://{tmp_path}/there").upload(key_of_node(node, inputs), made, run, lambda: False)
    assert session.is_in_store(node, said.append)
    assert not opened("store=true").is_in_store(node, said.append)
    assert len(said) == 1
    assert "is in the store" not in "".join(reasons_of(*words)["train"])

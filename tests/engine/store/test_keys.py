"""What decides under which key a result is kept."""

from dataclasses import replace

import pytest

from tests.engine.conftest import contract
from tests.planning.toy import TELL, TOYS
from yolozu.contract.sections.predict import PredictSection
from yolozu.contract.sections.run import Contract
from yolozu.contract.spec_history import comparable
from yolozu.engine.store.keys import can_be_kept, key_of_node, key_of_receipt
from yolozu.planning.compiler import compile_plan
from yolozu.planning.receipt import Receipt
from yolozu.stages.registry import STAGES

INPUTS = {"loud": "0" * 64}


def count(**keys):
    return compile_plan(contract(predict=PredictSection(**keys)), TOYS)["count"]


def stages_of_today():
    return compile_plan(Contract(), [STAGES.load(name) for name in STAGES]).nodes


@pytest.mark.parametrize("other", [{"max_detections": 7}, {"predictions": "elsewhere.json"}])
def test_a_key_that_decides_the_result_is_told_apart_and_one_that_says_where_is_not(other):
    same = key_of_node(count(), INPUTS) == key_of_node(count(**other), INPUTS)
    assert same is ("predictions" in other)


def test_version_inputs_and_outputs_are_told_apart():
    node = count()
    others = [
        key_of_node(node, {"loud": "1" * 64}),
        key_of_node(replace(node, stage=replace(node.stage, version=2)), INPUTS),
        key_of_node(replace(node, outputs={"report": "reports/other.txt"}), INPUTS),
    ]
    assert len({key_of_node(node, INPUTS), *others}) == 4


@pytest.mark.parametrize("node", stages_of_today(), ids=lambda node: node.name)
def test_a_receipt_names_the_key_of_its_node_whichever_neutral_keys_its_release_had(node):
    outputs = dict.fromkeys(node.outputs.values(), "0" * 64)
    neutral = comparable(node.stage.spec, {})
    spec = {
        section: {
            key: value for key, value in keys.items() if key not in neutral[section] or value != neutral[section][key]
        }
        for section, keys in node.spec.items()
    }
    for written in (node.spec, spec):
        receipt = Receipt(node.name, node.stage.version, written, {"a": "b"}, outputs, {}, "", 1.0, {})
        assert key_of_receipt(receipt) == key_of_node(node, {"a": "b"})


def test_a_stage_that_is_not_known_here_has_a_key_of_its_own():
    receipt = Receipt("echo", 1, {"a": {"b": 1}}, {}, {}, {}, "", 1.0, {})
    assert key_of_receipt(receipt) != key_of_receipt(replace(receipt, spec={"a": {"b": 2}}))


def test_what_tells_of_its_own_run_or_lies_elsewhere_is_not_kept():
    node = count()
    assert can_be_kept(node)
    assert not can_be_kept(replace(node, records={"contract": "reports/config_resolved.yaml"}))
    assert not can_be_kept(replace(node, outputs={"report": "../elsewhere.txt"}))
    assert not can_be_kept(replace(node, outputs={"report": "/elsewhere.txt"}))
    assert [entry.name for entry in stages_of_today() if not can_be_kept(entry)] == ["report"]
    assert TELL.name not in STAGES

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.planning.toy import TOYS
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.run import Contract
from yolozu.engine.requests import read_operations, read_request, section_of
from yolozu.errors import InputError
from yolozu.planning.compiler import compile_plan

NODE = compile_plan(Contract(), TOYS)["shout"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([]),
    lambda inner: st.dictionaries(st.sampled_from(["seed", "word", "a"]), inner, max_size=3),
    max_leaves=5,
)


def refusal(read, *arguments):
    with pytest.raises(InputError) as caught:
        read(*arguments)
    (finding,) = caught.value.findings
    assert finding.code == "YZ312"
    return finding.problem


def write(tmp_path, value):
    path = tmp_path / "shout.json"
    path.write_text(json.dumps(value))
    return path


def test_a_request_reads_as_it_was_written_and_more_in_it_does_no_harm(tmp_path):
    found = read_request(write(tmp_path, {**NODE.request(), "of a later release": 1}), NODE.stage)
    assert (found.spec, found.inputs, found.outputs) == (NODE.spec, NODE.inputs, NODE.outputs)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"outputs": 3}, "is no request: outputs: Input should be an object"),
        ({"inputs": {"a": 1}}, "is no request: inputs: a: Input should be a valid string"),
        ({"spec": {"seed": {"seed": "x"}}}, "is no request: seed: seed: Input should be a valid integer"),
        ({"spec": {"seed": 3}}, "is no request: spec: seed: Input should be an object"),
        ({"version": "1"}, "is no request: version: Input should be a valid integer"),
        ({"version": 99}, "is of version 99 of the stage, the code has 1"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, changes, problem):
    assert refusal(read_request, write(tmp_path, {**NODE.request(), **changes}), NODE.stage) == problem


def test_an_unknown_stage_is_refused(tmp_path):
    assert refusal(read_request, write(tmp_path, {**NODE.request(), "stage": "sing"})).startswith("is no request: ")


@given(field=st.sampled_from(sorted(NODE.request())), value=ANYTHING)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_field_with_anything_in_it_is_read_or_refused(tmp_path, field, value):
    with suppress(InputError):
        read_request(write(tmp_path, {**NODE.request(), field: value}), NODE.stage)


@pytest.mark.parametrize("text", ["", "[]", "\x00\xff", '{"operations": 3}', '{"operations": {"num_workers": "x"}}'])
def test_operations_that_are_none_are_refused(tmp_path, text):
    path = tmp_path / "operations.json"
    path.write_text(text)
    refusal(read_operations, path)


def test_operations_come_to_a_worker_as_the_planner_has_written_them(tmp_path):
    section = OperationsSection(log_every=3, loggers=("mlflow", "trackio"))
    path = tmp_path / "operations.json"
    path.write_text(json.dumps({"operations": section.model_dump(mode="json"), "provenance": {}}))
    assert section_of(read_operations(path)) == section

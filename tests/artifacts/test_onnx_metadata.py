from __future__ import annotations

import json
from dataclasses import replace

import pytest

from yolozu.artifacts.onnx_metadata import (
    DETECTION_OUTPUTS,
    OUTPUTS,
    POSE,
    POSE_OUTPUTS,
    SIGMA_OUTPUTS,
    InputSizes,
    OnnxMetadata,
)
from yolozu.artifacts.onnx_recipe import RECIPE
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable

METADATA = OnnxMetadata(
    yolozu_version="0.1.0",
    opset=18,
    input_shapes={"images": ("batch", 3, 64, 96)},
    output_shapes={"pred_logits": ("batch", 20, 2), "pred_boxes": ("batch", 20, 4)},
    classes=ClassTable(("cup", "Tür"), (1, 7)),
    preprocess={"height": 64, "width": 96, "fill": 114},
    contract_digest="c0ffee",
    checkpoint_sha256="abc",
)


def test_properties_hold_each_key_as_json_in_order_of_key():
    properties = METADATA.to_properties()
    assert {name: json.loads(properties.pop(f"yolozu.{name}")) for name in RECIPE} == RECIPE
    assert properties == {
        "yolozu.checkpoint_sha256": '"abc"',
        "yolozu.classes": '[{"id":1,"index":0,"name":"cup"},{"id":7,"index":1,"name":"Tür"}]',
        "yolozu.contract_digest": '"c0ffee"',
        "yolozu.inputs": '{"images":["batch",3,64,96]}',
        "yolozu.opset": "18",
        "yolozu.outputs": '{"pred_boxes":{"meaning":"Center x, center y, width, height, relative to the sides of the '
        'network input.","shape":["batch",20,4],"unit":"1"},"pred_logits":{"meaning":"Per class; the score is its '
        'sigmoid.","shape":["batch",20,2],"unit":"logit"}}',
        "yolozu.pose": "null",
        "yolozu.preprocess": '{"fill":114,"height":64,"width":96}',
        "yolozu.schema_version": "2",
        "yolozu.yolozu_version": '"0.1.0"',
    }
    assert list(METADATA.to_properties()) == sorted(METADATA.to_properties())


def test_files_of_before_say_less_and_mean_the_same():
    properties = {key: text for key, text in METADATA.to_properties().items() if key.partition(".")[2] not in RECIPE}
    assert OnnxMetadata.from_properties(properties, where="model.onnx") == METADATA


def test_metadata_survives_the_file_beside_properties_of_others():
    properties = {**METADATA.to_properties(), "author": "somebody"}
    assert OnnxMetadata.from_properties(properties, where="model.onnx") == METADATA


def test_every_output_has_a_unit_and_a_meaning():
    assert tuple(OUTPUTS) == (*DETECTION_OUTPUTS, *POSE_OUTPUTS, *SIGMA_OUTPUTS)
    assert [name for name, (unit, meaning) in OUTPUTS.items() if not (unit and meaning.endswith("."))] == []


@pytest.mark.parametrize("sigmas", [(), ("pred_log_sigma_z",), SIGMA_OUTPUTS])
def test_pose_heads_may_come_with_expected_errors(sigmas):
    metadata = with_outputs(*DETECTION_OUTPUTS, *POSE_OUTPUTS, *sigmas)
    assert OnnxMetadata.from_properties(metadata.to_properties(), where="model.onnx") == metadata
    assert metadata.to_json()["pose"] == POSE
    assert (metadata.has_pose, METADATA.has_pose) == (True, False)


@pytest.mark.parametrize("outputs", [POSE_OUTPUTS[:3], POSE_OUTPUTS[1:], SIGMA_OUTPUTS])
def test_pose_heads_come_all_together(outputs):
    with pytest.raises(InputError) as refused:
        OnnxMetadata.from_properties(with_outputs(*DETECTION_OUTPUTS, *outputs).to_properties(), where="model.onnx")
    (finding,) = refused.value.findings
    assert finding.problem.startswith("holds metadata that cannot be read (ValueError: inputs ['images'], outputs [")


def with_outputs(*names):
    return replace(METADATA, output_shapes=dict.fromkeys(names, ("batch", 20, len(METADATA.classes))))


def test_a_file_without_our_properties_is_refused():
    with pytest.raises(InputError) as refused:
        OnnxMetadata.from_properties({"author": "somebody"}, where="model.onnx")
    assert str(refused.value) == (
        "model.onnx: YZ603 is an ONNX file without yolozu's metadata (classes, preprocessing)\n"
        "  fix: export the model again from its checkpoint with this version of yolozu"
    )


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("schema_version", "1", "ValueError: schema_version 1, expected 2"),
        (
            "classes",
            "{",
            "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ("classes", '[{"index":1,"id":1,"name":"cup"}]', "ValueError: class indices must be 0, 1, 2, …"),
        ("preprocess", "3", "TypeError: 'int' object is not iterable"),
        ("outputs", '{"pred_logits":{"shape":[1]}}', "ValueError: inputs ['images'], outputs ['pred_logits']"),
        ("outputs", '{"pred_logits":[1]}', "TypeError: list indices must be integers or slices, not str"),
        ("inputs", "[]", "AttributeError: 'list' object has no attribute 'items'"),
        ("opset", None, "KeyError: 'opset'"),
        ("opset", "1e999", "OverflowError: cannot convert float infinity to integer"),
        ("classes", '[{"index":1e999,"id":1,"name":"cup"}]', "OverflowError: cannot convert float infinity to integer"),
        (
            "classes",
            "[" * 100_000,
            "RecursionError: maximum recursion depth exceeded while decoding a JSON array from a unicode string",
        ),
    ],
)
def test_metadata_that_cannot_be_read_is_refused(key, text, problem):
    properties = METADATA.to_properties()
    if text is None:
        del properties[f"yolozu.{key}"]
    else:
        properties[f"yolozu.{key}"] = text
    with pytest.raises(InputError) as refused:
        OnnxMetadata.from_properties(properties, where="model.onnx")
    (finding,) = refused.value.findings
    assert (finding.code, finding.problem) == ("YZ603", f"holds metadata that cannot be read ({problem})")


def test_metadata_that_contradicts_itself_is_refused():
    """Preprocessing for another input, and classes that the logits do not have."""
    other = replace(METADATA, preprocess={"height": 32, "width": 96, "fill": 114}, classes=ClassTable(("cup",), (1,)))
    with pytest.raises(InputError) as refused:
        OnnxMetadata.from_properties(other.to_properties(), where="model.onnx")
    assert str(refused.value) == (
        "model.onnx: YZ603 holds metadata that contradicts itself: preprocessing gives images of 32x96 px, the input "
        "takes 64x96; the class table has 1 classes, the network 2\n"
        "  fix: export the model again from its checkpoint with this version of yolozu"
    )


def test_an_input_of_any_size_takes_that_of_the_preprocessing():
    free = replace(METADATA, input_shapes={"images": ("batch", 3, "height", "width")})
    assert OnnxMetadata.from_properties(free.to_properties(), where="model.onnx") == free


FREE = replace(
    METADATA, input_shapes={"images": ("batch", 3, "height", "width")}, input_sizes=InputSizes(32, 64, multiple_of=32)
)


def test_a_file_of_free_height_and_width_says_which():
    assert OnnxMetadata.from_properties(FREE.to_properties(), where="model.onnx") == FREE
    assert FREE.to_json()["input_sizes"] == {
        "least_height": 32,
        "least_width": 64,
        "multiple_of": 32,
        "rule": "W and H may be any multiples of multiple_of, at least least_width and least_height; "
        "preprocess.width and preprocess.height are those that the network was trained with.",
    }
    assert "input_sizes" not in METADATA.to_json()
    taken = [size for size in ((32, 64), (64, 64), (32, 32), (33, 64), (0, 64)) if FREE.input_sizes.takes(*size)]
    assert taken == [(32, 64), (64, 64)]


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (
            replace(FREE, input_shapes=METADATA.input_shapes),
            "input_sizes tells of several sizes, the input takes 64x96",
        ),
        (
            replace(FREE, input_sizes=InputSizes(96, 64, multiple_of=32)),
            "preprocessing gives images of 64x96 px, which input_sizes excludes",
        ),
    ],
)
def test_sizes_that_the_input_does_not_take_are_refused(broken, problem):
    with pytest.raises(InputError) as refused:
        OnnxMetadata.from_properties(broken.to_properties(), where="model.onnx")
    assert refused.value.findings[0].problem == f"holds metadata that contradicts itself: {problem}"

"""A file with processing inside: from the pixels of a picture to detections, with nothing but the file."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from tests.export.test_file_alone import KINDS, PAGE, SIZES, own, pixels
from yolozu.artifacts.onnx_content import content_findings
from yolozu.artifacts.onnx_metadata import OnnxMetadata
from yolozu.artifacts.onnx_processing import processing_told
from yolozu.data.images import read_image
from yolozu.errors import InputError
from yolozu.export.with_processing import write_with_processing
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.model.openvino_runtime import compiled_model


def written(files, directory):
    path = directory / "model.with_processing.onnx"
    write_with_processing(files.onnx, path)
    return path


@pytest.fixture(scope="module")
def processed(exported, tmp_path_factory):
    return written(exported, tmp_path_factory.mktemp("processed"))


@pytest.fixture(scope="module")
def processed_pose(exported_pose, tmp_path_factory):
    return written(exported_pose, tmp_path_factory.mktemp("processed_pose"))


@pytest.fixture(scope="module")
def session(processed):
    return onnxruntime.InferenceSession(str(processed), providers=["CPUExecutionProvider"])


def rows(found):
    boxes, scores, class_ids = found
    return np.column_stack([class_ids, scores, boxes])


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_it_gives_what_yolozu_predicts(exported, session, tmp_path, size):
    path = tmp_path / "picture.png"
    Image.fromarray(pixels(*size)).save(path)
    found = rows(session.run(["boxes", "scores", "class_ids"], {"image": pixels(*size)}))
    expected = own(exported.onnx, path)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 2e-6 * max(size)


@pytest.fixture(scope="module")
def detect():
    """The function of the guide."""
    code = next(code for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "detect(" in code)
    assert len(code.split("def detect", 1)[1].strip().splitlines()) <= 10
    names: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["detect"]


@pytest.mark.parametrize("name", [name for name in KINDS if name != "deep.png"])
def test_so_does_the_example_of_the_guide(exported, processed, detect, tmp_path, name):
    picture, options = KINDS[name]
    picture.save(tmp_path / name, **options)
    expected = own(exported.onnx, tmp_path / name)
    expected = expected[expected[:, 1] >= 0.5]
    found = rows(detect(str(processed), tmp_path / name))
    assert len(found) > 0
    assert found == pytest.approx(expected, abs=1e-4)


def test_inputs_and_outputs_are_those_that_it_tells(session, processed_pose):
    with_pose = onnxruntime.InferenceSession(str(processed_pose), providers=["CPUExecutionProvider"])
    for one, pose in ((session, False), (with_pose, True)):
        told = json.loads(one.get_modelmeta().custom_metadata_map["yolozu.processing"])
        assert told == processing_told(pose=pose)
        for kind, entries in (("inputs", one.get_inputs()), ("outputs", one.get_outputs())):
            assert {entry.name: entry.shape for entry in entries} == {
                name: entry["shape"] for name, entry in told[kind].items()
            }
            assert {entry.name: entry.type for entry in entries} == {
                name: f"tensor({entry['dtype'].replace('float32', 'float')})" for name, entry in told[kind].items()
            }


def test_the_network_within_is_the_exported_one_with_its_properties(exported, processed):
    before, after = onnx.load(exported.onnx), onnx.load(processed)
    texts = [{entry.key: entry.value for entry in model.metadata_props} for model in (before, after)]
    first, second = (OnnxMetadata.from_properties(text, where="m") for text in texts)
    assert second == replace(first, processing=True)
    assert set(texts[1]) - set(texts[0]) == {"yolozu.processing"}
    assert content_findings(processed) == []
    inner = [node for node in after.graph.node if node.name.startswith("network/n")]
    assert [node.op_type for node in inner] == [node.op_type for node in before.graph.node]
    assert {entry.domain for entry in after.opset_import} == {""}
    weights = {entry.name: entry for entry in after.graph.initializer}
    for entry in before.graph.initializer:
        assert weights[f"network/{entry.name}"].raw_data == entry.raw_data


def test_the_same_file_gives_the_same_bytes(exported, processed, tmp_path):
    assert written(exported, tmp_path).read_bytes() == processed.read_bytes()


def test_yolozu_says_that_it_is_for_others(processed):
    with pytest.raises(InputError) as refused:
        OnnxNetwork(processed, threads=1)
    assert str(refused.value) == (
        f"{processed}: YZ603 has pre- and postprocessing inside, which yolozu does itself\n"
        "  fix: use the model.onnx beside it; this file is for programs that have no yolozu"
    )


@pytest.mark.openvino
def test_openvino_finds_the_same_to_a_thousandth(exported, processed, tmp_path):
    request = compiled_model(processed, precision="fp32", threads=1, where="processed").create_infer_request()
    for size in SIZES[::4]:
        path = tmp_path / "picture.png"
        Image.fromarray(pixels(*size)).save(path)
        expected = own(exported.onnx, path)
        values = request.infer({"image": read_image(path)})
        found = rows([values[name] for name in ("boxes", "scores", "class_ids")])
        # Near the last places, equal scores are in another order where they differ in their last bits.
        assert abs(len(found) - len(expected)) <= 1, size
        assert found[:5, 1] == pytest.approx(expected[:5, 1], abs=1e-3)

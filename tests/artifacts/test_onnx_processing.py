from __future__ import annotations

import json
from dataclasses import replace

from tests.artifacts.test_onnx_metadata import METADATA
from yolozu.artifacts.onnx_metadata import OnnxMetadata, onnx_metadata_schema
from yolozu.artifacts.onnx_processing import input_names, output_names, processing_told


def test_poses_come_with_a_camera():
    assert (input_names(pose=False), output_names(pose=False)) == (("image",), ("boxes", "scores", "class_ids"))
    assert input_names(pose=True) == ("image", "K")
    assert output_names(pose=True) == ("boxes", "scores", "class_ids", "rotations", "translations")


def test_each_input_and_output_is_told_with_its_limits():
    for pose in (False, True):
        told = processing_told(pose=pose)
        assert (tuple(told["inputs"]), tuple(told["outputs"])) == (input_names(pose=pose), output_names(pose=pose))
        assert (told["score_threshold"], told["max_detections"]) == (0.001, 300)
        for entry in (*told["inputs"].values(), *told["outputs"].values()):
            assert set(entry) == {"dtype", "shape", "unit", "meaning"}


def test_metadata_says_so_and_else_stays_the_same():
    processed = replace(METADATA, processing=True)
    properties = processed.to_properties()
    assert json.loads(properties["yolozu.processing"]) == processing_told(pose=False)
    assert OnnxMetadata.from_properties(properties, where="m.onnx") == processed
    del properties["yolozu.processing"]
    assert properties == METADATA.to_properties()
    schema = onnx_metadata_schema()
    assert {"const": processing_told(pose=True)} in schema["properties"]["processing"]["anyOf"]
    assert "processing" not in schema["required"]

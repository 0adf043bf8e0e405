from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.exported import CONFIG, POSE_CONFIG
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.contract.sections.model import ModelConfig
from yolozu.data.preprocess import Preprocess
from yolozu.errors import InputError
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.predict.model_check import ToldModel, require_exported_from

OWN = ToldModel("exp.yaml", CONFIG, Preprocess(64, 96, 114))
FIX = "  fix: name the contract it was trained with, or leave out --config exp.yaml"


def changed(config, **keys):
    return ModelConfig.model_validate(config.model_dump() | keys)


@pytest.fixture
def metadata(exported):
    return OnnxNetwork(exported.onnx, threads=1).metadata


def test_the_contract_that_was_trained_agrees(exported, metadata):
    OWN.require_checkpoint(exported.checkpoint, read_checkpoint(exported.checkpoint))
    OWN.require_onnx(exported.onnx, metadata)


def test_what_training_decides_or_leaves_no_trace_is_no_disagreement(exported, metadata):
    config = changed(
        CONFIG,
        pose="auto",
        use_uncertainty=True,
        denoising={"num_queries": 7, "box_noise": 0.5},
        decoder=CONFIG.decoder.model_dump() | {"dropout": 0.1},
    )
    told = ToldModel("exp.yaml", config, None)
    told.require_checkpoint(exported.checkpoint, read_checkpoint(exported.checkpoint))
    told.require_onnx(exported.onnx, metadata)


def test_every_key_that_disagrees_is_named_with_both_values(exported):
    config = changed(CONFIG, num_classes=4, num_queries=30, backbone={"name": "cspresnet"}, pose=True)
    told = ToldModel("exp.yaml", config, Preprocess(64, 64, 0))
    with pytest.raises(InputError) as refused:
        told.require_checkpoint(Path("best.pt"), read_checkpoint(exported.checkpoint))
    problems = [
        "model.num_classes is 3 in this file, but 4 in exp.yaml",
        "model.backbone.name is tiny_cnn in this file, but cspresnet in exp.yaml",
        "model.backbone.args.width_mult is 0.25 in this file, but 1.0 in exp.yaml",
        "model.num_queries is 20 in this file, but 30 in exp.yaml",
        "model.pose is false in this file, but true in exp.yaml",
        "image_size is [64, 96] in this file, but [64, 64] in exp.yaml",
        "letterbox_fill is 114 in this file, but 0 in exp.yaml",
    ]
    assert str(refused.value) == "\n".join(f"best.pt: YZ630 {problem}\n{FIX}" for problem in problems)


def test_an_exported_file_shows_queries_classes_heads_and_preprocessing(exported_pose):
    metadata = OnnxNetwork(exported_pose.onnx, threads=1).metadata
    config = changed(POSE_CONFIG, num_queries=30, use_uncertainty=False, backbone={"name": "cspresnet"})
    with pytest.raises(InputError) as refused:
        replace(OWN, model=config).require_onnx(Path("model.onnx"), metadata)
    problems = [
        "model.num_queries is 20 in this file, but 30 in exp.yaml",
        "model.use_uncertainty is true in this file, but false in exp.yaml",
    ]
    assert str(refused.value) == "\n".join(f"model.onnx: YZ630 {problem}\n{FIX}" for problem in problems)


def test_the_checkpoint_behind_a_file_is_known_by_its_digest(exported, exported_pose, metadata):
    require_exported_from(exported.checkpoint, exported.onnx, metadata)
    with pytest.raises(InputError) as refused:
        require_exported_from(exported_pose.checkpoint, exported.onnx, metadata)
    assert refused.value.findings[0].code == "YZ604"

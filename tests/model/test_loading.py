"""Weights go in exactly, or not at all."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.fixtures.exported import LORA_CONFIG, random_checkpoint
from yolozu.artifacts.checkpoint import Checkpoint
from yolozu.contract.sections.model import ModelConfig
from yolozu.errors import InputError
from yolozu.model.detector import build_detector
from yolozu.model.loading import adapters_of, detector_from, load_exactly
from yolozu.structures.classes import ClassTable

CONFIG = ModelConfig.model_validate(
    {
        "backbone": {"name": "tiny_cnn", "args": {"width_mult": 0.25}},
        "projector": {"d_model": 32},
        "encoder": {"num_heads": 2, "ffn_dim": 32, "expansion": 0.25, "fusion_blocks": 1},
        "decoder": {"num_layers": 1, "num_heads": 2, "ffn_dim": 32},
        "num_queries": 5,
    }
)


def checkpoint(**changes):
    torch.manual_seed(0)
    weights = build_detector(CONFIG, num_classes=2).state_dict()
    average = build_detector(CONFIG, num_classes=2).state_dict()
    keys = {
        "model_config": CONFIG.model_dump(mode="json"),
        "classes": ClassTable(("a", "b"), (1, 2)),
        "preprocess": {},
        "weights": weights,
        "ema": average,
        "eval_weights": "model",
        "contract_digest": "",
        "step": 1,
        "epoch": 0,
        "metrics": {},
        "source": "runs/exp/checkpoints/best.pt",
    }
    return Checkpoint(**{**keys, **changes})


@pytest.mark.parametrize("which", ["model", "ema"])
def test_the_detector_has_the_evaluation_weights_and_is_in_eval_mode(which):
    saved = checkpoint(eval_weights=which)
    detector = detector_from(saved)
    assert not detector.training
    expected = saved.weights if which == "model" else saved.ema
    assert all(torch.equal(tensor, expected[name]) for name, tensor in detector.state_dict().items())


def test_an_unknown_architecture_is_refused_by_name():
    config = {**CONFIG.model_dump(mode="json"), "num_queries": "many"}
    with pytest.raises(InputError) as caught:
        detector_from(checkpoint(model_config=config))
    assert str(caught.value).startswith(
        "runs/exp/checkpoints/best.pt: YZ454 checkpoint of an architecture this code does not know: model.num_queries: "
    )


def test_the_refusal_lists_every_tensor_and_changes_nothing():
    module = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    tensors = {
        "0.weight": torch.zeros(4, 2),
        "0.bias": torch.zeros(3, dtype=torch.float64),
        "1.weight": torch.zeros(1, 3),
        "2.weight": torch.zeros(1),
        "2.bias": torch.zeros(1),
    }
    with pytest.raises(InputError) as caught:
        load_exactly(module, tensors, where="best.pt")
    fix = "\n  fix: load it into the architecture it was trained with"
    assert str(caught.value) == (
        f"best.pt: YZ455 1 tensor is missing: 1.bias{fix}\n"
        f"best.pt: YZ455 2 tensors are unexpected: 2.weight, 2.bias{fix}\n"
        "best.pt: YZ455 2 tensors are of another shape or type: "
        "0.weight (float32 [4, 2] in the file, float32 [3, 2] in the detector), "
        f"0.bias (float64 [3] in the file, float32 [3] in the detector){fix}"
    )
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_a_reconstruction_head_comes_back_with_what_it_knows():
    from yolozu.contract.sections.train import MimSection
    from yolozu.contract.sections.trained_model import with_additions

    mim = MimSection(enable_mim=True, mim_mask_prob=0.3, mim_patch_size=32)
    config = with_additions(CONFIG, mim, fill=(0.25, 0.5, 0.75))
    torch.manual_seed(1)
    weights = build_detector(config, num_classes=2).state_dict()
    saved = checkpoint(model_config=config.model_dump(mode="json"), weights=weights, ema=None)
    detector = detector_from(saved)
    head = detector.reconstruction
    assert (head.mask_prob, head.patch_size, head.fill_3) == (0.3, 32, (0.25, 0.5, 0.75))
    assert all(torch.equal(tensor, weights[name]) for name, tensor in detector.state_dict().items())
    assert detector_from(checkpoint()).reconstruction is None


def test_adapters_are_known_by_the_weights_and_described_by_the_architecture():
    adapted = random_checkpoint(0, config=LORA_CONFIG)
    assert adapters_of(adapted) == LORA_CONFIG.lora
    assert adapters_of(random_checkpoint(0)) is None
    assert detector_from(adapted).state_dict().keys() == adapted.weights.keys()
    with pytest.raises(InputError) as caught:
        adapters_of(replace(adapted, model_config={**adapted.model_config, "lora": None}))
    assert str(caught.value) == (
        "checkpoint: YZ454 checkpoint of an architecture this code does not know: model.lora: its weights have "
        "adapters\n"
        "  fix: use the yolozu that wrote it, or train again"
    )

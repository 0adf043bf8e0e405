"""A detector of a few thousand parameters, and a batch for it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.model.detector import Detector, build_detector
from yolozu.structures.targets import Targets

NUM_CLASSES = 3
CONFIG = {
    "backbone": {"name": "tiny_cnn", "args": {"width_mult": 0.5}},
    "projector": {"d_model": 32},
    "encoder": {"num_heads": 4, "ffn_dim": 48, "expansion": 0.5, "fusion_blocks": 1},
    "decoder": {"num_layers": 3, "num_heads": 4, "num_points": 2, "ffn_dim": 48},
    "denoising": {"num_queries": 4},
    "num_queries": 10,
    "anchor_size": 0.1,
}


def tiny_detector(*, seed: int = 0, **changes: object) -> Detector:
    """A detector with weights from ``seed``; ``changes`` replace top-level keys of the model."""
    torch.manual_seed(seed)
    return build_detector(TrainedModelConfig.model_validate({**CONFIG, **changes}), num_classes=NUM_CLASSES)


def scattered(module: nn.Module, *, seed: int = 0) -> None:
    """Give all weights (those that start at zero too) and statistics values as after training."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        width = parameter[0].numel() if parameter.dim() > 1 else 25
        noise = torch.randn(parameter.shape, generator=generator) / width**0.5
        parameter.data.copy_(noise + (1.0 if "norm" in name and name.endswith("weight") else 0.0))
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.copy_(torch.randn(norm.num_features, generator=generator) * 0.1)
            norm.running_var.copy_(torch.rand(norm.num_features, generator=generator) + 0.5)


def images(batch: int = 2, height: int = 64, width: int = 96, *, seed: int = 1) -> Tensor:
    """Preprocessed images of noise."""
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(seed))


def targets(*counts: int, seed: int = 2) -> Targets:
    """Images with so many objects at random places, padded to the most."""
    generator = torch.Generator().manual_seed(seed)
    most = max(counts)
    valid = torch.arange(most)[None] < torch.tensor(counts)[:, None]
    centers = torch.rand(len(counts), most, 2, generator=generator) * 0.5 + 0.25
    sizes = torch.rand(len(counts), most, 2, generator=generator) * 0.3 + 0.1
    labels = torch.randint(0, NUM_CLASSES, (len(counts), most), generator=generator)
    return Targets(labels * valid, torch.cat([centers, sizes], dim=-1) * valid[..., None], valid)

"""Feature extractors, by the name in ``model.backbone.name``."""

from yolozu.registry import Registry

BACKBONES = Registry(
    "backbone",
    {
        "convnext_tiny": "yolozu.model.backbones.convnext:ConvNeXt",
        "cspdarknet_s": "yolozu.model.backbones.cspdarknet:CspDarknet",
        "cspresnet": "yolozu.model.backbones.cspresnet:CspResNet",
        "resnet101_vd": "yolozu.model.backbones.resnet_vd:ResNet101Vd",
        "resnet18_vd": "yolozu.model.backbones.resnet_vd:ResNet18Vd",
        "resnet34_vd": "yolozu.model.backbones.resnet_vd:ResNet34Vd",
        "resnet50": "yolozu.model.backbones.resnet:ResNet50",
        "resnet50_vd": "yolozu.model.backbones.resnet_vd:ResNet50Vd",
        "tiny_cnn": "yolozu.model.backbones.tiny_cnn:TinyCnn",
    },
)

NORM_BY_DESIGN = frozenset({"convnext_tiny"})
"""Backbones whose normalization is part of their design, so that ``model.backbone.norm`` has no effect on them."""

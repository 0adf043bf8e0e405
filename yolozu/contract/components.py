"""Components that a contract chooses by name: name -> where its code lives, as ``module:attribute``.

A name a user may write is vocabulary, so the tables are here, below all code they point to; the registries of the
layers above read them. A new component is its file and its line here.
"""

BACKBONES = {
    "convnext_tiny": "yolozu.model.backbones.convnext:ConvNeXt",
    "cspdarknet_s": "yolozu.model.backbones.cspdarknet:CspDarknet",
    "cspresnet": "yolozu.model.backbones.cspresnet:CspResNet",
    "resnet101_vd": "yolozu.model.backbones.resnet_vd:ResNet101Vd",
    "resnet18_vd": "yolozu.model.backbones.resnet_vd:ResNet18Vd",
    "resnet34_vd": "yolozu.model.backbones.resnet_vd:ResNet34Vd",
    "resnet50": "yolozu.model.backbones.resnet:ResNet50",
    "resnet50_vd": "yolozu.model.backbones.resnet_vd:ResNet50Vd",
    "tiny_cnn": "yolozu.model.backbones.tiny_cnn:TinyCnn",
}
"""What ``model.backbone.name`` offers."""

NORM_BY_DESIGN = frozenset({"convnext_tiny"})
"""Backbones whose normalization is part of their design, so that ``model.backbone.norm`` has no effect on them."""

"""Feature extractors, by the name in ``model.backbone.name``."""

from yolozu.registry import Registry

BACKBONES = Registry(
    "backbone",
    {
        "cspdarknet_s": "yolozu.model.backbones.cspdarknet:CspDarknet",
        "cspresnet": "yolozu.model.backbones.cspresnet:CspResNet",
        "tiny_cnn": "yolozu.model.backbones.tiny_cnn:TinyCnn",
    },
)
